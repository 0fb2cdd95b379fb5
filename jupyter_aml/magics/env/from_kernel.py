"""`%aml env from-kernel`: the packages of this kernel as an environment."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.domain.environment import environment_name
from jupyter_aml.magics.env import installed
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.widgets.plain import clean


class FromKernel(Verb):
    """Register an environment of the packages that this kernel has, each in its version.

    Packages that were installed from a folder, a URL or a repository are left out and named.
    """

    name = "env from-kernel"
    usage = "NAME"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", type=parser.text, metavar="NAME", help="a new or known name")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Environments of which it may become a version."""
        return [] if before else self.session.environment_names(word)

    def __call__(self, args: Namespace, cell: str) -> None:
        """Register it, and say what it holds and lacks."""
        name = environment_name(args.name)
        there = installed.everything()
        conda = {
            "channels": [],
            "dependencies": [f"python={installed.PYTHON}", "pip", {"pip": [*there.requirements]}],
        }
        made = self.session.register(
            {"definition": {"name": name, "python": {"condaDependencies": conda}}}
        )
        for package, why in there.left_out.items():
            print(f"warning: {clean(package)} is left out: it was installed {clean(why)}")
        print(
            f"{made['name']}:{made['version']} has Python {installed.PYTHON} and "
            f"{len(there.requirements)} packages of this kernel"
        )
