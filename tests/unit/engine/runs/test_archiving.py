"""A zip file is sent while it is made."""

from __future__ import annotations

from pathlib import Path

from jupyter_aml.engine.runs.archiving import archive
from jupyter_aml.runfolder.layout import RunFolder

MB = 1 << 20


def test_what_packs_to_almost_nothing_comes_piece_by_piece(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    outputs = folder.work / "outputs"
    outputs.mkdir(parents=True)
    with (outputs / "zeros").open("wb") as file:
        file.truncate(32 * MB)

    pieces = [piece for piece in archive(folder, "outputs") if piece]

    # Its reader would wait without a word for all 32 MB, as they are 0.1 MB when packed.
    assert len(pieces) >= 4
    assert max(map(len, pieces)) < MB
