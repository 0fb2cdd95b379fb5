"""The files of models on this machine: fetched, or found where they were fetched to."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_aml.domain import model
from jupyter_aml.runfolder.layout import on_disk
from jupyter_aml.sdk._models.asking import as_v1, own_run
from jupyter_aml.sdk.exceptions import ModelNotFoundException, WebserviceException

if TYPE_CHECKING:
    from jupyter_aml.client import Client

CACHE = "azureml-models"
"""The folder, below the one where a script runs, that models are fetched into."""


def fetch(
    client: Client, workspace: str, name: str, version: str, target: Path, *, exist_ok: bool
) -> Path:
    """Fetch all files of a version into a folder; returns the file or folder that they are.

    Nothing is there before all of it is. Raises WebserviceException where a file is in the way,
    and where the engine finds that one is no longer what was registered.
    """
    with as_v1():
        told = client.models.files(workspace, name, version)
    paths = {file["path"]: target / on_disk(file["path"]) for file in told["files"]}
    in_the_way = next((path for path in paths.values() if path.exists()), None)
    if in_the_way is not None and not exist_ok:
        raise WebserviceException(
            f"{in_the_way} is there already; pass exist_ok=True to replace it"
        )
    unfinished = target / f".{os.getpid()}-{os.urandom(4).hex()}.part"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for number, path in enumerate(paths):
            unfinished.mkdir(exist_ok=True)
            with as_v1():
                client.models.save(workspace, name, version, path, unfinished / str(number))
        for number, place in enumerate(paths.values()):
            place.parent.mkdir(parents=True, exist_ok=True)
            (unfinished / str(number)).replace(place)
    except OSError as error:
        raise WebserviceException(
            f"cannot write model {name}:{version} to {target}: {error.strerror}"
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _note_use(workspace, name, version)
    return target / on_disk(told["root"])


def local(name: str, version: int | None) -> str:
    """Where a model lies that was fetched before, or that a service was given.

    Raises ModelNotFoundException with the places that were looked at.
    """
    looked: list[str] = []
    for base in _bases(name):
        numbers = _numbers(base) if version is None else [version]
        for number in numbers[:1]:
            place = base / str(number)
            looked.append(os.fspath(place))
            if place.is_dir():
                return os.fspath(_only(place))
        if not numbers:
            looked.append(os.fspath(base))
    if os.path.exists(name):
        return name
    raise ModelNotFoundException(
        f"model {name!r} is not on this machine: looked at {', '.join([*looked, f'./{name}'])}; "
        "name the workspace to fetch it from: Model.get_model_path(name, _workspace=ws)"
    )


def _bases(name: str) -> list[Path]:
    """The folders of a model's versions: of this script, and of the service that it is part of."""
    bases = [Path(CACHE, name)]
    given = os.environ.get("AZUREML_MODEL_DIR")
    if given:
        # That of one model is its version's folder, that of several what is above all.
        folder = Path(given)
        bases += [folder.parent] if folder.parent.name == name else [folder / name]
    return bases


def _numbers(base: Path) -> list[int]:
    """The versions that lie there, the newest first."""
    try:
        names = os.listdir(base)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((int(name) for name in names if name.isdecimal()), reverse=True)


def _only(place: Path) -> Path:
    there = [each for each in place.iterdir() if not each.name.endswith(".part")]
    if len(there) != 1:
        names = ", ".join(sorted(each.name for each in there)) or "nothing"
        raise WebserviceException(
            f"{place} must hold the one file or folder of a model, and holds {names}"
        )
    return there[0]


def _note_use(workspace: str, name: str, version: str) -> None:
    """Keep with the run that this script is that it has fetched a model."""
    if own_run(workspace) is None:
        return
    from jupyter_aml.domain.errors import AmlError
    from jupyter_aml.runfolder.layout import RunFolder
    from jupyter_aml.runfolder.records import RecordWriter

    key, at = f"{model.USED}{name}:{version}", time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    writer = RecordWriter(RunFolder(os.environ["AML_RUN_DIR"]).metrics)
    # What a run used is worth knowing, and no reason for it to fail.
    with contextlib.suppress(AmlError):
        writer.record("property", key, stamp, at)
    writer.close()
