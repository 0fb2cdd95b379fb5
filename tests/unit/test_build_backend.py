"""Node.js is asked for where there is none that fits, and only there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "build_backend"


@pytest.fixture
def fit_node() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fit_node", FOLDER / "fit_node.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def a_node_that_says(text: str, folder: Path) -> Path:
    program = folder / "node"
    program.write_text(f"#!{sys.executable}\nprint({text!r})\n")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.12.0", "v24.19.0"])
def test_a_fit_node_is_used(fit_node, tmp_path, monkeypatch, version: str) -> None:
    monkeypatch.setenv("PATH", str(a_node_that_says(version, tmp_path)))

    assert fit_node.node_fits()


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.0", "v21.7.0", "v22.11.0", "", "nonsense"])
def test_an_unfit_node_is_not(fit_node, tmp_path, monkeypatch, version: str) -> None:
    monkeypatch.setenv("PATH", str(a_node_that_says(version, tmp_path)))

    assert not fit_node.node_fits()


def test_no_node_does_not_fit(fit_node, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not fit_node.node_fits()
