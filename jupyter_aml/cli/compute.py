"""`jupyter aml compute`: compute targets, from the shell."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from jupyter_aml.cli import asking, codes
from jupyter_aml.cli.words import WORDS
from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.sdk._compute import command_line
from jupyter_aml.sdk.core import Workspace
from jupyter_aml.widgets import compute
from jupyter_aml.wire.compute import WireCompute

_PLAIN = {"workspace": None, "json": False}
"""What `ls` is asked where no verb is said."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what each takes."""
    verbs = asking.Verbs(parser, otherwise={"do": _ls, **_PLAIN})
    verbs.add("ls", _ls, "list the compute targets, and how busy they are")
    _one(verbs.add("show", _show, "print a compute target with its nodes and settings"))
    create = verbs.add("create", _create, "create a target, by default a cluster of local nodes")
    attach = verbs.add("attach", _attach, "attach what is there, such as a machine reached by SSH")
    check = verbs.add("check", _check, "connect to a target, or with --kind to one to come")
    for verb in (create, attach, check):
        _one(verb)
        command_line.declare(verb, WORDS, has_nodes=verb is not attach)
    scale = verbs.add("scale", _scale, "give a target other numbers of nodes; runs go on")
    _one(scale)
    command_line.nodes(scale, WORDS)
    start = partial(_turn, is_stopped=False)
    _one(verbs.add("start", start, "start a target that was stopped"))
    stop = partial(_turn, is_stopped=True)
    _one(verbs.add("stop", stop, "stop a target: runs go on, others wait until it is started"))
    remove = verbs.add("rm", _remove, "delete a target with its nodes, or detach it")
    _one(remove)
    remove.add_argument("-y", "--yes", action="store_true", help="do not ask")
    kinds = verbs.add("kinds", _kinds, "list what can be created or attached, or print one kind")
    kinds.add_argument("kind", nargs="?", metavar="KIND", help="tell all of its settings")


def run(args: argparse.Namespace) -> int:
    """Do what the inner verb says."""
    return int(args.do(args))


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of a compute target")


def _found(space: Workspace, args: argparse.Namespace, what: str) -> WireCompute:
    seen = space.client.compute.get(space.name, args.name)
    command_line.need_registered(seen, what)
    return seen


def _ls(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    there = space.client.compute.list(space.name)
    rows = [compute.row(each) for each in there]
    asking.answer(args, there, asking.table(compute.HEADS, rows, "no compute targets"))
    return codes.DONE


def _kinds(args: argparse.Namespace) -> int:
    there = asking.workspace(args).client.compute.kinds()
    if args.kind is not None:
        kind = command_line.kind_of(there, args.kind)
        asking.answer(args, kind, compute.describe_kind(kind))
        return codes.DONE
    rows = [compute.kind_row(each) for each in there]
    asking.answer(args, there, asking.table(compute.KIND_HEADS, rows, "no kinds"))
    return codes.DONE


def _show(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    seen = space.client.compute.get(space.name, args.name)
    return _told(args, seen, compute.describe)


def _create(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    body = command_line.body(space.name, space.client, args)
    return _told(args, space.client.compute.add(body), compute.made)


def _attach(args: argparse.Namespace) -> int:
    if args.kind is None:
        args.parser.error("say --kind; `jupyter aml compute kinds` lists them")
    return _create(args)


def _check(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    space.client.status()  # From here on the engine is there, and it is the target that is not.
    try:
        found = command_line.checked(space.name, space.client, args)
    except Unreachable as error:
        asking.tell(str(error))
        return codes.FAULT
    asking.answer(args, {"found": found}, found)
    return codes.DONE


def _scale(args: argparse.Namespace) -> int:
    asked = command_line.scale(args)
    if not any(value is not None for value in asked.values()):
        args.parser.error("say --min, --max or --idle")
    return _changed(args, asked, "resized", compute.scaled)


def _turn(args: argparse.Namespace, *, is_stopped: bool) -> int:
    word = "stopped" if is_stopped else "started"
    return _changed(args, {"isStopped": is_stopped}, word, lambda seen: f"{seen['name']} is {word}")


def _changed(
    args: argparse.Namespace,
    asked: dict[str, Any],
    what: str,
    tell: Callable[[WireCompute], str],
) -> int:
    space = asking.workspace(args)
    seen = _found(space, args, what)
    body = {"workspace": space.name, **asked}
    return _told(args, space.client.compute.change(seen["name"], body), tell)


def _remove(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    seen = _found(space, args, "deleted")
    if not args.yes and not asking.confirm(f"Delete compute target {seen['name']}?"):
        asking.tell("nothing was deleted")
        return codes.FAULT
    space.client.compute.remove(space.name, seen["name"])
    asking.answer(args, {"name": seen["name"]}, f"deleted {seen['name']}")
    return codes.DONE


def _told(args: argparse.Namespace, seen: WireCompute, tell: Callable[[WireCompute], str]) -> int:
    asking.answer(args, seen, tell(seen))
    return codes.DONE
