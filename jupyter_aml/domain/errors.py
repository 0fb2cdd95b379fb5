"""What can go wrong, each named by what is the case."""

from __future__ import annotations


class AmlError(Exception):
    """Root of all errors of this package; its text is one sentence fit for a user."""

    def _render_traceback_(self) -> list[str]:
        # What a notebook shows: the frames of this package would hide the sentence.
        return [f"{type(self).__name__}: {self}"]


class Invalid(AmlError):
    """The request asks for something that cannot be; the text names the thing and the cure."""


class OutOfSight(Invalid):
    """The engine does not see the files that the caller sees: it is on another machine, say."""


class NotFound(AmlError):
    """There is no such thing; the text names it and, where there are any, its nearest names."""


class AlreadyExists(AmlError):
    """A different thing of that name is there already."""


class IllegalMove(AmlError):
    """The rules of `domain.run.MOVES` do not allow this step."""


class Outdated(AmlError):
    """Somebody else changed the thing since the caller looked."""


class Unreachable(AmlError):
    """A backend or a server did not answer, which says nothing about what it holds."""


class Refused(AmlError):
    """The caller may not do this, or a path leads out of its folder."""


class StorageFailed(AmlError):
    """The disk is full, read-only or not writable for this user."""
