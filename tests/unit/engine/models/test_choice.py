"""Which models are listed."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.model import Model, ModelFile
from jupyter_aml.engine.models.choice import ModelChoice, chosen, page
from jupyter_aml.engine.registry import Registered


def known(name: str, version: int, at: str, **more: Any) -> Registered[Model]:
    files = (ModelFile("m", 1, "0" * 64),)
    model = Model(name=name, version=str(version), key=at, root="m", files=files)
    return Registered(WorkspaceName("default"), model, at, **more)


EVERY = [
    known("b", 10, "5"), known("a", 1, "4"), known("b", 9, "3"), known("b", 8, "3"),
    known("c", 1, "2", is_archived=True), known("a", 2, "1"),
]  # fmt: skip


def ids(some: list[Registered[Model]]) -> list[str]:
    return [one.definition.label for one in some]


def test_the_newest_of_a_name_is_that_of_the_highest_version() -> None:
    # A version that was copied in may be the higher one and yet older.
    assert ids(chosen(EVERY, ModelChoice(only_newest=True))) == ["b:10", "a:2"]


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_pages_together_are_the_list(most: int) -> None:
    listed = chosen(EVERY, ModelChoice())
    found: list[str] = []
    after = None
    while True:
        some, after = page(listed, after=after, most=most)
        found += ids(some)
        if after is None:
            break

    assert found == ids(listed) == ["b:10", "a:1", "b:9", "b:8", "a:2"]


def test_a_page_goes_on_where_its_last_version_was_deleted_meanwhile() -> None:
    listed = chosen(EVERY, ModelChoice())
    some, after = page(listed, after=None, most=3)

    rest, _ = page([one for one in listed if one not in some], after=after, most=9)

    assert ids(rest) == ["b:8", "a:2"]


def test_an_end_of_a_page_that_is_none_is_refused() -> None:
    for wrong in ("x", "a b c", "1 2 3 4"):
        with pytest.raises(Invalid, match="is no end of a page"):
            page(EVERY, after=wrong, most=1)
