"""A table of what may become of a root and of a claim, and what each is told to be."""

from __future__ import annotations

import pytest

from jupyter_aml.domain.identity import (
    UNSEEN,
    Identity,
    Origin,
    Place,
    Whose,
    is_of,
    origin,
    whose,
)

HERE = Place(7, 100, "m1")
WRITTEN = Identity("token", HERE, "/root")


@pytest.mark.parametrize(
    ("case", "written", "here", "path", "elsewhere", "expected"),
    [
        ("never opened", None, HERE, "/root", None, Origin.NEW),
        ("nothing happened", WRITTEN, HERE, "/root", "token", Origin.SAME),
        ("mv on one disk", WRITTEN, HERE, "/moved", None, Origin.SAME),
        ("mv, and another root in its old place", WRITTEN, HERE, "/moved", "other", Origin.SAME),
        ("bind mount", WRITTEN, HERE, "/bound", "token", Origin.SAME),
        ("new device numbers after a restart", WRITTEN, Place(9, 100, "m1"), "/root", "token",
         Origin.SAME),
        ("a shared disk on another machine", WRITTEN, Place(9, 100, "m2"), "/root", "token",
         Origin.SAME),
        ("cp -a", WRITTEN, Place(7, 200, "m1"), "/copy", "token", Origin.COPIED),
        ("cp -a to another disk", WRITTEN, Place(8, 200, "m1"), "/copy", "token", Origin.COPIED),
        ("a snapshot of the file system", WRITTEN, Place(8, 100, "m1"), "/snap", "token",
         Origin.COPIED),
        ("cp -a of a root that nobody may look at", WRITTEN, Place(7, 200, "m1"), "/copy", UNSEEN,
         Origin.COPIED),
        ("rsync to another machine", WRITTEN, Place(7, 200, "m2"), "/root", None, Origin.COPIED),
        ("rsync to another place of another machine", WRITTEN, Place(7, 100, "m2"), "/copy", None,
         Origin.COPIED),
        ("mv to another disk", WRITTEN, Place(8, 200, "m1"), "/moved", None, Origin.MOVED),
        ("mv to another disk, another root in its old place", WRITTEN, Place(8, 200, "m1"),
         "/moved", "other", Origin.MOVED),
        ("restored in its place", WRITTEN, Place(7, 200, "m1"), "/root", "token", Origin.MOVED),
    ],
)  # fmt: skip
def test_a_root_is_told_from_its_copies(
    case: str,
    written: Identity | None,
    here: Place,
    path: str,
    elsewhere: object,
    expected: Origin,
) -> None:
    assert origin(written, here, path, elsewhere) is expected, case


CLAIM = {"pid": 5, "start": "9", "boot": "b1", "root": "token", "file": [7, 300]}
FILE = Place(7, 300)


@pytest.mark.parametrize(
    ("case", "claim", "root", "file", "boot", "expected"),
    [
        ("as it was made", CLAIM, "token", FILE, "b1", Whose.OURS),
        ("of a job without a root", {**CLAIM, "root": ""}, "token", FILE, "b1", Whose.OURS),
        ("of a root without a token", CLAIM, "", FILE, "b1", Whose.OURS),
        ("after a restart", CLAIM, "token", FILE, "b2", Whose.ELSEWHERE),
        ("another machine, copied", CLAIM, "other", Place(1, 1), "b2", Whose.ELSEWHERE),
        ("copied into another root", CLAIM, "other", FILE, "b1", Whose.COPIED),
        ("cp -a", CLAIM, "token", Place(7, 301), "b1", Whose.COPIED),
        ("cp -a to another disk", CLAIM, "token", Place(8, 300), "b1", Whose.COPIED),
        ("cp -al: one file, two roots", CLAIM, "other", FILE, "b1", Whose.COPIED),
        ("of an earlier version", {"pid": 5, "start": "9", "boot": "b1"}, "token", FILE, "b1",
         Whose.UNSAID),
        ("unreadable", {}, "token", FILE, "", Whose.UNSAID),
    ],
)  # fmt: skip
def test_a_claim_is_told_from_its_copies(
    case: str,
    claim: dict[str, object],
    root: str,
    file: Place | None,
    boot: str,
    expected: Whose,
) -> None:
    assert whose(claim, root=root, file=file, boot=boot) is expected, case


def test_an_engine_file_is_about_the_folder_that_it_names_or_does_not_say() -> None:
    assert is_of({"device": 7, "inode": 100}, 7, 100) is True
    assert is_of({"device": 7, "inode": 100}, 7, 101) is False
    assert is_of({"device": 8, "inode": 100}, 7, 100) is False
    assert is_of({"socket": "/x"}, 7, 100) is None
