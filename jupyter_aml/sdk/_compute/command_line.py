"""Options that say what a compute target shall be, for magics and shell, and what they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean

if TYPE_CHECKING:
    from jupyter_aml.client import Client
    from jupyter_aml.wire.compute import WireCompute, WireComputeKind, WireComputeSetting

LOCAL_NODES = "cluster"
"""The kind that is created where none is said."""
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Read = Callable[[str], Any]


class Values(Protocol):
    """How the words of a line become values; for argparse."""

    @property
    def text(self) -> Read:
        """A text."""

    @property
    def pair(self) -> Read:
        """`K=V` as two texts."""

    @property
    def span(self) -> Read:
        """A time."""


def declare(parser: argparse.ArgumentParser, values: Values, *, has_nodes: bool) -> None:
    """Declare what a new target is told; `has_nodes` where it may be one of nodes."""
    add = parser.add_argument
    add("--kind", type=values.text, metavar="KIND",
        help=f"default: {LOCAL_NODES}" if has_nodes else "such as ssh")  # fmt: skip
    add(
        "-s", "--set", type=values.pair, action="append", default=[], metavar="K=V",
        help="a setting of the kind; secret://NAME takes a secret of the vault; may be repeated",
    )  # fmt: skip
    if has_nodes:
        add("--size", type=values.text, metavar="SIZE", help="of a node, such as STANDARD_DS3_V2")
        nodes(parser, values)
        add("--low-priority", action="store_true", help="its nodes may be taken back by others")
    add("-d", "--desc", type=values.text, default="", metavar="TEXT", help="what it is for")
    add("-t", "--tag", type=values.pair, action="append", default=[], metavar="K=V",
        help="a tag; may be repeated")  # fmt: skip


def nodes(parser: argparse.ArgumentParser, values: Values) -> None:
    """Declare how many nodes there are."""
    add = parser.add_argument
    add("--min", type=int, metavar="N", help="nodes that are always there")
    add("--max", type=int, metavar="N", help="nodes at most")
    add("--idle", type=values.span, metavar="30m", help="how long a node may idle")


def body(workspace: str, client: Client, args: argparse.Namespace) -> dict[str, Any]:
    """What an engine is asked for; raises Invalid for a kind or a setting that there is not."""
    kind = kind_of(client.compute.kinds(), args.kind or LOCAL_NODES)
    given: dict[str, Any] = {
        "workspace": workspace,
        "name": args.name,
        "kind": kind["name"],
        "type": kind["type"],
        "settings": settings(kind, args.set),
        "description": args.desc,
        "tags": unique(args.tag, "-t"),
    }
    if "size" in args:
        given |= scale(args)
        given["vmSize"] = args.size
        given["vmPriority"] = "lowpriority" if args.low_priority else None
    return given


def checked(workspace: str, client: Client, args: argparse.Namespace) -> str:
    """Say what is where a target connects to: one that is there, or with a kind one to come."""
    if args.kind is not None:
        return client.compute.check(body(workspace, client, args))
    seen = client.compute.get(workspace, args.name)
    need_registered(seen, "checked")
    return client.compute.check(same(workspace, seen))


def scale(args: argparse.Namespace) -> dict[str, Any]:
    """The numbers of nodes that were said."""
    idle = None if args.idle is None else args.idle.total_seconds()
    return {"minNodes": args.min, "maxNodes": args.max, "idleSeconds": idle}


def same(workspace: str, seen: WireCompute) -> dict[str, Any]:
    """What a target that is there was asked for: its secrets are those of the vault."""
    return {
        "workspace": workspace,
        "name": seen["name"],
        "kind": seen["kind"],
        "type": seen["type"],
        "minNodes": seen["minNodes"],
        "maxNodes": seen["maxNodes"],
        "idleSeconds": seen["idleSeconds"],
        "vmSize": seen["vmSize"] or None,
        "vmPriority": seen["vmPriority"],
        "settings": seen["settings"],
    }


def need_registered(seen: WireCompute, what: str) -> None:
    """Raise Invalid for a target that nobody created, such as `local`."""
    if seen["workspace"] is None:
        raise Invalid(f"{seen['name']!r} was not made in this workspace: it cannot be {what}")


def kind_of(kinds: Iterable[WireComputeKind], name: str) -> WireComputeKind:
    """The kind of that name; Invalid names the nearest, or all."""
    there = {kind["name"]: kind for kind in kinds}
    if name not in there:
        raise Invalid(f"there is no kind of compute target {name!r}{did_you_mean(name, there)}")
    return there[name]


def settings(kind: WireComputeKind, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Settings as values of their types; raises Invalid naming the one that is wrong."""
    known = {setting["name"]: setting for setting in kind["settings"]}
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name not in known:
            near = did_you_mean(name, known)
            raise Invalid(f"a target of kind {kind['name']!r} has no setting {name!r}{near}")
        if known[name]["type"] == "lines":
            found.setdefault(name, []).extend(text.splitlines())
        elif name in found:
            raise Invalid(f"--set {name}=... is given twice")
        else:
            found[name] = _value(known[name], text)
    return found


def unique(pairs: Sequence[tuple[str, str]], option: str) -> Mapping[str, str]:
    """What was given as `K=V`, by key; Invalid for a key that is given twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, _ in pairs if [k for k, _ in pairs].count(key) > 1)
        raise Invalid(f"{option} {twice}=... is given twice")
    return found


def _value(setting: WireComputeSetting, text: str) -> Any:
    match setting["type"]:
        case "flag":
            if text.lower() not in _FLAGS:
                raise Invalid(f"{setting['name']}: {text!r} is neither true nor false")
            return _FLAGS[text.lower()]
        case "number":
            try:
                number = float(text)
            except ValueError:
                raise Invalid(f"{setting['name']}: {text!r} is no number") from None
            return int(number) if number.is_integer() else number
    return text
