"""The folders of children that were made in a container, and what is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Run
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.runs import inside
from jupyter_aml.testing.store_contracts import a_run


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def family(root: Root) -> tuple[Run, Run, Run]:
    """A run, its child and the child of that; the first has a folder."""
    run = a_run()
    child = replace(a_run(), id=RunId(f"{run.id}_1"), parent=run.id)
    below = replace(a_run(), id=RunId(f"{run.id}_1_1"), parent=child.id)
    root.folder(run).children.mkdir(parents=True)
    return run, child, below


def test_a_child_of_a_container_is_found_where_runs_lie(root: Root) -> None:
    run, child, below = family(root)
    for each in (child, below):
        (root.folder(run).children / each.id / "metrics").mkdir(parents=True)

    assert inside.is_there(child, root) and inside.is_there(below, root)
    assert inside.is_there(child, root)
    assert all(root.folder(each).metrics.is_dir() for each in (child, below))


def test_a_child_without_a_folder_is_not_there(root: Root) -> None:
    _, child, below = family(root)

    assert not inside.is_there(child, root) and not inside.is_there(below, root)
    assert not root.folder(child).path.is_symlink()


def test_a_link_in_the_place_of_a_child_is_not_followed(root: Root, tmp_path: Path) -> None:
    run, child, below = family(root)
    secret = tmp_path / "secret"
    secret.mkdir()
    (root.folder(run).children / child.id).symlink_to(secret)
    root.folder(below).path.symlink_to(secret)

    assert not inside.is_there(child, root)
    assert not inside.is_there(below, root)


def test_a_child_that_becomes_a_link_later_is_not_followed(root: Root, tmp_path: Path) -> None:
    run, child, _ = family(root)
    place = root.folder(run).children / child.id
    place.mkdir()
    assert inside.is_there(child, root)
    place.rmdir()
    place.symlink_to(tmp_path)

    assert not inside.is_there(child, root)
