"""`jupyter aml cancel`: ask runs to end."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking, codes, following
from jupyter_aml.domain.errors import IllegalMove


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = "  jupyter aml cancel $(jupyter aml ls -q status:active)"
    asking.options(parser)
    asking.name_run(parser, several=True)


def run(args: argparse.Namespace) -> int:
    """Ask all of them; one that has ended already is told, and is no error."""
    asked = []
    for each in asking.meant(asking.workspace(args), args.runs):
        try:
            seen = each.client.runs.cancel(each.id)
        except IllegalMove as error:
            asking.tell(str(error))
            seen = each.client.runs.get(each.id)
        asked.append(seen)
    asking.answer(args, asked, "\n".join(map(following.sentence, asked)))
    return codes.DONE
