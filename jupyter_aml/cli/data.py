"""`jupyter aml data`: datastores with their files, and data sets, from the shell."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from jupyter_aml.cli import asking, codes, datasets
from jupyter_aml.sdk._data import transfer
from jupyter_aml.sdk._named import places
from jupyter_aml.widgets import datastores


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what each takes."""
    verbs = asking.Verbs(parser)
    ls = verbs.add("ls", _ls, "list the datastores, or the files of one")
    ls.add_argument(
        "place", nargs="?", metavar=places.FORM, help=f"{places.HELP}; `*` and `**` work"
    )
    upload = verbs.add("upload", _upload, "copy files or a folder to a datastore")
    upload.add_argument("source", nargs="+", metavar="SOURCE", help="a folder, or files")
    upload.add_argument("place", metavar=places.FORM, help=places.HELP)
    download = verbs.add("download", _download, "copy files of a datastore into a folder")
    download.add_argument("place", metavar=places.FORM, help=places.HELP)
    download.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="default: .")
    for verb in (upload, download):
        verb.add_argument("--force", action="store_true", help="replace files that are there")
        verb.add_argument("-q", "--quiet", action="store_true", help="do not name each file")
    datasets.add(verbs)


def run(args: argparse.Namespace) -> int:
    """Do what the inner verb says."""
    return int(args.do(args))


def _ls(args: argparse.Namespace) -> int:
    space = asking.workspace(args)
    if args.place is None:
        stores = space.client.datastores.list(space.name)
        rows = [datastores.row(each) for each in stores]
        asking.answer(args, stores, asking.table(datastores.HEADS, rows, "no datastores"))
        return codes.DONE
    found = places.entries(space, args.place)
    rows = [datastores.file_row(each) for each in found]
    table = asking.table(datastores.FILE_HEADS, rows, "no files")
    asking.answer(args, [asdict(each) for each in found], table)
    return codes.DONE


def _upload(args: argparse.Namespace) -> int:
    store, path = places.place(asking.workspace(args), args.place)
    target = transfer.target_path(path)
    if len(args.source) == 1 and os.path.isdir(args.source[0]):
        pairs = transfer.below(args.source[0], target)
    else:
        pairs = transfer.chosen(args.source, None, target)
    count = transfer.upload(store._store(), pairs, overwrite=args.force, say=_say(args))
    return _done(args, count)


def _download(args: argparse.Namespace) -> int:
    store, path = places.place(asking.workspace(args), args.place)
    files = store._store()
    found = transfer.matching(files, path)
    folder = Path(args.folder)
    count = transfer.download(files, found, folder, overwrite=args.force, say=_say(args))
    return _done(args, count)


def _say(args: argparse.Namespace) -> transfer.Say:
    return (lambda line: None) if args.quiet or args.json else asking.tell


def _done(args: argparse.Namespace, count: int) -> int:
    what = "1 file" if count == 1 else f"{count} files"
    asking.answer(args, {"files": count}, f"{what} copied")
    return codes.DONE
