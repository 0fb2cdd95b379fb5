"""`jupyter aml secret`: the vault of a workspace. A value is never a word of a command line."""

from __future__ import annotations

import argparse
import getpass
import sys

from jupyter_aml.cli import asking, codes
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.vault import new_secret, secret_name
from jupyter_aml.widgets.plain import local

_HEADS = ("Secret", "Kind", "Changed")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what each takes."""
    verbs = asking.Verbs(parser)
    put = verbs.add("set", _set, "keep a secret; its value is asked for, or read from stdin")
    put.add_argument("name", metavar="NAME", help="letters, digits and `-`")
    put.add_argument("--kind", default="", metavar="TEXT", help="what it holds: text/plain, ...")
    verbs.add("ls", _ls, "list the secrets by name, without their values")
    remove = verbs.add("rm", _remove, "forget a secret")
    remove.add_argument("name", metavar="NAME", help="as `ls` lists it")


def run(args: argparse.Namespace) -> int:
    """Do what the inner verb says."""
    return int(args.do(args))


def _set(args: argparse.Namespace) -> int:
    name = secret_name(args.name)
    secret = new_secret(name, _value(name), args.kind)
    space = asking.workspace(args)
    given = {"name": secret.name, "value": secret.value, "contentType": secret.content_type}
    space.client.secrets.put(space.name, [given])
    asking.answer(args, {"name": name}, f"{name} is kept")
    return codes.DONE


def _ls(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    found = space.client.secrets.list(space.name)
    rows = [(each["name"], each["contentType"], local(each["changedAt"])) for each in found]
    asking.answer(args, found, asking.table(_HEADS, rows, "no secrets"))
    return codes.DONE


def _remove(args: argparse.Namespace) -> int:
    space, name = asking.workspace(args), secret_name(args.name)
    space.client.secrets.remove(space.name, name)
    asking.answer(args, {"name": name}, f"{name} is forgotten")
    return codes.DONE


def _value(name: str) -> str:
    """What a person types unseen, or all that stdin has, without the end of its last line."""
    if sys.stdin.isatty():
        return getpass.getpass(f"Value of {name}: ")
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        raise Invalid(f"secret {name!r}: what stdin has is no text in UTF-8") from None
    return text.removesuffix("\n").removesuffix("\r")
