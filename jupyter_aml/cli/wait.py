"""`jupyter aml wait`: wait until runs have ended."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking, codes, following


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = "The exit code is 0 if all completed, 3 if one failed, 4 if one was cancelled."
    asking.options(parser)
    asking.name_run(parser, several=True)


def run(args: argparse.Namespace) -> int:
    """Wait for all of them, and tell how each ended."""
    ended = []
    for each in asking.meant(asking.workspace(args), args.runs):
        ended.append(following.until_ended(each))
        if not args.json:
            print(following.sentence(ended[-1]), flush=True)
    if args.json:
        asking.answer(args, ended, "")
    return codes.of(ended)
