"""`jupyter aml export`: runs as plain files and tables."""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from jupyter_aml.cli import asking, codes, metrics
from jupyter_aml.cli.ls import words
from jupyter_aml.cli.tables import harmless
from jupyter_aml.client import Client
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound, StorageFailed
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.runfolder.secrets import SECRETS
from jupyter_aml.sdk._run import filters
from jupyter_aml.sdk.core import Workspace
from jupyter_aml.wire.runs import WireRun

_RUN_COLUMNS = ("run", "workspace", "experiment", "number", "name", "status", "type", "parent",
                "created", "started", "ended", "target", "script", "arguments",
                "snapshot", "parameters", "metrics", "tags")  # fmt: skip
_POINT_COLUMNS = ("run", "name", "step", "time", "value")
_KINDS: dict[str, str] = {"number": "int64", "step": "float64", "time": "float64",
                          "value": "float64"}  # fmt: skip
_EPILOG = """\
DEST gets runs.parquet (a row a run), metrics.parquet (a row a point: run, name, step, time, value)
and below runs/ the folder of each run. Such a folder copied to workspaces/default/runs/ of another
root appears there after `jupyter aml reindex`.

  jupyter aml export digits#3 there
  jupyter aml export --experiment digits --format csv there
  jupyter aml export --filter 'status:completed rmse<50' there
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.usage = "%(prog)s [options] [RUN...] DEST"
    parser.epilog = _EPILOG
    asking.options(parser)
    parser.add_argument("words", nargs="+", metavar="[RUN...] DEST", help="runs, and a new folder")
    parser.add_argument("--experiment", metavar="NAME", help="all runs of an experiment")
    parser.add_argument("--filter", metavar="WORDS", help="all runs that `ls` finds by these")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--tables-only", action="store_true", help="no folders of runs")
    parser.set_defaults(parser=parser, several="words")


def run(args: argparse.Namespace) -> int:
    """Write the folder, whole or not at all."""
    *texts, target = args.words
    by_query = args.experiment is not None or args.filter is not None
    if bool(texts) == by_query:
        args.parser.error("name runs before DEST, or choose them by --experiment or --filter")
    writer = _parquet if args.format == "parquet" else _csv
    if args.format == "parquet":
        _pyarrow()
    place = Path(target).absolute()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise AlreadyExists(f"{place} is there already: name a new folder")
    space = asking.workspace(args)
    found = _queried(space, args) if by_query else _named(space, texts)
    if not found:
        raise NotFound("no run was found to export")
    unfinished = place.with_name(f".{place.name}.part-{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        writer(unfinished / "runs", _RUN_COLUMNS, [[_run(seen) for seen in found]])
        batches = (_points(space.client, seen) for seen in found)
        writer(unfinished / "metrics", _POINT_COLUMNS, batches)
        if not args.tables_only:
            _copy(space, found, unfinished / "runs")
        if place.is_dir():
            place.rmdir()
        unfinished.rename(place)
    except OSError as error:
        raise StorageFailed(f"cannot write {place}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    told = {"folder": str(place), "runIds": [seen["runId"] for seen in found]}
    many = "1 run" if len(found) == 1 else f"{len(found)} runs"
    asking.answer(args, told, f"{many} in {place}")
    return codes.DONE


def _named(space: Workspace, texts: Sequence[str]) -> list[WireRun]:
    return [each.look() for each in asking.meant(space, texts)]


def _queried(space: Workspace, args: argparse.Namespace) -> list[WireRun]:
    query: dict[str, Any] = {"filter": words([args.filter or ""], children=True) or None}
    if args.experiment is not None:
        query["experiment"] = args.experiment
    pages = filters.pages(space.client, workspace=space.name, **query)
    return [seen for page in pages for seen in page["runs"]]


# ---- tables ---------------------------------------------------------------------------------

Rows = list[list[Any]]


def _run(seen: WireRun) -> list[Any]:
    return [
        seen["runId"], seen["workspace"], seen["experiment"], seen["number"], seen["displayName"],
        seen["status"], seen["type"], seen["parentId"], seen["createdAt"], seen["startedAt"],
        seen["endedAt"], seen["target"], seen["script"], _text(seen["arguments"]),
        seen["snapshotId"], *(_text(seen[name]) for name in ("parameters", "metrics", "tags")),
    ]  # fmt: skip


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _points(client: Client, seen: WireRun) -> Rows:
    found = client.runs.metrics(seen["runId"], points=0)
    return [[seen["runId"], *point] for point in metrics.points(found)]


def _csv(path: Path, columns: Sequence[str], batches: Any) -> None:
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for rows in batches:
            writer.writerows(map(harmless, rows))


def _parquet(path: Path, columns: Sequence[str], batches: Any) -> None:
    arrow, parquet = _pyarrow()
    schema = arrow.schema([(name, _KINDS.get(name, "string")) for name in columns])
    with parquet.ParquetWriter(path.with_suffix(".parquet"), schema) as writer:
        for rows in batches:
            # One run at a time: a million points of each would not fit all at once.
            held = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
            writer.write_table(arrow.table(held, schema=schema))


def _pyarrow() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise Invalid(
            "Parquet needs pyarrow, which this Python does not have: pip install pyarrow, "
            "or say --format csv"
        ) from None


# ---- folders --------------------------------------------------------------------------------


def _copy(space: Workspace, found: Sequence[WireRun], target: Path) -> None:
    runs = Path(space.client.status()["root"]) / "workspaces" / space.name / "runs"
    for seen in found:
        if not RunStatus(seen["status"]).is_final:
            asking.tell(f"{seen['runId']} is {seen['status']}: its folder is copied as it is now")
        folder = runs / seen["runId"]
        if folder.is_dir():
            _copy_folder(folder, target / seen["runId"])
        else:
            # The engine is on another machine, or in a container.
            _fetch_folder(space.client, seen["runId"], target)


def _fetch_folder(client: Client, run_id: str, target: Path) -> None:
    target.mkdir(exist_ok=True)
    packed = target / f".{run_id}.zip"
    try:
        client.runs.archive(run_id, "run", packed)
        # It makes no file outside of the folder, whatever the names are.
        with ZipFile(packed) as archive:
            archive.extractall(target / run_id)
    except BadZipFile as error:
        raise StorageFailed(f"the folder of {run_id} did not arrive whole: {error}") from None
    finally:
        packed.unlink(missing_ok=True)


def _copy_folder(folder: Path, target: Path) -> None:
    try:
        # Links stay links: what they lead to is not the run's.
        shutil.copytree(folder, target, symlinks=True, ignore=_left_out)
    except shutil.Error as error:
        source, _, why = error.args[0][0]
        raise StorageFailed(f"cannot copy {source}: {why}") from None


def _left_out(folder: str, names: list[str]) -> set[str]:
    """Secrets, and what is neither a file nor a folder, such as a pipe that a script has left."""
    paths = {name: Path(folder, name) for name in names}
    there = {
        name for name, path in paths.items() if path.is_symlink() or path.is_file() or path.is_dir()
    }
    # A script may have a file of that name, too.
    own = {SECRETS} if "run.json" in names else set[str]()
    return {*names} - there | own
