"""`%aml help`: what there is, and how one verb is used."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.session import Session
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.magics.verbs import Verbs


class Help(Verb):
    """List the verbs, or show how one of them is used."""

    name = "help"
    usage = "[VERB]"

    def __init__(self, session: Session, verbs: Verbs) -> None:
        super().__init__(session)
        self._verbs = verbs

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "verb", nargs="?", choices=self._verbs.names(), metavar="VERB", help="one of the verbs"
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """The verbs."""
        return [] if before else self._verbs.names()

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print it."""
        if args.verb is None:
            print(self._verbs.listed())
            print("\n`%aml VERB -h` or `%aml help VERB` shows the options of one.")
            return
        for verb in self._verbs.called(args.verb):
            print(verb.parser().format_help().rstrip())
