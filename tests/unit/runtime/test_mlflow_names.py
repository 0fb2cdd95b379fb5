"""What MLflow finds of us in runs and kernels, where nothing of ours is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import jupyter_aml
from jupyter_aml.runtime import travelling
from jupyter_aml.runtime.runtime import ensure_runtime

ASK = """
import json, sys
from importlib.metadata import entry_points, version
points = {group: [point.load().__module__ for point in entry_points(group=group)]
          for group in sys.argv[1:]}
before = [name for name in sys.modules if name.split(".")[0] in ("jupyter_aml", "mlflow")]
import jupyter_aml_mlflow
ours = jupyter_aml_mlflow._ours().__file__
told = {"points": points, "version": version("jupyter-aml-mlflow"), "before": before, "ours": ours}
print(json.dumps(told))
"""


def test_the_distribution_in_the_path_of_runs_is_found_and_costs_nothing(tmp_path: Path) -> None:
    lib, alias = ensure_runtime(tmp_path).pythonpath

    done = subprocess.run(
        [sys.executable, "-S", "-c", ASK, *groups()], env={**os.environ, "PYTHONPATH": str(alias)},
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip

    seen = json.loads(done.stdout)
    assert seen["points"] == {group: ["jupyter_aml_mlflow"] for group in groups()}
    assert seen["version"] == jupyter_aml.__version__
    assert seen["before"] == []
    assert seen["ours"].startswith(str(lib))


def test_what_is_installed_has_the_same_entry_points() -> None:
    project = Path(jupyter_aml.__file__).parent.parent / "pyproject.toml"
    installed = tomllib.loads(project.read_text())["project"]["entry-points"]

    for group, points in groups().items():
        assert installed[group].keys() == points.keys()
    assert {group for group in installed if group.startswith("mlflow.")} == groups().keys()


def groups() -> dict[str, dict[str, str]]:
    parser = ConfigParser()
    parser.read_string(travelling.ENTRY_POINTS)
    return {section: dict(parser[section]) for section in parser.sections()}
