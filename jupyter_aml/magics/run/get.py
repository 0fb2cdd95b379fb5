"""`%aml get`: one metric, parameter or file of a run, by its name."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from IPython.core.error import UsageError

from jupyter_aml.domain.near import near
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk.core import Run

_ARTIFACT = "aml://artifact/"
_LARGEST = 50_000_000
_PICTURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}


class Get(Verb):
    """Return one thing of a run: a metric, a parameter, or the content of a file.

    JSON files come as Python values, pictures as pictures, text as text, all else as bytes.
    """

    name = "get"
    usage = "RUN NAME"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.name_run()
        parser.add_argument(
            "thing",
            type=parser.text,
            metavar="NAME",
            help="a metric, a parameter, or a file such as outputs/model.pkl",
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs, then names of metrics and parameters of that run."""
        if not before:
            return self.session.run_names()
        if len(before) > 1:
            return []
        meant = self.session.names.get(before[0])
        if before[0] == "last":
            meant = self.session.last
        start = meant.id if isinstance(meant, Run) else before[0]
        for run in self.session.cache.get().runs:
            numbers = (f"#{run['number']}", f"{run['experiment']}#{run['number']}")
            if run["runId"].startswith(start) or start in numbers:
                return [*run["metrics"], *run["parameters"]]
        return []

    def __call__(self, args: Namespace, cell: str) -> Any:
        """Look among metrics, parameters and files, in this order."""
        run = self.session.find(args.run)
        metrics = run.get_metrics()
        if args.thing in metrics:
            return _picture_or_value(run, metrics[args.thing])
        parameters = run.look()["parameters"]
        if args.thing in parameters:
            return parameters[args.thing]
        files = {file["name"]: file for file in run.client.runs.files(run.id)["files"]}
        if args.thing not in files:
            raise UsageError(_unknown(args.thing, run, {**metrics, **parameters, **files}))
        if files[args.thing]["size"] > _LARGEST:
            raise UsageError(
                f"{args.thing!r} has {files[args.thing]['size']:,} bytes: "
                f"fetch it with run.download_file({args.thing!r})"
            )
        return content(args.thing, run.client.runs.file(run.id, args.thing))


def content(name: str, data: bytes) -> Any:
    """Return what the file holds, as what it is; nothing is ever unpickled."""
    for mark, kind in _PICTURES.items():
        if data.startswith(mark):
            from IPython import display

            picture: Any = display.Image
            return picture(data=data, format=kind)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    if "\0" in text:
        return data
    if name.endswith(".json"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _picture_or_value(run: Run, value: Any) -> Any:
    # An image is logged as a file, and its metric names it.
    if isinstance(value, str) and value.startswith(_ARTIFACT):
        name = value.removeprefix(_ARTIFACT)
        return content(name, run.client.runs.file(run.id, name))
    return value


def _unknown(name: str, run: Run, known: Iterable[str]) -> str:
    close = near(name, known, 2)
    did = f"; did you mean {' or '.join(close)}?" if close else ""
    names = sorted(known)
    listed = "" if close or not names else f"; it has {', '.join(names[:10])}"
    return f"run {run.id} has no metric, parameter or file {name[:80]!r}{did}{listed}"
