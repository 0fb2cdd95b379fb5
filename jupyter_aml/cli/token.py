"""`jupyter aml token`: what lets plain HTTP clients in, made, listed and revoked."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking, codes
from jupyter_aml.client import find
from jupyter_aml.domain.token import VERBS
from jupyter_aml.widgets.plain import local

_HEADS = ("Token", "Name", "Workspace", "For", "Ends")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what each takes."""
    verbs = asking.Verbs(parser, takes=asking.as_json)
    create = verbs.add("create", _create, "make a token, and print it this once")
    create.add_argument("name", metavar="NAME", nargs="?", default="", help="what it is for")
    create.add_argument("--only", metavar="WORKSPACE", help="opens this workspace alone")
    create.add_argument("--read-only", action="store_true", help="opens what only reads")
    create.add_argument("--hours", type=_seconds, default=3600, metavar="N", help="ends after (1)")
    verbs.add("ls", _ls, "list the tokens that are good, without their secrets")
    remove = verbs.add("rm", _remove, "revoke a token: it opens nothing any more")
    remove.add_argument("id", metavar="TOKEN", help="as `ls` lists it in the first column")


def run(args: argparse.Namespace) -> int:
    """Do what the inner verb says."""
    return int(args.do(args))


def _seconds(hours: str) -> int:
    try:
        return int(float(hours) * 3600)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{hours!r} is no number of hours") from None


def _create(args: argparse.Namespace) -> int:
    made = find().tokens.issue(
        name=args.name,
        workspace=args.only,
        verbs=["read"] if args.read_only else [*VERBS],
        seconds=args.hours,
    )
    asking.answer(args, made, made["token"])
    return codes.DONE


def _ls(args: argparse.Namespace) -> int:
    found = find().tokens.list()
    rows = [
        (
            each["id"], each["name"], each["workspace"] or "all", " and ".join(each["verbs"]),
            local(each["expiresAt"]),
        )
        for each in found
    ]  # fmt: skip
    asking.answer(args, found, asking.table(_HEADS, rows, "no tokens"))
    return codes.DONE


def _remove(args: argparse.Namespace) -> int:
    find().tokens.revoke(args.id)
    asking.answer(args, {"id": args.id}, f"{args.id} is revoked")
    return codes.DONE
