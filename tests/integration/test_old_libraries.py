"""A run of an old script: what its libraries have lost answers, unless that is switched off."""

from __future__ import annotations

from pathlib import Path

from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace

SCRIPT = "import numpy as np\nprint('sum', np.array([1, 2], dtype=np.float).sum())\n"


def test_a_removed_name_answers_in_a_run_and_the_log_says_so(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(SCRIPT)
    config = ScriptRunConfig(str(tmp_path), "old.py")

    run = Experiment(ws, "old").submit(config)
    run.wait_for_completion()

    log = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert "sum 3.0" in log
    assert log.count("jupyter_aml: numpy.float was removed: float answers") == 1


def test_a_run_can_be_without_it(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(SCRIPT)
    config = ScriptRunConfig(str(tmp_path), "old.py")
    config.run_config.environment_variables = {"AML_OLD_LIBRARIES": "0"}

    run = Experiment(ws, "old").submit(config)

    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
