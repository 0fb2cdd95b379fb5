"""`--json` of every verb of `jupyter aml`: one JSON value on stdout, or one a line."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.cli import VERBS
from jupyter_aml.sdk.core import Dataset, Workspace
from jupyter_aml.testing.engines import end_engine
from tests.index import serving

DEADLINE = 120.0
COMMANDS: tuple[tuple[str, list[str]], ...] = (
    ("workspace create", ["other", "-t", "team=a"]),
    ("workspace ls", []),
    ("workspace rm", ["other", "--yes"]),
    ("submit", ["--wait", "digits", "train.py"]),
    ("submit", ["--dry-run", "digits", "train.py"]),
    ("submit", ["--follow", "digits", "train.py"]),
    ("ls", []),
    ("ls", ["-q"]),
    ("ls", ["-q", "status:failed"]),
    ("show", ["digits#1"]),
    ("wait", ["digits#1", "digits#2"]),
    ("cancel", ["digits#1"]),
    ("metrics", ["digits#1"]),
    ("metrics", ["digits#1", "loss"]),
    ("files", ["digits#1"]),
    ("files", ["digits#1", "get", "outputs/model.txt", "model.txt"]),
    ("compare", ["digits#1", "digits#2"]),
    ("compare", ["--diff", "digits#1", "digits#2"]),
    ("export", ["digits#1", "there", "--format", "csv"]),
    ("register", ["digits#1", "outputs/model.txt", "--model", "digits"]),
    ("compute kinds", []),
    ("compute kinds", ["slurm"]),
    ("compute create", ["aks", "--kind", "aks"]),
    ("compute attach", ["batch", "--kind", "batch", "-s", "account_name=a"]),
    ("compute ls", []),
    ("compute show", ["aks"]),
    ("compute check", ["aks"]),
    ("compute scale", ["aks", "--max", "3"]),
    ("compute stop", ["aks"]),
    ("compute start", ["aks"]),
    ("compute rm", ["aks", "--yes"]),
    ("models register", ["train.py", "--model", "digits"]),
    ("models ls", []),
    ("models show", ["digits:1"]),
    ("models alias", ["digits:1", "champion"]),
    ("models download", ["digits@champion", "there"]),
    ("models rm", ["digits:2", "--yes"]),
    ("models prune", ["--dry-run"]),
    ("data upload", ["points.csv", "workspaceblobstore:points"]),
    ("data ls", []),
    ("data ls", ["workspaceblobstore:points"]),
    ("data download", ["workspaceblobstore:points", "there"]),
    ("data sets", []),
    ("data show", ["points"]),
    ("data preview", ["points"]),
    ("data changes", ["points"]),
    ("data rm", ["points", "--yes"]),
    ("secret set", ["password"]),
    ("secret ls", []),
    ("secret rm", ["password"]),
    ("env add", ["needs.txt"]),
    ("env ls", []),
    ("env show", ["needs"]),
    ("env build", ["needs"]),
    ("env lock", ["needs"]),
    ("env diff", ["needs", "needs"]),
    ("kernel add", ["needs", "--name", "mine"]),
    ("kernel ls", []),
    ("kernel rm", ["KERNEL"]),
    ("kernel running", []),
    ("env rm", ["needs", "--yes"]),
    ("env prune", ["--older-than", "30d"]),
    ("prune", ["--older-than", "30d"]),
    ("rm", ["digits#1", "--yes"]),
    ("token create", ["robot"]),
    ("token ls", []),
    ("token rm", ["TOKEN"]),
    ("config", []),
    ("config", ["get", "max_runs"]),
    ("doctor", []),
)
HELD = {"KERNEL": ("kernel add", "spec"), "TOKEN": ("token create", "id")}
"""Words that stand for what an earlier answer held."""
ELSEWHERE = {"logs", "serve", "reindex", "kernel stop", "kernel log"}
"""Verbs that have a test of their own below; those of kernels on targets, with them."""


def leaves() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every verb with its parser, those below another with both words."""
    # What `run` becomes answers for itself, and `az` as its namesake did.
    for name in sorted(VERBS.keys() - {"az", "run"}):
        parser = argparse.ArgumentParser(name)
        import_module(f"jupyter_aml.cli.{name}").arguments(parser)
        below = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
        if not below:
            yield name, parser
        for inner, its in ((i, p) for each in below for i, p in each.choices.items()):
            yield f"{name} {inner}", its


@pytest.mark.parametrize(("verb", "parser"), list(leaves()), ids=[name for name, _ in leaves()])
def test_every_verb_takes_json(verb: str, parser: argparse.ArgumentParser) -> None:
    assert "--json" in parser._option_string_actions
    assert verb in {name for name, _ in COMMANDS} | ELSEWHERE


@pytest.fixture
def folder(
    jupyter_env: Mapping[str, str],
    aml_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """A folder with a script and requirements, which an index on loopback serves."""
    place = tmp_path / "work"
    place.mkdir()
    (place / "train.py").write_text(
        "import os\nfrom azureml.core import Run\nRun.get_context().log('loss', 0.5)\n"
        "os.makedirs('outputs', exist_ok=True)\nopen('outputs/model.txt', 'w').write('m')\n"
        "print('one')\nprint('two')\n"
    )
    (place / "needs.txt").write_text("hello\n")
    (place / "points.csv").write_text("x,y\n1,2\n")
    monkeypatch.chdir(place)
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        index.add("hello")
        yield place


def call(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_aml.cli", *words],
        input="what a secret is", capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or words[0] == "doctor", done.stderr
    return done.stdout


@pytest.mark.timeout(300)
def test_each_answer_is_one_json_value(folder: Path, aml_root: Path) -> None:
    answers: dict[str, Any] = {}

    Dataset.Tabular.from_delimited_files("points.csv").register(Workspace(), "points")
    for verb, words in COMMANDS:
        given = [answers[HELD[word][0]][HELD[word][1]] if word in HELD else word for word in words]
        answers[verb] = json.loads(call(*verb.split(), "--json", *given))

    assert [each["name"] for each in answers["workspace ls"]] == ["default", "other"]
    assert answers["workspace rm"] == {"name": "other", "runIds": []}
    assert answers["ls"] == []
    assert answers["env lock"]["packages"][0]["name"] == "hello"
    assert call("logs", "--json", "digits#2").count("\n") == 2
    lines = [json.loads(line) for line in call("logs", "-f", "--json", "last").splitlines()]
    assert [each["line"] for each in lines] == ["one", "two"]
    end_engine(aml_root)
    told = json.loads(call("reindex", "--json"))
    assert told == {"root": str(aml_root), "runs": 1, "leftOut": []}


def test_serve_says_as_json_who_answers(jupyter_env: Mapping[str, str], aml_root: Path) -> None:
    command = [sys.executable, "-m", "jupyter_aml.cli", "serve", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        told = json.loads(first.stdout.readline())
        second = json.loads(call("serve", "--json"))
        first.send_signal(signal.SIGTERM)
        rest = first.stdout.read()

    assert told["root"] == str(aml_root)
    assert (told["engine"]["pid"], told["engine"]["kind"]) == (first.pid, "headless")
    assert second == told
    assert rest == ""
