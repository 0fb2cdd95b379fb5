"""Makes text from a run harmless and readable: no escape sequences, no hidden marks."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from jupyter_aml.wire.coding import decode_time
from jupyter_aml.wire.runs import WireRun

# Colours, titles, links, clipboards; a sequence that never ends runs to the end of its line.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[\]P_X^][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HIDDEN = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

FACES = {
    "NotStarted": "◌ Not started",
    "Preparing": "⟳ Preparing",
    "Provisioning": "⟳ Provisioning",
    "Queued": "◌ Queued",
    "Starting": "◐ Starting",
    "Running": "● Running",
    "NotResponding": "◍ Not responding",
    "CancelRequested": "◑ Canceling",
    "Finalizing": "◕ Finalizing",
    "Completed": "✓ Completed",
    "Failed": "✕ Failed",
    "Canceled": "■ Canceled",
}
"""The shape and the word of each state, as the card has them."""


def clean(text: str) -> str:
    """Drop escape and control characters; show the marks that turn the reading direction."""
    text = _CONTROL.sub("", _ESCAPES.sub("", text))
    return _HIDDEN.sub(lambda mark: f"\\u{ord(mark[0]):04x}", text)


def console(text: str) -> str:
    """A log as a terminal would show it: a carriage return begins the line anew."""
    rows = (row.rstrip("\r").rsplit("\r", 1)[-1] for row in text.split("\n"))
    return clean("\n".join(rows))


def inert(value: Any) -> str:
    """Return the value as HTML text in which nothing is markup."""
    return escape(clean(str(value)), quote=True)


def short(value: Any, length: int = 160) -> str:
    """The beginning of the value's text."""
    text = str(value)
    return text if len(text) <= length else text[: length - 1] + "…"


def measure(value: Any) -> str:
    """A value that was logged, as its reader wants it: six digits, and no number without a name."""
    if value is None or value != value:
        return "NaN"
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else f"{'-' if value < 0 else ''}Infinity"
    return str(value)


def duration(run: WireRun, *, now: datetime | None = None) -> str:
    """How long the run has run: `4.2 s`, `3 m 07 s`, `2 h 05 m`; empty before it starts."""
    start = decode_time(run["startedAt"])
    end = decode_time(run["endedAt"]) or now
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m"


def moment(text: str | None) -> str:
    """A time as people write it, in UTC."""
    at = decode_time(text)
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def local(text: str | None) -> str:
    """A time as people write it, in the time zone of this machine."""
    at = decode_time(text)
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def status(run: WireRun) -> str:
    """The state of a run as the card tells it: a shape and a word."""
    return FACES.get(run["status"], f"? {run['status']}")


def spent(run: WireRun, *, now: datetime) -> str:
    """How long the run has run, as the card tells it: `14s`, `2m 14s`, `1h 03m`, `3d 4h`."""
    start = decode_time(run["startedAt"])
    if start is None:
        return ""
    end = decode_time(run["endedAt"]) or now
    whole = max(0, int((end - start).total_seconds()))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 60:
        return f"{whole}s"
    if hours < 1:
        return f"{minutes}m {whole % 60:02}s"
    return f"{hours}h {minutes % 60:02}m" if days < 1 else f"{days}d {hours % 24}h"


def size(count: float) -> str:
    """A number of bytes as people write it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of as many texts each, as lines in which they stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def cell(value: Any) -> str:
    """The value as one short, harmless text of a table."""
    return clean(short(value, 60)).replace("\n", " ")
