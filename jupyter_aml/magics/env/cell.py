"""`%%aml env`: the cell is an environment."""

from __future__ import annotations

import re
from argparse import Namespace

from IPython.core.error import UsageError

from jupyter_aml.domain.environment import environment_name
from jupyter_aml.magics import notebook
from jupyter_aml.magics.env import building
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.widgets.plain import clean
from jupyter_aml.wire.environments import WireMistake

_PLACE = re.compile(r"line (\d+)(, column \d+)?")
_QUOTED = re.compile(r"'([^']{2,})'")


class EnvCell(Verb):
    """Register the environment that this cell describes.

    The cell is a conda specification (YAML: `dependencies:` with `- pip:` in it, and perhaps
    `channels:`), or with --pip a requirements file. An equal one makes no new version.
    """

    name = "env"
    usage = "NAME [--pip] [--build]"
    takes_cell = True

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        add("name", type=parser.text, metavar="NAME", help="a new or known name")
        add("--pip", action="store_true", help="the cell is a requirements file")
        add("--build", action="store_true", help="build it at once, and say how far it is")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Environments of which it may become a version."""
        return [] if before else self.session.environment_names(word)

    def __call__(self, args: Namespace, cell: str) -> None:
        """Check the cell, register it, and build it where that is asked."""
        name = environment_name(args.name)
        if not cell.strip():
            raise UsageError("the cell is empty: write the packages below the %%aml line")
        client = self.session.workspace.client
        body = {"name": name, "specification": cell, "format": "pip" if args.pip else "conda"}
        looked = client.environments.check({"workspace": self.session.workspace.name, **body})
        if looked["mistakes"]:
            offset = notebook.lines_above(self.session.raw_cell, cell)
            raise UsageError("; ".join(told(each, cell, offset) for each in looked["mistakes"]))
        made = self.session.register(body)
        for warning in dict.fromkeys([*looked["warnings"], *made["warnings"]]):
            print(f"warning: {clean(warning)}")
        print(f"{made['name']}:{made['version']} is registered")
        if args.build:
            building.build(client, made)


def told(mistake: WireMistake, cell: str, offset: int) -> str:
    """A mistake with its line as the editor counts it, looked for where it is not told."""
    message = clean(mistake["message"]).replace("the specification", "the cell", 1)
    if mistake["line"] is not None:
        return _PLACE.sub(
            lambda found: f"line {int(found[1]) + offset}{found[2] or ''}", message, count=1
        )
    for word in _QUOTED.findall(message):
        lines = [row for row, text in enumerate(cell.splitlines(), 1) if word in text]
        if len(lines) == 1:
            column = cell.splitlines()[lines[0] - 1].index(word) + 1
            return f"line {lines[0] + offset}, column {column}: {message}"
    return message
