"""A name that a spreadsheet would carry out is a word in every CSV file."""

from __future__ import annotations

import pytest

from jupyter_aml.cli.tables import harmless


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", "-", "=cmd|' /C"]
)
def test_a_formula_becomes_a_word(text: str) -> None:
    assert harmless(["digits", text, 3]) == ["digits", f"'{text}", 3]


@pytest.mark.parametrize(
    "value", [-1.5, "-1.5", "+2", "-inf", "-1e-7", "loss", "a=b", "", None, True]
)
def test_numbers_and_words_stay_what_they_are(value: object) -> None:
    assert harmless([value]) == [value]
