"""What names and ids may look like."""

from __future__ import annotations

import pytest

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid

KINDS = [ids.run_id, ids.workspace_name, ids.experiment_name]
NEVER = [
    "", "-a", "_a", ".a", "a b", "a/b", "a\\b", "a\0", "a\n", "\na", "a\nb", "a\r", "a\u2028",
    "ä", "a" * 256, "..",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["a", "0", "A-b_c", "a" * 255])
def test_letters_digits_and_marks_within_are_a_name(kind, text):
    assert kind(text) == text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", NEVER)
def test_nothing_else_is_a_name_not_even_with_a_newline_behind_it(kind, text):
    with pytest.raises(Invalid):
        kind(text)


def test_a_dot_stands_in_names_and_not_in_ids():
    assert ids.experiment_name("v1.2") == "v1.2"
    with pytest.raises(Invalid):
        ids.run_id("v1.2")
