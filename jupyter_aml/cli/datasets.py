"""The verbs of `jupyter aml data` that are about data sets."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking, codes
from jupyter_aml.domain.dataset import read_label
from jupyter_aml.sdk.core import Workspace
from jupyter_aml.widgets import datasets
from jupyter_aml.wire.datasets import WireDataset

_LABEL = "NAME[:VERSION]"
_MOST = 1_000


def add(verbs: asking.Verbs) -> None:
    """Declare the verbs and what each takes."""
    sets = verbs.add("sets", _sets, "list the newest version of each data set, or all of one")
    sets.add_argument("--name", metavar="NAME", help="all versions of this data set")
    _one(
        verbs.add("show", _show, "print a data set: its sources, steps and files, and who uses it")
    )
    preview = verbs.add("preview", _preview, "print the first rows, or the first files")
    _one(preview)
    preview.add_argument("-n", "--rows", type=int, default=10, metavar="N", help="default: 10")
    _one(verbs.add("changes", _changes, "print what has changed since it was registered"))
    remove = verbs.add("rm", _remove, "forget a version of a data set, or all; files stay")
    _one(remove)
    remove.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar=_LABEL, help="without a version the newest")


def _found(space: Workspace, text: str) -> WireDataset:
    return space.client.datasets.get(space.name, *read_label(text))


def _sets(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    client = space.client.datasets
    found = client.list(space.name) if args.name is None \
        else client.versions(space.name, args.name)  # fmt: skip
    rows = [datasets.row(each) for each in found]
    asking.answer(args, found, asking.table(datasets.HEADS, rows, "no data sets"))
    return codes.DONE


def _show(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    found = _found(space, args.dataset)
    place = found["workspace"], found["name"], found["version"]
    lineage = space.client.datasets.lineage(*place)
    asking.answer(args, {**found, "lineage": lineage}, datasets.describe(found, lineage))
    return codes.DONE


def _preview(args: argparse.Namespace) -> int:
    if not 1 <= args.rows <= _MOST:
        args.parser.error(f"--rows {args.rows} is not between 1 and {_MOST}")
    space = asking.workspace(args)
    seen = _found(space, args.dataset)
    place = seen["workspace"], seen["name"], seen["version"]
    found = space.client.datasets.preview(*place, rows=args.rows)
    for warning in found["warnings"]:
        asking.tell(f"warning: {warning}")
    heads = [each["name"] for each in found["columns"]]
    asking.answer(args, found, asking.table(heads, datasets.cells(found), "no rows"))
    return codes.DONE


def _changes(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    seen = _found(space, args.dataset)
    found = space.client.datasets.changes(seen["workspace"], seen["name"], seen["version"])
    asking.answer(args, found, datasets.changes(seen, found))
    return codes.DONE


def _remove(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    seen = _found(space, args.dataset)
    name, version = read_label(args.dataset)
    what = f"all versions of {name}" if version is None else f"{name}:{version}"
    if not args.yes and not asking.confirm(f"Forget data set {what}?"):
        asking.tell("nothing was forgotten")
        return codes.FAULT
    space.client.datasets.remove(seen["workspace"], name, version)
    gone = seen["versions"] if version is None else [version]
    asking.answer(args, {"name": name, "versions": gone}, f"forgot {what}; its files stay")
    return codes.DONE
