"""What verbs share that say what a compute target shall be."""

from __future__ import annotations

from typing import ClassVar

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._compute import command_line


class Asked(Verb):
    """A name, and what it shall stand for."""

    has_nodes: ClassVar[bool] = True

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", type=parser.text, metavar="NAME", help="a new name")
        command_line.declare(parser, parser, has_nodes=self.has_nodes)

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Kinds and settings."""
        kinds = self.session.cache.get().kinds
        if name == "kind":
            return [kind["name"] for kind in kinds]
        if name == "set":
            names = [setting["name"] for kind in kinds for setting in kind["settings"]]
            return [f"{each}=" for each in dict.fromkeys(names)]
        return []
