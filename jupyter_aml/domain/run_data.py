"""What a run reads and writes besides its own folder: named inputs and outputs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_aml.domain.errors import Invalid

DIRECT, DOWNLOAD, MOUNT, UPLOAD = "direct", "download", "mount", "upload"
INPUT_MODES = (DIRECT, DOWNLOAD, MOUNT)
OUTPUT_MODES = (MOUNT, UPLOAD)
VARIABLE = "AZUREML_DATAREFERENCE_"
"""How the variable begins that tells a script where an input or output lies; its name follows."""
READ, WRITTEN = "aml.dataset.", "aml.written."
"""How the properties of a run begin that name the registered data sets it reads and has written."""
DEFAULT_STORE = "workspaceblobstore"
DEFAULT_DESTINATION = "dataset/{run-id}/{output-name}"
MOST = 1_000
"""Inputs and outputs of one run."""

_OF_OTHERS = ("AML_", "AZUREML_", "PYTHON", "LD_", "DYLD_")
"""How variables begin that say something to Python, to the system or to us."""

_NAME = re.compile(r"[A-Za-z0-9_]{1,200}\Z")
_CONFIG = re.compile(r"(?:DatasetConsumptionConfig|DatasetOutputConfig):([A-Za-z0-9_]+)")
_PLACEHOLDER = re.compile(
    rf"{_CONFIG.pattern}"
    r"|\$\{?AZUREML_DATAREFERENCE_([A-Za-z0-9_]+)\}?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A data set, or a path of a datastore, that is there before the script starts."""

    name: str
    mode: str = DIRECT
    dataset: str | None = None
    """The name of a registered data set."""
    version: str | None = None
    """Its version; None means the newest one, until the run is made."""
    definition: Mapping[str, Any] | None = None
    """The data set itself; with a name besides, it is what is registered under that."""
    datastore: str | None = None
    """The datastore of a reference to a path, in place of a data set."""
    path: str = ""
    path_on_compute: str | None = None
    place: str | None = None
    """Where the script finds it, or the id of a data set it reads itself; once it is ready."""
    behind: tuple[str, ...] = ()
    """Folders of this machine that its files are links into."""

    @property
    def is_reference(self) -> bool:
        """Whether it is a path of a datastore, and no data set."""
        return self.datastore is not None

    @property
    def shown(self) -> str:
        """What it is, for people: `titanic:3`, a path of a datastore, or the sources."""
        if self.datastore is not None:
            return f"{self.datastore}/{self.path}"
        if self.dataset is not None:
            return self.dataset if self.version is None else f"{self.dataset}:{self.version}"
        sources = [str(each.get("path")) for each in (self.definition or {}).get("sources", ())]
        return ", ".join(sources[:3]) + (" and more" if len(sources) > 3 else "")

    @property
    def inside(self) -> str | None:
        """The path below the working folder where it shall be; None where it has none."""
        path = self.path_on_compute
        return None if path is None or path.startswith("/") else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The data set that an output becomes once its run has completed."""

    name: str
    kind: str = "file"
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A folder of the script whose files go to a path of a datastore."""

    name: str
    mode: str = MOUNT
    datastore: str = DEFAULT_STORE
    path: str = DEFAULT_DESTINATION
    is_reference: bool = False
    """Whether it is the reference to a path of a datastore that SDK v1 uploaded to."""
    path_on_compute: str | None = None
    """The folder or file of the working folder that is uploaded, where the script names it."""
    overwrite: bool = False
    globs: tuple[str, ...] = ()
    """Which files are uploaded; none means all."""
    register: Registration | None = None
    place: str | None = None
    """Where the script writes; once it is ready."""
    files: int | None = None
    """How many files came to the datastore; once the run has ended."""
    dataset: str | None = None
    """The data set it has become, and its version."""
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """All inputs and outputs of a run."""

    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.inputs or self.outputs)

    @property
    def places(self) -> dict[str, str]:
        """Where each lies that is ready, by name."""
        every: tuple[Input | Output, ...] = (*self.inputs, *self.outputs)
        return {each.name: each.place for each in every if each.place is not None}


NOTHING = RunData()


