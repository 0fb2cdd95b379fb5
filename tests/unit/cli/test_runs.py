"""The verbs that deal with runs, against a server in memory."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from jupyter_aml.cli import checking
from jupyter_aml.engine.settings import Settings
from jupyter_aml.testing.wires import a_series
from tests.unit.cli.conftest import Call
from tests.unit.magics.engine import FakeEngine


def test_options_may_stand_before_and_behind_the_experiment_and_all_else_is_the_scripts(
    call: Call, engine: FakeEngine
) -> None:
    Path("train.py").write_text("print('x')")

    done = call("submit", "-n", "one", "digits", "-p", "rate=1e-3", "train.py", "-n", "2", "--x=3")

    body = engine.submitted[0]
    assert (done.code, done.out.strip()) == (0, body["runId"])
    assert (body["experiment"], body["displayName"]) == ("digits", "one")
    assert body["arguments"] == ["-n", "2", "--x=3", "--rate", "0.001"]
    assert body["parameters"] == {"rate": 0.001}
    assert body["source"] == {"files": {"train.py": "print('x')"}}
    assert "--wait goes to train.py" in call("submit", "train.py", "--wait").err


def test_a_folder_is_sent_with_its_only_script(call: Call, engine: FakeEngine) -> None:
    Path("code").mkdir()
    Path("code/fit.py").write_text("import helpers")

    assert call("submit", "--source", "code").code == 0

    body = engine.submitted[0]
    assert (body["experiment"], body["script"]) == ("fit", "fit.py")
    assert body["source"] == {"directory": str(Path("code").absolute())}


def test_a_script_from_stdin_is_a_cell_with_variables(
    call: Call, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"print(rate)")))

    assert call("submit", "-p", "rate=2", "trial", "-").code == 0

    assert engine.submitted[0]["source"]["files"] == {"cell.py": "print(rate)"}
    assert engine.submitted[0]["parameters"] == {"rate": 2}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["nosuch.py"], 1, "cannot read nosuch.py: No such file or directory\n"),
        (["fien.py"], 1, "cannot read fien.py: No such file or directory; did you mean 'fine.py'?"),
        (["fien.ipynb"], 1, "/fine.ipynb'?"),
        (["numpy"], 1, "numpy is a folder: name its script, and send it with --source numpy"),
        (["beside.py"], 1, "imports 'helpers' from its folder"),
        (["-e", "a", "--pip", "b", "fine.py"], 1, "exclude each other"),
        (["-p", "rate=1", "-p", "rate=2", "fine.py"], 1, "-p rate=... is given twice"),
        (["-p", "1x=1", "fine.py"], 2, "cannot be a name"),
        (["--timeout", "soon", "fine.py"], 2, "is not a time limit"),
        ([], 2, "name a script"),
        (["digits"], 1, "there is no script or notebook 'digits'"),
        (["--source", "."], 1, "name the script of '.'"),
        (["trial", "-", "-p", "x=1"], 1, "write options before the `-`"),
    ],
)
def test_what_cannot_be_sent_is_told_before_anything_is_sent(
    call: Call, engine: FakeEngine, words: list[str], code: int, told: str
) -> None:
    Path("fine.py").write_text("pass")
    Path("fine.ipynb").write_text("{}")
    Path("helpers.py").write_text("pass")
    Path("beside.py").write_text("import helpers")
    Path("numpy").mkdir()

    done = call("submit", *words)

    assert (done.code, done.out, engine.submitted) == (code, "", [])
    assert told in done.err


def test_a_folder_that_is_called_like_a_package_keeps_no_script_from_being_sent(
    call: Call, engine: FakeEngine
) -> None:
    """Python takes a package that is installed before a folder without `__init__.py`."""
    for folder in ("numpy", "data", "mine", "pkg"):
        Path(folder).mkdir()
    Path("numpy/train.csv").touch()
    Path("pytest").mkdir()
    Path("pytest/notes.py").touch()
    Path("mine/a.py").touch()
    Path("pkg/__init__.py").touch()
    Path("train.py").write_text(
        "import numpy, pytest, data\ntry:\n    import pkg\nexcept ImportError: ..."
    )
    Path("needs.py").write_text("import mine, pkg")

    sent, refused = call("submit", "train.py"), call("submit", "needs.py")

    assert (sent.code, len(engine.submitted)) == (0, 1)
    assert "imports 'mine', 'pkg' from its folder" in refused.err


@pytest.mark.parametrize(
    ("script", "experiment"),
    [("my train.py", "my-train"), ("_v1.2.py", "v1.2"), ("训练.py", "script"), ("a.b.py", "a.b")],
)
def test_the_default_experiment_is_the_scripts_name_cleaned_as_the_magics_do(
    call: Call, engine: FakeEngine, script: str, experiment: str
) -> None:
    Path(script).write_text("print(1)")

    assert call("submit", script).code == 0

    assert engine.submitted[0]["experiment"] == experiment


def test_the_folder_names_the_experiment_of_a_script_from_stdin(
    call: Call, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "my work (2)").mkdir()
    monkeypatch.chdir(tmp_path / "my work (2)")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"print(1)")))

    assert call("submit", "-").code == 0

    assert engine.submitted[0]["experiment"] == "my-work-2"


def test_a_notebook_is_sent_with_its_parameters(call: Call, engine: FakeEngine) -> None:
    Path("train.ipynb").write_text(json.dumps({"cells": [], "metadata": {}}))

    assert call("submit", "-p", "rate=0.1", "train.ipynb").code == 0

    assert engine.submitted[0]["parameters"] == {"rate": 0.1}
    assert engine.submitted[0]["job"]["command"][1] == "jupyter_aml.sdk.notebook_runner"


def test_a_module_of_pythonpath_is_told_before_a_script_is_sent(
    call: Call, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("lib").mkdir()
    Path("lib/teamlib.py").write_text("W = 5")
    Path("use.py").write_text("import teamlib")
    monkeypatch.setenv("PYTHONPATH", str(Path("lib").absolute()))
    monkeypatch.syspath_prepend(Path("lib").absolute())

    done = call("submit", "use.py")

    assert done.code == 0
    assert "'teamlib' comes from" in done.err and "keep_pythonpath" in done.err


def test_runs_are_named_by_number_by_beginning_and_as_the_last(
    call: Call, engine: FakeEngine
) -> None:
    engine.add(experiment="digits", runId="digits_1_aaa", status="Completed")
    engine.add(experiment="digits", runId="digits_2_bbb", status="Failed")

    for name in ("digits#2", "digits_2", "digits#last", "last", "#2"):
        found = call("show", "--json", name)
        assert json.loads(found.out)["runId"] == "digits_2_bbb", name
    both = call("show", "digits")
    assert both.code == 1 and "is the beginning of 2 runs" in both.err
    assert call("wait", "digits#1", "last").code == 3


def test_what_a_run_took_of_its_machine_has_its_units(call: Call, engine: FakeEngine) -> None:
    engine.add(experiment="digits", runId="digits_1_aaa", status="Completed")
    held = {"cpu": 98.5, "memory": 4.1e8, "disk write": 2e3, "loss": 0.25}
    engine.series = {name: a_series(value) for name, value in held.items()}

    taken = call("metrics", "last", "--system").out.splitlines()

    assert taken[1].split() == ["cpu", "1", *["98.5", "%"] * 3]
    assert taken[2].split() == ["memory", "1", *["410.0", "MB"] * 3]
    assert taken[3].split() == ["disk", "write", "1", *["2.0", "kB/s"] * 3]
    assert call("metrics", "last").out.splitlines()[4].split() == ["loss", "1", *["0.25"] * 3]


def test_a_metric_that_is_called_like_a_formula_is_a_word_in_csv(
    call: Call, engine: FakeEngine
) -> None:
    engine.add(experiment="digits", runId="digits_1_aaa", status="Completed")
    engine.series = {"=1+1": a_series(-0.5)}

    points = call("metrics", "last", "--csv").out.splitlines()

    assert points[1].startswith("'=1+1,") and points[1].endswith(",-0.5")


def test_points_are_either_csv_or_json(call: Call, engine: FakeEngine) -> None:
    engine.add(experiment="digits", runId="digits_1_aaa", status="Completed")

    done = call("metrics", "last", "--csv", "--json")

    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("metrics: error: --csv and --json exclude each other\n")
    assert call("metrics", "last", "--json").code == 0


def test_settings_are_written_whole_and_wrong_names_are_told(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "settings"))
    assert call("config", "set", "max_runs", "3").code == 0
    assert call("config", "set", "max_runs", "0").code == 1
    assert call("config", "set", "max_run", "3").err.endswith(
        "did you mean max_runs or max_run_memory?\n"
    )
    assert call("config", "get", "max_runs").out == "3\n"
    path = tmp_path / "settings" / "jupyter_aml_config.json"
    assert json.loads(path.read_text()) == {"AmlConfig": {"max_runs": 3}}
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text('{"AmlConfig": {"strickt": true}}')
    told = json.loads(call("config", "--json").out)
    assert told["mistakes"][0].endswith("AmlConfig.strickt; did you mean strict?")
    path.write_text('{"AmlConfig')
    broken = call("doctor")
    assert broken.code == 1 and broken.out.startswith(f"fail  settings: {path} cannot be read")
    assert broken.err == ""


def test_an_azureml_that_goes_before_ours_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "azureml").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    settings = Settings(root=tmp_path / "root")
    assert checking.alias(settings).state == "ok"

    (tmp_path / "azureml" / "__init__.py").touch()
    found = checking.alias(settings)

    assert found.state == "warn"
    assert str(tmp_path / "azureml" / "__init__.py") in found.told
