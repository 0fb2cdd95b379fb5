"""SDK v1's filters are words of the engine's filter line, whatever the names hold."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.sdk._run import filters
from jupyter_aml.store.filters import ChildOf, InStatus, Labelled, Typed, parse


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, []),
        ({"parent": "none", "type": "azureml.step"}, [ChildOf(None), Typed("azureml.step")]),
        ({"tags": "a b"}, [Labelled("tag", "a b", None)]),
        ({"tags": {'a"b:': "x y\\", "c": None}},
         [Labelled("tag", 'a"b:', "x y\\"), Labelled("tag", "c", None)]),
        ({"properties": {"azureml.git.branch": "main"}},
         [Labelled("property", "azureml.git.branch", "main")]),
    ],
)  # fmt: skip
def test_what_is_asked_is_what_the_engine_understands(asked: dict[str, Any], words: Any) -> None:
    assert list(parse(filters.line(**asked))) == words


def test_a_status_is_one_word() -> None:
    (word,) = parse(filters.line(status="Failed"))

    assert isinstance(word, InStatus)


def test_pages_are_asked_for_one_after_the_other() -> None:
    class Runs:
        def __init__(self) -> None:
            self.asked: list[Any] = []

        def page(self, **query: Any) -> Any:
            self.asked.append(query["after"])
            return {"runs": [], "next": None if query["after"] else "more"}

    runs = Runs()
    client: Any = SimpleNamespace(runs=runs)

    assert len(list(filters.pages(client, filter=""))) == 2
    assert runs.asked == [None, "more"]