def properties(data: RunData) -> dict[str, str]:
    """What a run says of the registered data sets that it reads and has written.

    `aml.dataset.<name>` is the version; where a run reads or writes several of one name, the
    others stand under `<name>:<version>`.
    """
    said: dict[str, str] = {}
    for prefix, uses in ((READ, data.inputs), (WRITTEN, data.outputs)):
        for each in uses:
            if each.dataset is not None:
                first = said.setdefault(f"{prefix}{each.dataset}", str(each.version))
                if first != str(each.version):
                    said[f"{prefix}{each.dataset}:{each.version}"] = str(each.version)
    return said


def names(said: Mapping[str, str], prefix: str, name: str, version: str) -> bool:
    """Whether these properties say that a run reads, or has written, a version of a data set."""
    return said.get(f"{prefix}{name}") == version or f"{prefix}{name}:{version}" in said


def check(data: RunData) -> None:
    """Raise Invalid for names that are none or twice, and for paths that lead out."""
    every: tuple[Input | Output, ...] = (*data.inputs, *data.outputs)
    if len(every) > MOST:
        raise Invalid(f"these are {len(every):,} inputs and outputs, and there may be {MOST:,}")
    seen: set[str] = set()
    for each in every:
        check_name(each.name)
        if each.name in seen:
            raise Invalid(
                f"two inputs or outputs are called {each.name!r}; give each a name of its own"
            )
        seen.add(each.name)
        if each.path_on_compute is not None:
            is_told = isinstance(each, Input)
            check_path_on_compute(each.name, each.path_on_compute, may_be_absolute=is_told)


def check_name(name: str) -> None:
    """Raise Invalid for what cannot be the name of a variable."""
    if not _NAME.match(name):
        meant = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:100]
        raise Invalid(
            f"{name[:120]!r} cannot be the name of an input or output, for it names a variable: "
            f"use letters, digits and '_', such as {meant or 'data'!r}"
        )


def check_path_on_compute(name: str, path: str, *, may_be_absolute: bool = False) -> None:
    """Raise Invalid for a path that does not lie inside the working folder of a run.

    That of an input `may_be_absolute`: it is the mount point of a machine of its own, and where
    runs share one, the script is told another path.
    """
    parts = path.replace("\\", "/").split("/")
    if may_be_absolute and path.startswith("/") and ".." not in parts and "\0" not in path:
        return
    if path.startswith(("/", "~")) or (len(parts[0]) == 2 and parts[0][1] == ":"):
        raise Invalid(
            f"path_on_compute={path!r} of {name!r}: give it relative to the folder in which the "
            "script runs"
        )
    if ".." in parts or not path or "\0" in path or not any(part.strip(".") for part in parts):
        raise Invalid(
            f"path_on_compute={path!r} of {name!r} does not lie below the folder in which the "
            "script runs"
        )


def command(words: Sequence[str], places: Mapping[str, str]) -> tuple[str, ...]:
    """A command with the place of each input and output that it names."""
    if tuple(words[:2]) == ("/bin/sh", "-c"):
        # A line for the shell: it knows the variables itself, and reads a place as one word.
        quoted = {name: shlex.quote(place) for name, place in places.items()}
        return (*words[:2], *(_CONFIG.sub(lambda found: _place(found, quoted), word)
                              for word in words[2:]))  # fmt: skip
    return tuple(filled(word, places) for word in words)


def filled(word: str, places: Mapping[str, str]) -> str:
    """A word of a command with the place of each input and output that it names."""
    return _PLACEHOLDER.sub(lambda found: _place(found, places), word)


def destination(output: Output, run_id: str) -> str:
    """The path on the datastore that an output of a run goes to."""
    named = output.path.replace("{run-id}", run_id).replace("{output-name}", output.name)
    return named.strip("/")


def _place(found: re.Match[str], places: Mapping[str, str]) -> str:
    return places.get(next(filter(None, found.groups())), found[0])


def variables(data: RunData, taken: Collection[str] = ()) -> dict[str, str]:
    """The variables that tell a script where its data lies.

    SDK v1 had the bare names, too; one that is taken, such as `PATH`, stays what it is.
    """
    places = data.places
    bare = {
        name: place
        for name, place in places.items()
        if name not in taken and not name.startswith(_OF_OTHERS)
    }
    return {**bare, **{f"{VARIABLE}{name}": place for name, place in places.items()}}
