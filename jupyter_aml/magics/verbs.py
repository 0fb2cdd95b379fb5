"""Verbs by their names, and verbs that have verbs of their own, as `%aml env ls`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from IPython.core.error import UsageError

from jupyter_aml.domain.near import near
from jupyter_aml.magics.verb import Parser, Verb

if TYPE_CHECKING:
    from jupyter_aml.magics.session import Session


class Verbs:
    """Verbs in their order. `%aml x` and `%%aml x` may be two of the same name."""

    def __init__(self, *verbs: Verb, said: str = "%aml") -> None:
        self._verbs, self._said = list(verbs), said

    def __iter__(self) -> Iterator[Verb]:
        return iter(self._verbs)

    def add(self, verb: Verb) -> None:
        """Put one more behind the others."""
        self._verbs.append(verb)

    def called(self, word: str) -> list[Verb]:
        """All of that name."""
        return [verb for verb in self if verb.word == word]

    def names(self, *, cell: bool | None = None) -> list[str]:
        """The names of those with a cell, without one, or of all."""
        fitting = [verb.word for verb in self if cell is None or verb.takes_cell == cell]
        return list(dict.fromkeys(fitting))

    def find(self, word: str, *, cell: bool) -> Verb | None:
        """The verb of that name, of two the one with or without a cell."""
        found = self.called(word)
        fitting = [verb for verb in found if verb.takes_cell == cell]
        return next(iter(fitting or found), None)

    def meant(self, words: list[str], *, cell: bool) -> tuple[Verb, list[str]]:
        """The verb that the words begin with and what follows it; UsageError with near ones."""
        verb = self.find(words[0], cell=cell)
        if verb is None:
            close = near(words[0], self.names(), 1)
            did = (
                f"; did you mean {close[0]}?" if close else f": there are {', '.join(self.names())}"
            )
            raise UsageError(f"{self._said} has no verb {words[0][:80]!r}{did}")
        if isinstance(verb, Group) and len(words) > 1 and not words[1].startswith("-"):
            return verb.verbs.meant(words[1:], cell=cell)
        return verb, words[1:]

    def listed(self) -> str:
        """One line for each verb."""
        width = max(len(verb.program) for verb in self)
        return "\n".join(f"{verb.program.ljust(width)}  {verb.summary}" for verb in self)


class Group(Verb):
    """A verb that has verbs of its own and does nothing by itself but list them."""

    usage = "VERB"
    kinds: ClassVar[tuple[type[Verb], ...]] = ()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.verbs = Verbs(*(kind(session) for kind in self.kinds), said=self.program)

    def parser(self) -> Parser:
        """A parser whose help lists the verbs."""
        parser = super().parser()
        parser.epilog = self.verbs.listed()
        return parser

    def __call__(self, args: argparse.Namespace, cell: str) -> None:
        """Say what there is."""
        print(self.verbs.listed())
