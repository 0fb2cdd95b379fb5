"""`%aml env rm`: delete an environment."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.domain.environment import read_label
from jupyter_aml.magics.asking import agreed
from jupyter_aml.magics.env.one import OneEnvironment
from jupyter_aml.magics.verb import Parser
from jupyter_aml.widgets.environments import used_by


class Rm(OneEnvironment):
    """Delete an environment: a version, or without one all versions. Asks first.

    Runs that used it stay as they are; what was built of it stays until it is pruned.
    """

    name = "env rm"
    usage = "NAME[:VERSION] [--yes]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")

    def __call__(self, args: Namespace, cell: str) -> None:
        """Delete it."""
        name, version = read_label(args.environment)
        found = self.found(args)
        label = name if version is None else f"{name}:{version}"
        count = len(found["versions"])
        what = f"{label} with its {count} versions" if version is None and count > 1 else label
        runs = f", used by {used_by(found)}" if found["runs"] else ""
        if not args.yes and not agreed(f"Delete environment {what}{runs}?"):
            print("Nothing was deleted.")
            return
        client = self.session.workspace.client
        client.environments.remove(found["workspace"], name, version)
        self.session.cache.refresh()
        print(f"Deleted {what}.")
