"""Definitions of data sets: what is read from JSON, what is the same, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jupyter_aml.domain import dataset, expression
from jupyter_aml.domain.dataset import Dataset, Files, Source
from jupyter_aml.domain.errors import Invalid

READ = {"do": "read", "form": "delimited", "separator": ";"}
PLAIN: dict[str, Any] = {
    "kind": "tabular", "sources": [{"datastore": "x", "path": "a/*.csv"}], "steps": [READ],
}  # fmt: skip
FILES = Files(count=1, size=2, digest="d", seen="s")


def test_what_is_written_is_read_as_it_was() -> None:
    made = Dataset(
        kind="tabular", sources=(Source("a.csv", "x"), Source("https://a/b.csv")),
        steps=(READ, {"do": "take", "count": 3}), name="größe", version="2", description="d",
        files=FILES,
    )  # fmt: skip

    assert dataset.read(made.to_json()) == made
    assert made.label == "größe:2"


def test_the_same_rows_of_other_files_are_another_version() -> None:
    one = replace(dataset.read(PLAIN), files=FILES)
    other = replace(one, files=replace(FILES, digest="e"))

    assert one.means(other) and not one.same_as(other)
    assert one.same_as(one.with_version("3"))
    assert not one.means(one.then(do="take", count=1))


def test_a_step_more_is_no_version_of_any_name() -> None:
    made = replace(dataset.read(PLAIN), name="x", version="1", files=FILES).then(do="take", count=1)

    assert (made.name, made.version, made.files) == ("", None, None)


@pytest.mark.parametrize(
    ("different", "told"),
    [
        ({"kind": "table"}, "kind must be"),
        ({"sources": []}, "sources must be a list"),
        ({"sources": "a.csv"}, "sources must be a list"),
        ({"sources": [{"path": 3}]}, "path must be a text"),
        ({"sources": [{"datastore": "x", "path": "../a"}]}, "climbs out"),
        ({"sources": [{"datastore": "x", "path": "a\\..\\b"}]}, "climbs out"),
        ({"sources": [{"path": "a\0"}]}, "NUL"),
        ({"steps": []}, "steps must be a list"),
        ({"steps": [{"do": "take", "count": 1}]}, "the first step must read"),
        ({"steps": [{"do": "read", "form": ["x"]}]}, "the first step must read"),
        ({"steps": [{"do": "read", "form": "files"}]}, "cannot be read as 'files'"),
        ({"steps": [{**READ, "seperator": ","}]}, "'seperator'.*did you mean 'separator'"),
        ({"steps": [READ, {"do": "tkae"}]}, "is no step"),
        ({"steps": [READ, {"do": "take", "count": -1}]}, "whole number from 0 on"),
        ({"steps": [READ, {"do": "take", "count": True}]}, "whole number from 0 on"),
        ({"steps": [READ, {"do": "keep", "columns": "a"}]}, "list of texts"),
        ({"steps": [READ, {"do": "sample", "probability": 2, "seed": 1}]}, "from 0 to 1"),
        ({"steps": [READ, {"do": "sample", "probability": 0.5}]}, "the seed"),
        ({"steps": [READ, {"do": "filter", "where": ["rm", "-rf"]}]}, "no operator"),
        ({"steps": [READ] * 501}, "more than 500"),
        ({"files": {"count": "x"}}, "not what the engine wrote"),
        ({"name": "a/b"}, "cannot be the name"),
    ],
)  # fmt: skip
def test_what_is_no_data_set_names_what_is_wrong(different: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        dataset.read({**PLAIN, **different})


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("iris", ("iris", None)), ("iris:2", ("iris", "2")), ("iris:latest", ("iris", None)),
        ("a: b", ("a: b", None)), ("diabetes dataset:12", ("diabetes dataset", "12")),
    ],
)  # fmt: skip
def test_a_label_is_a_name_and_perhaps_a_version(text: str, label: tuple[str, str | None]) -> None:
    assert dataset.read_label(text) == label


def test_a_key_in_an_address_is_not_shown() -> None:
    source = Source("https://a/b.csv?sv=1&sig=hidden&id=2")

    assert str(source) == "https://a/b.csv?sv=1&sig=***&id=2"


def test_a_name_is_one_however_its_letters_are_put_together() -> None:
    assert dataset.dataset_name("gro\u0308ße") == dataset.dataset_name("größe") == "größe"


A, TIME = ["column", "a"], ["time", "2020-01-01T00:00:00"]


@pytest.mark.parametrize(
    ("where", "known", "holds"),
    [
        (["gt", A, ["value", 1]], {"a": 2}, True),
        (["gt", A, ["value", 1]], {"a": None}, False),
        (["gt", A, ["value", 1]], {}, None),
        (["not", ["gt", A, ["value", 1]]], {}, None),
        (["and", ["gt", A, ["value", 1]], ["gt", ["column", "b"], ["value", 1]]], {"a": 0}, False),
        (["or", ["gt", A, ["value", 1]], ["gt", ["column", "b"], ["value", 1]]], {"a": 2}, True),
        (["or", ["gt", A, ["value", 1]], ["gt", ["column", "b"], ["value", 1]]], {"a": 0}, None),
        (["isin", A, [["value", 1], ["value", 2]]], {"a": 2}, True),
        (["null", A], {"a": None}, True),
        (["contains", A, "b"], {"a": "abc"}, True),
        (["eq", ["file", "Size"], ["value", 3]], {("file", "Size"): 3}, True),
    ],
)
def test_a_condition_holds_fails_or_is_not_known(where: Any, known: Any, holds: Any) -> None:
    expression.check(where)

    assert expression.holds(where, known) is holds


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(Invalid, match="'x' cannot be compared with"):
        expression.holds(["gt", A, TIME], {"a": "x"})


@pytest.mark.parametrize(
    "where",
    [
        None, [], ["gt", A], ["gt", "a", ["value", 1]], ["gt", A, ["value", [1]]], ["isin", A, 3],
        ["gt", A, ["time", "soon"]], ["contains", A, 3], ["__import__", A],
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused(where: Any) -> None:
    with pytest.raises(Invalid, match="data set"):
        expression.check(where)


def test_a_condition_may_not_be_nested_without_end() -> None:
    where: list[Any] = ["null", A]
    for _ in range(100):
        where = ["not", where]

    with pytest.raises(Invalid, match="nested too deeply"):
        expression.check(where)
