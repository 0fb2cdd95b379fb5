"""Children that a run in a container has made: their folders lie in its own until it ends.

A container may write to the folder of its run alone. There it finds in the place of all runs the
folder `children` of its own, so that a script makes children as anywhere else. The engine puts a
link to each where runs lie, and when the parent ends the folder itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_aml.domain.run import Run
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.root import Root
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.trees import remove_tree


def is_there(child: Run, root: Root) -> bool:
    """Whether a child that was announced has a folder; one of a container gets its link. Blocks."""
    place = root.folder(child).path
    inside = _inside(child, root)
    if not os.path.lexists(place) and inside is not None and _is_folder(inside):
        place.symlink_to(inside)
    if place.is_symlink():
        # Only the link that was made above: a script may have put another there.
        return inside is not None and os.readlink(place) == str(inside) and _is_folder(inside)
    return place.is_dir()


async def settle(run: Run, *, root: Root, ledger: Ledger) -> None:
    """Put the folders of the children of a run that ends where runs lie; twice is once.

    All of them have ended. What was never announced as a child goes away.
    """
    folder = root.folder(run)
    if not folder.children.is_dir():
        return
    names = await ledger.do(lambda: [path.name for path in folder.children.iterdir()])
    known = await ledger.do(ledger.runs.among, names)
    family = {run.id, *names}
    own = [each for each in known.values() if each.parent in family and each.id != run.id]
    await ledger.do(_moved, [root.folder(each) for each in own], folder.children)


def _moved(children: list[RunFolder], inside: Path) -> None:
    for child in children:
        source = inside / child.path.name
        if not _is_folder(source):
            continue
        if child.path.is_symlink() and os.readlink(child.path) == str(source):
            child.path.unlink()
        # Whoever is killed here finds it again: the parent has not ended yet.
        if not os.path.lexists(child.path):
            os.rename(source, child.path)
    remove_tree(inside)


def _inside(child: Run, root: Root) -> Path | None:
    """Where a container has made the folder of a child, or of a child of its children."""
    if child.parent is None:
        return None
    parent = root.runs(child.workspace) / child.parent
    beside = Path(os.readlink(parent)).parent if parent.is_symlink() else parent / "children"
    return beside / child.id


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
