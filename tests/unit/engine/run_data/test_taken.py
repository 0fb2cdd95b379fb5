"""What became of the outputs of a run is done once, whenever the engine is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

from jupyter_aml.domain.run_data import Output, RunData
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data import kept
from jupyter_aml.engine.run_data.run_data import DataOfRuns
from jupyter_aml.testing.store_contracts import a_run


def test_what_was_kept_before_the_engine_was_killed_is_not_done_again(tmp_path: Path) -> None:
    nothing = cast("Any", None)
    run, root = a_run(), Root(tmp_path)
    root.folder(run).path.mkdir(parents=True)
    # The folder of results is gone already, and only the last move was not written.
    done = Output(name="o", mode="upload", place=str(root.folder(run).results / "o"), files=2,
                  dataset="made", version="3")  # fmt: skip
    kept.write(root.folder(run), RunData(outputs=(done,)))

    taken = asyncio.run(DataOfRuns(root, nothing, nothing).take(run, print, completed=True))

    assert (taken.warnings, dict(taken.properties)) == ((), {"aml.written.made": "3"})
