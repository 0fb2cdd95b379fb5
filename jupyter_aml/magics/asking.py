"""Asks the user before something goes away."""

from __future__ import annotations

from IPython.core.error import StdinNotImplementedError, UsageError


def agreed(question: str) -> bool:
    """Whether the user says yes; UsageError where nobody can be asked, as in a batch."""
    try:
        answer = input(f"{question} [y/N] ")
    except (StdinNotImplementedError, EOFError, OSError):
        raise UsageError(f"{question} Nobody can be asked here: add --yes") from None
    return answer.strip().lower() in ("y", "yes")
