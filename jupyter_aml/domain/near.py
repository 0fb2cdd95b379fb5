"""What somebody may have meant who wrote a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable


def near(name: str, there: Iterable[str], most: int = 1, *, alike: float = 0.6) -> list[str]:
    """The names that come nearest, the nearest first; `alike` is 1 for equal ones only."""
    # Every run imports this module, and few ask.
    from difflib import get_close_matches

    known = list(dict.fromkeys(there))
    by_small = {each.lower(): each for each in reversed(known)}
    close = get_close_matches(name, known, most, alike)
    if len(close) < most:
        # Capitals are the commonest mistake, and no likeness for the comparison above.
        small = get_close_matches(name.lower(), by_small, most, alike)
        close = list(dict.fromkeys((*close, *(by_small[each] for each in small))))
    return close[:most]


def did_you_mean(name: str, there: Iterable[str], most: int = 1) -> str:
    """`; did you mean 'x'?` where something is near, else what there is, else nothing."""
    known = list(dict.fromkeys(there))
    close = near(name, known, most)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    if not known:
        return ""
    shown = ", ".join(known[:_MOST_SHOWN])
    more = f" and {len(known) - _MOST_SHOWN} more" if len(known) > _MOST_SHOWN else ""
    return f"; there is: {shown}{more}"


_MOST_SHOWN = 20
