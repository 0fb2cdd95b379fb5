"""`jupyter aml models`: models, from the shell."""

from __future__ import annotations

import argparse
import contextlib
import sys

from jupyter_aml.cli import asking, codes, register
from jupyter_aml.sdk._models import references
from jupyter_aml.sdk.core import Workspace
from jupyter_aml.sdk.core.model import Model
from jupyter_aml.widgets import models
from jupyter_aml.widgets.plain import size
from jupyter_aml.wire.models import WireModel

_MOST = 10_000
_PLAIN = {
    "name": None, "tag": None, "run": None, "all": False, "limit": 50, "workspace": None,
    "json": False,
}  # fmt: skip
"""What `ls` is asked where no verb is said."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what each takes."""
    verbs = asking.Verbs(parser, otherwise={"do": _ls, **_PLAIN})
    ls = verbs.add("ls", _ls, "list the newest version of each model, or versions of one")
    ls.add_argument("--name", metavar="NAME", help="all versions of this model")
    ls.add_argument("-t", "--tag", action="append", metavar="K[=V]", help="that have this tag")
    ls.add_argument("--run", metavar="RUN", help="that this run registered")
    ls.add_argument("--all", action="store_true", help="all versions of all models")
    ls.add_argument("--limit", type=int, default=50, metavar="N", help="how many; default: 50")
    _one(verbs.add("show", _show, "print a model, its files, and what made and uses it"))
    add = verbs.add("register", _register, "register a file or folder of this machine")
    add.add_argument("path", metavar="PATH", help="a file or folder")
    register.describe(add)
    download = verbs.add("download", _download, "fetch the files of a model")
    _one(download)
    download.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="default: .")
    download.add_argument("--force", action="store_true", help="replace files that are there")
    alias = verbs.add("alias", _alias, "give a version a name, or take it away")
    _one(alias)
    alias.add_argument("alias", metavar="ALIAS", help="such as champion")
    alias.add_argument("--remove", action="store_true", help="take it away")
    remove = verbs.add("rm", _remove, "delete a version of a model, or all")
    _one(remove)
    remove.add_argument("-y", "--yes", action="store_true", help="do not ask")
    prune = verbs.add("prune", _prune, "remove contents of deleted models that nobody needs")
    prune.add_argument("--dry-run", action="store_true", help="say how much would go, and keep it")


def run(args: argparse.Namespace) -> int:
    """Do what the inner verb says."""
    return int(args.do(args))


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar=references.FORM, help="without a version the newest")


def _found(space: Workspace, text: str) -> WireModel:
    return space.client.models.get(space.name, *references.read(text))


def _ls(args: argparse.Namespace) -> int:
    if not 1 <= args.limit <= _MOST:
        args.parser.error(f"--limit {args.limit} is not between 1 and {_MOST}")
    space = asking.workspace(args)
    is_narrow = args.all or args.name is not None or args.run is not None
    page = space.client.models.page(
        space.name,
        name=args.name,
        tag=args.tag,
        run=None if args.run is None else asking.one(args).id,
        newest=None if is_narrow else 1,
        limit=args.limit,
    )
    hidden = page["total"] - len(page["models"])
    if hidden:
        asking.tell(f"and {hidden} more (--limit N shows them)")
    rows = [models.row(each) for each in page["models"]]
    asking.answer(args, page["models"], asking.table(models.HEADS, rows, "no models"))
    return codes.DONE


def _show(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    model = _found(space, args.model)
    place = model["workspace"], model["name"], model["version"]
    files, lineage = space.client.models.files(*place), space.client.models.lineage(*place)
    told = {**model, "files": files["files"], "lineage": lineage}
    asking.answer(args, told, models.describe(model, files, lineage))
    return codes.DONE


def _register(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    with contextlib.redirect_stdout(sys.stderr):  # SDK v1 says what it does, which is no answer.
        model = Model.register(space, args.path, args.model, **register.said(args))  # type: ignore[arg-type]
    return register.answer(args, model)


def _download(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    model = Model._from_wire(space, _found(space, args.model))
    place = model.download(args.folder, exist_ok=args.force)
    asking.answer(args, {"id": model.id, "path": place}, place)
    return codes.DONE


def _alias(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    model = _found(space, args.model)
    if args.remove:
        space.client.models.remove_alias(space.name, model["name"], args.alias)
        told = f"{model['name']} has no alias {args.alias} any more"
    else:
        space.client.models.alias(space.name, model["name"], model["version"], args.alias)
        told = f"{model['name']}@{args.alias} is {model['id']}"
    asking.answer(args, _found(space, model["id"]), told)
    return codes.DONE


def _remove(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    model = _found(space, args.model)
    name, wanted = references.read(args.model)
    version = None if wanted is None else model["version"]
    what = f"all versions of {name}" if version is None else model["id"]
    if not args.yes and not asking.confirm(f"Delete model {what}?"):
        asking.tell("nothing was deleted")
        return codes.FAULT
    space.client.models.remove(space.name, name, version)
    asking.answer(args, {"name": name, "version": version}, f"deleted {what}")
    return codes.DONE


def _prune(args: argparse.Namespace) -> int:
    gone = asking.workspace(args).client.models.prune(dry_run=args.dry_run)
    verb = "would remove" if args.dry_run else "removed"
    many = "1 content" if gone["count"] == 1 else f"{gone['count']:,} contents"
    asking.answer(args, gone, f"{verb} {many}, {size(gone['size'])}")
    return codes.DONE
