"""What is too long or too much is refused in a sentence that says how long and how much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_aml.domain import limits
from jupyter_aml.domain.errors import Invalid

HUGE = "k" * 1_000_001
MANY = {str(number): "" for number in range(1_001)}
LONG = {f"{number:03}": "v" * 10_000 for number in range(100)}


@pytest.mark.parametrize(
    ("check", "given", "told"),
    [
        (limits.display_name, "k" * 20_001,
         "the name of the run has 20,001 characters, and may have 20,000: keep it as a file"),
        (limits.description, "k" * 20_001, "the description has 20,001 characters, and may have"),
        (limits.metric, "k" * 20_001, "the name of the metric 'kk.*k...' has 20,001 characters"),
        (limits.parameters, {HUGE: 1}, "the name of the parameter 'k.*k...' has 1,000,001 char"),
        (limits.parameters, MANY, "these are 1,001 parameters, and there may be 1,000"),
        (limits.parameters, {"a": HUGE}, "the parameters have 1,000,010 characters together"),
        (limits.arguments, ["é" * 65_536], "the argument 'é*...' has 131,072 bytes, and one may"),
        (limits.arguments, ["k" * 131_000] * 8, "the arguments have 1,048,000 characters together"),
        (limits.variables, {"SECRET": HUGE}, "variable 'SECRET' has 1,000,008 bytes, and one may"),
    ],
)  # fmt: skip
def test_what_is_too_long_is_named_with_its_size_and_the_limit(
    check: Callable[[Any], None], given: Any, told: str
) -> None:
    with pytest.raises(Invalid, match=told) as raised:
        check(given)

    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("kind", ["tag", "property"])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        (MANY, r"these would be 1,001 (tags|properties), and there may be 1,000"),
        ({HUGE: ""}, r"the name of the (tag|property) 'k*...' has 1,000,001 characters"),
        ({"a": HUGE}, r"the (tag|property) 'a' has 1,000,001 characters, and may have 20,000"),
        (LONG, r"the (tags|properties) have 1,000,300 characters together, and may have 1,000,000"),
    ],
)
def test_labels_that_are_too_many_or_too_long_are_named(
    kind: str, given: dict[str, str], told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        limits.labels(kind, given, {})


def test_just_as_many_and_as_long_as_may_be_are_taken() -> None:
    limits.labels("tag", dict(list(MANY.items())[:1_000]), {})
    limits.labels("tag", {"k" * 20_000: "v" * 20_000}, {})
    limits.labels("tag", {"0": "changed", "1": None}, MANY)
    limits.metric("k" * 20_000)
    limits.arguments(["k" * 131_071])
    limits.parameters({"weights": [0.125] * 100_000})


def test_of_labels_that_were_there_before_the_limit_one_can_be_taken_away() -> None:
    limits.labels("tag", {"7": None}, {**MANY, HUGE: ""})
    with pytest.raises(Invalid, match="1,002 tags"):
        limits.labels("tag", {"new": ""}, MANY)


def test_what_finds_room_is_kept_and_the_rest_is_told() -> None:
    there = dict(list(MANY.items())[:999])

    every, is_whole = limits.fitting(there, {"a": "1", "b": "2", "0": "changed", "1": None})

    assert (len(every), is_whole) == (999, False)
    assert (every["a"], every["0"], "b" in every, "1" in every) == ("1", "changed", False, False)
    assert limits.fitting({}, {"a": "1"}) == ({"a": "1"}, True)
    assert limits.fitting({}, LONG)[1] is False
