"""`%aml env lock`: what exactly is in a built environment."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.env.one import OneEnvironment
from jupyter_aml.widgets.plain import clean


class Lock(OneEnvironment):
    """Print the lock of a built environment: each package with its version and hashes."""

    name = "env lock"
    usage = "NAME[:VERSION]"

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print it."""
        found = self.found(args)
        client = self.session.workspace.client
        lock = client.environments.lock(found["workspace"], found["name"], found["version"])
        print(f"# {lock['environment']}:{lock['version']}, Python {lock['python']}")
        listed = "\n".join(f"{each['name']}=={each['version']}" for each in lock["packages"])
        print(clean((lock["text"] or listed).rstrip()))
