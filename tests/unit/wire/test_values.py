"""What may be sent as a parameter."""

from __future__ import annotations

import datetime
import enum
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.wire.values import sendable


class Kind(str, enum.Enum):  # noqa: UP042 - scripts of Python 3.10 have no other
    GOOD = "good"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ("a", '"a"'),
        ((1, [2.5]), "[1, [2.5]]"),
        ({"a": {"b": 1}}, '{"a": {"b": 1}}'),
        (np.int64(3), "3"),
        (np.uint8(3), "3"),
        (np.float32(0.5), "0.5"),
        (np.float64(0.1), "0.1"),
        (np.bool_(True), "true"),
        (np.str_("a"), '"a"'),
        (np.array(7), "7"),
        (np.arange(3), "[0, 1, 2]"),
        (np.array([[True]]), "[[true]]"),
        ({"a": np.int64(1)}, '{"a": 1}'),
        (Kind.GOOD, '"good"'),
        (2**70, str(2**70)),
    ],
)
def test_what_json_and_numpy_can_say_is_sent(value: Any, sent: str) -> None:
    assert json.dumps(sendable("parameter 'x'", value)) == sent


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "parameter 'x' is nan, which JSON cannot say"),
        (np.float64("inf"), "parameter 'x' is inf, which JSON cannot say"),
        (np.array([1.0, np.nan]), "parameter 'x'[1] is nan, which JSON cannot say"),
        ({"a": [1, float("-inf")]}, "parameter 'x'['a'][1] is -inf, which JSON cannot say"),
        (Path("a"), "parameter 'x' is a PosixPath"),
        ({1, 2}, "parameter 'x' is a set"),
        (b"a", "parameter 'x' is a bytes"),
        (1j, "parameter 'x' is a complex"),
        (np.complex128(1j), "parameter 'x' is a complex"),
        (datetime.date(2026, 1, 1), "parameter 'x' is a date"),
        (np.datetime64("2026-01-01"), "parameter 'x' is a date"),
        ({1: "a"}, "parameter 'x' has the key 1"),
        ("\ud800", "parameter 'x' is text that is not UTF-8"),
        (object, "parameter 'x' is a type"),
    ],
)
def test_what_neither_can_say_is_refused_by_its_name(value: Any, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        sendable("parameter 'x'", value)

    assert str(caught.value).startswith(said)


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)

    with pytest.raises(Invalid, match=r"parameter 'x' .*holds itself or is too deep"):
        sendable("parameter 'x'", value)
