"""`python -m jupyter_aml run`: a script that somebody starts, with the names of SDK v1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import subprocess, sys
from azureml.core import Run
from azureml.core.compute_target import ComputeTargetException
print(sys.argv, __name__, ComputeTargetException.__module__, flush=True)
code = "from azureml.core.workspace import Workspace; print(Workspace.__module__)"
subprocess.run([sys.executable, "-c", code], check=True)
Run.get_context().log("rate", 0.5)
sys.exit(7)
"""


def call(*words: str, root: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_aml", *words]
    env = {**os.environ, "AML_ROOT": str(root)}
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False)


def test_a_script_and_what_it_starts_find_the_old_names(tmp_path: Path, aml_root: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)

    done = call("run", "train.py", "--rate", "0.1", root=aml_root, cwd=tmp_path)

    first, child, *logged = done.stdout.splitlines()
    assert first == "['train.py', '--rate', '0.1'] __main__ jupyter_aml.sdk.exceptions"
    assert child == "jupyter_aml.sdk.core.workspace"
    assert "rate" in " ".join(logged)
    assert (done.returncode, done.stderr) == (7, "")


def test_a_module_is_started_by_its_name(tmp_path: Path, aml_root: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)

    done = call("run", "-m", "train", "x", root=aml_root, cwd=tmp_path)

    assert done.returncode == 7
    assert f"['{tmp_path}/train.py', 'x']" in done.stdout


def test_a_script_that_is_not_there_is_one_line(tmp_path: Path, aml_root: Path) -> None:
    done = call("run", "none.py", root=aml_root, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (1, "jupyter aml: there is no script 'none.py'\n")
    assert not any(aml_root.iterdir())
