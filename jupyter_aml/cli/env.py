"""`jupyter aml env`: environments, from the shell."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from jupyter_aml.cli import asking
from jupyter_aml.client.builds import Build
from jupyter_aml.client.packages import compare
from jupyter_aml.domain import specification
from jupyter_aml.domain.environment import environment_name, read_label
from jupyter_aml.domain.errors import AmlError, Invalid
from jupyter_aml.sdk._core.files import text_of
from jupyter_aml.sdk.core import Workspace
from jupyter_aml.widgets import environments
from jupyter_aml.widgets.plain import clean, size
from jupyter_aml.wire.environments import WireEnvironment

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]i?)?B?\Z", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_LABEL = "NAME[:VERSION]"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what each takes."""
    verbs = asking.Verbs(parser)
    verbs.add("ls", _ls, "list the newest version of each environment")
    _one(verbs.add("show", _show, "print an environment and its definition"))
    build = verbs.add("build", _build, "build an environment and wait for it")
    _one(build)
    build.add_argument("--again", action="store_true", help="resolve it anew")
    waits = build.add_mutually_exclusive_group()
    waits.add_argument("--detach", action="store_true", help="start, and do not wait")
    waits.add_argument("-v", "--verbose", action="store_true", help="the whole log, on stderr")
    _one(verbs.add("lock", _lock, "print what exactly is in a built environment"))
    diff = verbs.add("diff", _diff, "print how the packages of two environments differ")
    diff.add_argument("before", metavar=_LABEL)
    diff.add_argument("after", metavar=_LABEL)
    remove = verbs.add("rm", _remove, "delete a version of an environment, or all")
    _one(remove)
    remove.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add = verbs.add("add", _add, "register an environment from a file")
    add.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a conda specification (.yml), requirements (.txt), or a definition (.json)",
    )
    add.add_argument("--name", help="default: what the file says, else its own name")
    prune = verbs.add("prune", _prune, "remove what was built and is not used; definitions stay")
    prune.add_argument("--older-than", type=asking.days, metavar="30d", help="not used for so long")
    prune.add_argument("--keep", type=_bytes, metavar="5GB", help="the oldest until all takes less")
    prune.add_argument("--dry-run", action="store_true", help="say what would go, and keep it")


def run(args: argparse.Namespace) -> int:
    """Do what the inner verb says."""
    return int(args.do(args))


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("environment", metavar=_LABEL, help="without a version the newest")


def _found(space: Workspace, label: str) -> WireEnvironment:
    return space.client.environments.get(space.name, *read_label(label))


def _ls(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    found = space.client.environments.list(space.name)
    rows = [environments.row(each) for each in found]
    asking.answer(args, found, asking.table(environments.HEADS, rows, "no environments"))
    return 0


def _show(args: argparse.Namespace) -> int:
    found = _found(asking.workspace(args), args.environment)
    asking.answer(args, found, environments.describe(found))
    return 0


def _build(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    found = _found(space, args.environment)
    build, progress = Build(space.client, found), asking.Progress()
    try:
        state = build.start(again=args.again)
        if not args.detach:
            state = build.follow(progress.say, _log if args.verbose else None)
    except KeyboardInterrupt:
        progress.clear()
        asking.tell(f"the build of {build.label} goes on")
        raise
    progress.clear()
    for warning in state["warnings"]:
        asking.tell(f"warning: {warning}")
    if args.json:
        print(json.dumps(state, indent=2))
    if state["state"] not in ("ready", "building"):
        reason = state["reason"] or "the engine ended before it was done; build it again"
        raise AmlError(f"environment {build.label} could not be built: {reason}")
    if not args.json:
        told = state["interpreter"] or state["image"] or state["reason"] or ""
        print(clean(f"{build.label}: {state['state']}  {told}".rstrip()))
    return 0


def _log(text: str) -> None:
    print(clean(text), end="", file=sys.stderr, flush=True)


def _lock(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    found = _found(space, args.environment)
    lock = space.client.environments.lock(space.name, found["name"], found["version"])
    listed = "\n".join(f"{each['name']}=={each['version']}" for each in lock["packages"])
    asking.answer(args, lock, (lock["text"] or listed).rstrip("\n"))
    return 0


def _diff(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    one, other = _found(space, args.before), _found(space, args.after)
    compared = compare(space.client, one, other)
    found = compared.difference
    if compared.unbuilt:
        asking.tell(f"these are {compared.what}")
    told = {"added": found.added, "removed": found.removed, "changed": found.changed,
            "unbuilt": compared.unbuilt}  # fmt: skip
    asking.answer(args, told, "\n".join(found.lines()) or "no package differs")
    return 0


def _remove(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    name, version = read_label(args.environment)
    found = _found(space, args.environment)
    what = args.environment
    if version is None and len(found["versions"]) > 1:
        what = f"{name} with its {len(found['versions'])} versions"
    used = f", used by {environments.used_by(found)}" if found["runs"] else ""
    if not args.yes and not asking.confirm(f"Delete environment {what}{used}?"):
        asking.tell("nothing was deleted")
        return 1
    space.client.environments.remove(space.name, name, version)
    gone = found["versions"] if version is None else [version]
    asking.answer(args, {"name": name, "versions": gone}, f"deleted {what}")
    return 0


def _add(args: argparse.Namespace) -> int:
    body = _asked(args.file, args.name)
    space = asking.workspace(args)
    made = space.client.environments.add({"workspace": space.name, **body})
    for warning in made["warnings"]:
        asking.tell(f"warning: {warning}")
    asking.answer(args, made, f"{made['name']}:{made['version']}")
    return 0


def _asked(path: Path, name: str | None) -> dict[str, Any]:
    """What to register; raises Invalid naming the file, with line and column where one is known."""
    text = text_of(path)
    kind = path.suffix.lower()
    if kind == ".txt":
        return {"name": _named(path, name, None), "specification": text, "format": "pip"}
    if kind in (".yml", ".yaml"):
        said = specification.conda_yaml(text, name=str(path)).get("name")
        return {"name": _named(path, name, said), "specification": text, "format": "conda"}
    if kind == ".json":
        definition = _definition(path, text)
        return {"definition": {**definition, "name": _named(path, name, definition.get("name"))}}
    raise Invalid(f"{path}: expected a file that ends in .yml, .yaml, .txt or .json")


def _definition(path: Path, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid(f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Invalid(f"{path} is not the definition of an environment: expected an object")
    return found


def _named(path: Path, given: str | None, said: Any) -> str:
    return environment_name(given or said or path.stem)


def _prune(args: argparse.Namespace) -> int:
    if args.older_than is None and args.keep is None:
        args.parser.error("say what to remove: --older-than 30d, --keep 5GB, or both")
    asked = {"olderThanDays": args.older_than, "keepBytes": args.keep, "dryRun": args.dry_run}
    given = {name: value for name, value in asked.items() if value is not None}
    found = asking.workspace(args).client.environments.prune(given)
    verb = "would remove" if args.dry_run else "removed"
    count = len(found["keys"])
    many = "1 built environment" if count == 1 else f"{count} built environments"
    told = [*found["keys"], f"{verb} {many}, {size(found['size'])}"]
    asking.answer(args, found, "\n".join(told))
    return 0


def _bytes(text: str) -> int:
    found = _AMOUNT.match(text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount: write 500MB or 5GB")
    unit = (found[2] or "").lower()
    step = 1024 if unit.endswith("i") else 1000
    return int(float(found[1]) * step ** _POWERS[unit.rstrip("i")])
