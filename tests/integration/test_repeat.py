"""A run once more: sent again as it was, as code to be edited, or not at all."""

from __future__ import annotations

import ast
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.magics.line import expand, parameter
from jupyter_aml.testing.engines import end_engine
from tests.conftest import a_root

SCRIPT = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
from azureml.core import Run
run = Run.get_context()
run.log("alpha", parser.parse_args().alpha)
run.log("executable", float(os.access("tool.sh", os.X_OK)))
"""
CELL = "print(alpha, 'é')\n"


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with a_root() as root:
        yield root
        end_engine(root)


@pytest.fixture(scope="module")
def client(root: Path) -> Client:
    return find(root)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "tool.sh").write_text("#!/bin/sh\n")
    (tmp_path / "tool.sh").chmod(0o755)
    return tmp_path


def of_folder(folder: Path, **fields: Any) -> dict[str, Any]:
    arguments = fields.pop("arguments", ["--alpha", "0.5"])
    job = {
        "command": ["train.py", *arguments], "interpreter": sys.executable, "target": "local",
        "environmentVariables": {"MODE": "fast"}, "timeout": 600.0,
    }  # fmt: skip
    return {
        "experiment": "again", "script": "train.py", "arguments": arguments, "job": job,
        "source": {"directory": str(folder)}, **fields,
    }  # fmt: skip


def of_cell(**fields: Any) -> dict[str, Any]:
    job = {
        "command": ["-m", "jupyter_aml.sdk.cell_runner", "cell.py"], "interpreter": sys.executable,
        "target": "local", "lineOffset": 1, "timeout": 90.0,
    }  # fmt: skip
    source = {"files": {"cell.py": CELL}}
    return {"experiment": "cells", "script": "cell.py", "job": job, "source": source, **fields}


def ended(client: Client, run: Any) -> Any:
    while client.runs.get(run["runId"])["endedAt"] is None:
        client.runs.look(run["runId"])
    return client.runs.get(run["runId"])


def test_a_run_is_sent_once_more_from_what_was_kept(client: Client, folder: Path) -> None:
    body = of_folder(folder, tags={"of": "ada"}, displayName="first", properties={"own": "1"})
    first = ended(client, client.runs.submit(body))
    assert first["status"] == "Completed", first["error"]
    shutil.rmtree(folder)

    again = client.runs.retry(first["runId"], {"parameters": {"alpha": 0.25}, "runId": "mine_1"})
    assert client.runs.retry(first["runId"], {"runId": "mine_1"})["runId"] == again["runId"]
    end = ended(client, again)

    assert (end["status"], end["metrics"]) == ("Completed", {"alpha": 0.25, "executable": 1.0})
    assert (end["number"], end["snapshotId"]) == (first["number"] + 1, first["snapshotId"])
    assert end["arguments"] == ["--alpha", "0.25"]
    assert (end["tags"], end["displayName"]) == ({"of": "ada"}, "first")
    assert end["properties"]["aml.retry_of"] == first["runId"]
    assert "own" not in end["properties"]
    there = client.runs.snapshot(first["runId"]), client.runs.snapshot(end["runId"])
    assert there[0] == there[1]
    assert client.runs.facts(end["runId"])["host"] == client.runs.facts(first["runId"])["host"]


def test_a_parameter_that_the_run_does_not_have_is_told_with_the_nearest(client: Client) -> None:
    run = ended(client, client.runs.submit(of_cell(parameters={"alpha": 1})))

    with pytest.raises(Invalid, match="no parameter 'alhpa'; did you mean 'alpha'"):
        client.runs.retry(run["runId"], {"parameters": {"alhpa": 2}})
    with pytest.raises(Invalid, match="'tags' of a repeated run"):
        client.runs.retry(run["runId"], {"tags": {}})
    with pytest.raises(NotFound):
        client.runs.retry("nobody", {})
    end = ended(client, client.runs.retry(run["runId"], {"parameters": {"alpha": [1, "x"]}}))
    assert end["parameters"] == {"alpha": [1, "x"]}
    assert client.runs.log(end["runId"], "user_logs/std_log.txt").data == "[1, 'x'] é\n".encode()


def test_an_option_that_stands_without_a_value_gets_none(client: Client, folder: Path) -> None:
    (folder / "train.py").write_text("import sys; print(sys.argv)")
    words = ["--fast", "--alpha", "0.5", "--quiet"]
    run = client.runs.submit(of_folder(folder, arguments=words))
    for name in ("fast", "quiet"):
        with pytest.raises(Invalid, match=f"--{name} of run .* stands without a value"):
            client.runs.retry(run["runId"], {"parameters": {name: True}})

    again = client.runs.retry(run["runId"], {"parameters": {"alpha": -1}})
    assert again["arguments"] == ["--fast", "--alpha", "-1", "--quiet"]
    ended(client, again)


def test_a_list_takes_the_place_of_the_several_words_behind_an_option(
    client: Client, folder: Path
) -> None:
    (folder / "train.py").write_text("")
    run = client.runs.submit(of_folder(folder, arguments=["--layers", "10", "20", "--rate", "1"]))

    again = client.runs.retry(run["runId"], {"parameters": {"layers": [5, 6, 7], "rate": [1, 2]}})

    assert again["arguments"] == ["--layers", "5", "6", "7", "--rate", "[1, 2]"]
    ended(client, again)


def test_what_logged_from_a_notebook_cannot_be_repeated(client: Client) -> None:
    run = client.runs.submit({"experiment": "again", "type": "azureml.interactive"})

    with pytest.raises(Invalid, match="no script to repeat"):
        client.runs.retry(run["runId"], {})
    with pytest.raises(Invalid, match="no script to repeat"):
        client.runs.cell(run["runId"])
    client.runs.cancel(run["runId"])


def test_a_command_comes_back_as_it_was_and_takes_no_parameters(client: Client) -> None:
    line = "echo $HOME; echo --alpha 0.5"
    job = {"command": ["/bin/sh", "-c", line], "target": "local"}
    run = ended(
        client, client.runs.submit({"experiment": "again", "job": job, "arguments": ["--alpha"]})
    )

    with pytest.raises(Invalid, match="no parameter 'alpha'; it has none"):
        client.runs.retry(run["runId"], {"parameters": {"alpha": 1}})
    end = ended(client, client.runs.retry(run["runId"], {"displayName": "once more"}))

    assert (end["status"], end["displayName"]) == ("Completed", "once more")
    assert f"    command={line!r}," in client.runs.cell(end["runId"])["text"]


def test_where_nothing_has_changed_the_run_there_is_the_answer(
    client: Client, folder: Path
) -> None:
    asked = {**of_folder(folder), "experiment": "unchanged", "ifChanged": True}
    first = ended(client, client.runs.submit(asked))
    other = of_folder(folder, arguments=["--alpha", "1"])
    second = ended(client, client.runs.submit({**asked, **other, "experiment": "unchanged"}))
    assert second["runId"] != first["runId"]

    assert client.runs.submit({**asked, "runId": "never_made"}) == first
    assert (
        client.runs.submit({**asked, **other, "experiment": "unchanged"})["runId"]
        == second["runId"]
    )

    (folder / "train.py").write_text(SCRIPT + "raise SystemExit(3)\n")
    failed = ended(client, client.runs.submit(asked))
    assert failed["status"] == "Failed"
    assert ended(client, client.runs.submit(asked))["runId"] not in (
        first["runId"],
        failed["runId"],
    )
    with pytest.raises(NotFound):
        client.runs.get("never_made")


def test_a_cell_comes_back_as_the_cell_that_it_was(client: Client) -> None:
    given = {"alpha": 0.5, "kind": "1e-3", "plain": "ridge", "text": "a $b\n'c'", "many": [1, None]}
    tags = {"of": "it's $5", "-odd": "x"}
    body = of_cell(parameters=given, tags=tags, displayName="-n $x", description="two\nlines")
    run = client.runs.submit(body)

    line, code = client.runs.cell(run["runId"])["text"].split("\n", 1)

    assert code == CELL
    words = shlex.split(line)
    assert words[:3] == ["%%aml", "submit", "cells"]
    assert "--name=-n $$x" in words
    assert words[words.index("-d") + 1] == "two lines"
    assert words[words.index("--timeout") + 1] == "90s"
    # As the magic reads them.
    pairs = [words[place + 1] for place, word in enumerate(words) if word == "-p"]
    assert dict(parameter(pair, {}) for pair in pairs) == given
    tag = words[words.index("-t") + 1]
    assert expand(tag, {}) == "of=it's $5"
    assert "--tag=-odd=x" in words
    ended(client, run)


def test_a_run_is_repeated_in_the_version_of_the_environment_that_it_had(
    client: Client, folder: Path
) -> None:
    definition = {
        "name": "own",
        "python": {"userManagedDependencies": True, "interpreterPath": sys.executable},
    }
    first = ended(client, client.runs.submit(of_folder(folder, environment=definition)))
    newer = {**definition, "environmentVariables": {"A": "1"}}
    assert client.environments.add({"definition": newer})["version"] == "2"

    again = ended(client, client.runs.retry(first["runId"], {}))
    cell = client.runs.submit(of_cell(environment=definition, parameters={"alpha": 1}))

    assert first["job"]["environment"] == again["job"]["environment"] == "own:1"
    assert again["status"] == "Completed"
    assert " -e own:1 " in client.runs.cell(cell["runId"])["text"]
    text = client.runs.cell(first["runId"])["text"]
    assert "environment=Environment.get(workspace, 'own', '1')," in text
    asked = of_folder(folder, environment=definition, ifChanged=True)
    assert client.runs.submit(asked)["runId"] == again["runId"]
    assert client.runs.submit({**asked, "environment": newer})["runId"] != again["runId"]
    ended(client, cell)


def test_any_other_run_comes_back_as_python_that_sends_it(
    client: Client, folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AML_ROOT", str(root))
    first = ended(
        client, client.runs.submit(of_folder(folder, tags={"of": "ada"}, displayName="one"))
    )
    text = client.runs.cell(first["runId"])["text"]
    assert f"source_directory={str(folder)!r}" in text
    shutil.rmtree(folder)
    lost = client.runs.cell(first["runId"])["text"]
    assert "restore_snapshot" in lost

    monkeypatch.chdir(folder.parent)
    names: dict[str, Any] = {}
    exec(compile(ast.parse(lost), "cell", "exec"), names)
    end = ended(client, names["run"].seen)

    assert (end["status"], end["arguments"]) == ("Completed", ["--alpha", "0.5"])
    assert (end["experiment"], end["tags"], end["displayName"]) == ("again", {"of": "ada"}, "one")
    assert end["job"]["environmentVariables"]["MODE"] == "fast"
    assert end["job"]["timeout"] == 600.0
