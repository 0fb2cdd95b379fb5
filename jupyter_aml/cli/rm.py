"""`jupyter aml rm`: delete runs."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking, codes
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.run import RunStatus

_NAMED = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = "Only runs that have ended can be deleted; cancel others first."
    asking.options(parser)
    asking.name_run(parser, several=True)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Delete them with all their files; what cannot be deleted is named at the end."""
    meant = asking.meant(asking.workspace(args), args.runs)
    listed = ", ".join(each.id for each in meant[:_NAMED])
    more = f" and {len(meant) - _NAMED} more" if len(meant) > _NAMED else ""
    if not args.yes and not asking.confirm(f"Delete {listed}{more} with all files?"):
        asking.tell("nothing was deleted")
        return codes.FAULT
    gone = []
    for each in meant:
        if not RunStatus(each.seen["status"]).is_final:
            asking.tell(f"{each.id} is {each.seen['status']}: cancel it before you delete it")
            continue
        try:
            each.client.runs.delete(each.id)
        except AmlError as error:
            asking.tell(f"{each.id}: {error}")
        else:
            gone.append(each.id)
    asking.answer(args, gone, "\n".join(f"deleted {each}" for each in gone))
    return codes.DONE if len(gone) == len(meant) else codes.FAULT
