"""`jupyter aml files`: the files of a run, listed and fetched."""

from __future__ import annotations

import argparse
from pathlib import Path

from jupyter_aml.cli import asking, codes
from jupyter_aml.domain.errors import NotFound, StorageFailed
from jupyter_aml.domain.near import near
from jupyter_aml.runfolder.layout import on_disk
from jupyter_aml.runfolder.names import printable
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.widgets.plain import size

_HEADS = ("File", "Size")
_EPILOG = """\
  jupyter aml files last
  jupyter aml files last get outputs/model.pkl .
  jupyter aml files last get-all copy --prefix outputs/
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.usage = "%(prog)s [options] RUN [get NAME DEST | get-all DEST]"
    parser.epilog = _EPILOG
    asking.options(parser)
    asking.name_run(parser)
    parser.add_argument("--prefix", default="", help="only names that begin so")
    parser.add_argument("words", nargs="*", metavar="get NAME DEST | get-all DEST")
    parser.set_defaults(parser=parser, several="words")


def run(args: argparse.Namespace) -> int:
    """List them, or fetch one or all."""
    words: list[str] = args.words
    match words:
        case []:
            found = asking.one(args)
            files = found.client.runs.files(found.id, prefix=args.prefix)["files"]
            rows = [[file["name"], size(file["size"])] for file in files]
            asking.answer(args, files, asking.table(_HEADS, rows, "no files"))
        case ["get", name, target]:
            _answer(args, [_get(asking.one(args), name, Path(target))])
        case ["get-all", folder]:
            found = asking.one(args)
            files = found.client.runs.files(found.id, prefix=args.prefix)["files"]
            _answer(args, [_save(found, file["name"], Path(folder, on_disk(file["name"])))
                           for file in files])  # fmt: skip
        case _:
            args.parser.error("say `get NAME DEST`, `get-all DEST`, or nothing for a list")
    return codes.DONE


def _answer(args: argparse.Namespace, written: list[Path]) -> None:
    paths = [printable(str(path)) for path in written]
    asking.answer(args, paths, "\n".join(paths) or "no files")


def _get(run: Run, name: str, target: Path) -> Path:
    if target.is_dir():
        target = target / on_disk(name).rpartition("/")[2]
    try:
        return _save(run, name, target)
    except NotFound:
        known = [file["name"] for file in run.client.runs.files(run.id)["files"]]
        close = near(name, known, 2)
        did = f"; did you mean {' or '.join(close)}?" if close else ""
        raise NotFound(f"run {run.id} has no file {name[:120]!r}{did}") from None


def _save(run: Run, name: str, target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        run.client.runs.save(run.id, name, target)
    except OSError as error:
        raise StorageFailed(f"cannot write {target}: {error.strerror}") from None
    return target
