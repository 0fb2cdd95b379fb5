"""The bridge to a Dask scheduler, without one."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import dask


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "distributed", types.ModuleType("distributed"))
    monkeypatch.delitem(sys.modules, "jupyter_aml.compute.dask.bridge", raising=False)
    monkeypatch.delattr(dask, "bridge", raising=False)
    from jupyter_aml.compute.dask import bridge

    monkeypatch.delitem(sys.modules, "jupyter_aml.compute.dask.bridge")
    return bridge


class Failed:
    status = "error"

    def exception(self) -> Exception:
        return ValueError("no")


def test_a_job_that_is_taken_back_while_it_fails_does_not_end_the_bridge(
    bridge: Any, tmp_path: Path
) -> None:
    ours = bridge._Bridge(str(tmp_path), 60.0, None)
    ours._futures["a.1.json"] = Failed()

    ours._over("a.1.json", Failed())

    assert ours._futures == {}


def test_the_bridge_waits_for_an_engine_as_long_as_it_was_told_last(
    bridge: Any, tmp_path: Path
) -> None:
    ours = bridge._Bridge(str(tmp_path), 60.0, None)
    before = ours._patience()

    (tmp_path / "idle").write_text("2000.0")

    assert (before, ours._patience()) == (60.0, 2000.0)
