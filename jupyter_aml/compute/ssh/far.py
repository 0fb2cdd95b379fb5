"""A job as it is told to another machine: its folder there, its words, its variables."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from jupyter_aml.compute.attempt import records, shim_words
from jupyter_aml.compute.protocol import ANY_PYTHON, BackendJob, Handle
from jupyter_aml.compute.ssh.sending import Parcel
from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.domain.run import RANKS
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import read_plain

_OF_THIS_MACHINE = frozenset({"AML_SOCKET", "AML_ROOT"})
"""Variables that name what is reached from here alone."""


def handle(backend: str, job: BackendJob) -> Handle:
    """What finds the job again, here and there."""
    folder = RunFolder(job.folder.absolute())
    # Two roots may have runs of the same id, and a root may have been copied.
    where = hashlib.sha256(f"{job.root}\0{folder.path}".encode()).hexdigest()[:16]
    place = f"runs/{where}/{folder.path.name}"
    return Handle(backend=backend, data={**records(job), "folder": place})


def translated(
    job: BackendJob, folder: str, home: str, runtime: tuple[Parcel, Path] | None
) -> dict[str, Any]:
    """The words of the shim and the variables of the script, with the paths that hold there.

    `pythons` are the words in whose place the Python of that machine comes.
    """
    changes = [(str(job.folder.absolute()), folder)]
    if runtime is not None:
        changes.append((str(runtime[1]), f"{home}/{runtime[0].place}"))

    def there(text: str) -> str:
        for old, new in changes:
            text = _moved(text, old, new)
        return text

    words = [there(word) for word in shim_words(job)]
    environment = {
        name: there(value)
        for name, value in job.environment.items()
        if name not in _OF_THIS_MACHINE
    }
    first = words.index("--") + 1
    return {
        "words": words,
        "pythons": [first + place for place in _pythons(job)],
        "environment": environment,
    }


def data(job: BackendJob, folder: str) -> str | None:
    """Inputs and outputs of a run with the places that they have there; None without any."""
    here = RunFolder(job.folder.absolute())
    try:
        told = json.loads(read_plain(here.data))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StorageFailed(f"cannot read {here.data}: {error}") from error
    for each in (*told.get("inputs", ()), *told.get("outputs", ())):
        if each.get("place"):
            each["place"] = _moved(each["place"], str(here.path), folder)
    return json.dumps(told)


def _pythons(job: BackendJob) -> list[int]:
    """Which words of its command stand for the Python of the machine."""
    if job.interpreter != ANY_PYTHON:
        return []
    if job.command[1:3] != ("-m", RANKS):
        return [0]
    # It starts the processes of a run, each by the command behind it.
    return [0, job.command.index("--") + 1]


def _moved(text: str, old: str, new: str) -> str:
    """The text with each path below `old` below `new` instead."""
    parts = text.split(old)
    moved = parts[0]
    for part in parts[1:]:
        is_whole = not part or part[0] in f"/{os.pathsep}\"' ,;)]"
        moved += (new if is_whole else old) + part
    return moved
