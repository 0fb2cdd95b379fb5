"""Text from a run, made harmless."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_aml.testing.wires import a_wire_run
from jupyter_aml.widgets.plain import clean, console, duration, inert


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x1b]52;c;AAAA\nnext", "\nnext"),
        ("\x1b[31", ""),
        ("\x1b", ""),
        ("a\x00b\x07c\x9b1md", "abcd"),
        ("tab\tand\nline", "tab\tand\nline"),
    ],
)
def test_no_escape_sequence_and_no_hidden_mark_is_left(text, shown):
    assert clean(text) == shown


@pytest.mark.parametrize(
    "mark",
    [*"\u061c\u200e\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))],
)
def test_a_mark_that_turns_the_reading_direction_is_shown(mark):
    assert clean(f"a{mark}b") == f"a\\u{ord(mark):04x}b"


def test_a_progress_bar_leaves_its_last_state():
    assert console("10%\r50%\r100%\ndone\r\n") == "100%\ndone\n"


def test_markup_is_text():
    assert inert('<img src=x onerror="a">&') == "&lt;img src=x onerror=&quot;a&quot;&gt;&amp;"


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ("2026-01-02T12:00:04.200000Z", "4.2 s"),
        ("2026-01-02T12:03:07.000000Z", "3 m 07 s"),
        ("2026-01-02T14:05:07.000000Z", "2 h 05 m"),
    ],
)
def test_durations(ended, said):
    assert duration(a_wire_run(endedAt=ended)) == said


def test_a_running_run_has_run_until_now():
    now = datetime(2026, 1, 2, 12, 0, 9, tzinfo=UTC)

    assert duration(a_wire_run(endedAt=None), now=now) == "9.0 s"
    assert duration(a_wire_run(startedAt=None, endedAt=None), now=now) == ""
