"""Small things that messages say."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def near(name: str, there: Sequence[str]) -> str:
    """`; did you mean 'x'?` where something is near, else what there is, else nothing."""
    close = get_close_matches(name, there, 1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there is: {', '.join(there)}" if there else ""
