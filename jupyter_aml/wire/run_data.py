"""The inputs and outputs of runs, to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from jupyter_aml.domain import run_data
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_data import Input, Output, Registration, RunData
from jupyter_aml.wire.fields import Fields


class WireInputDataset(TypedDict, total=False):
    """A data set: a registered one (`version` None is the newest), or a definition."""

    name: str | None
    version: str | None
    definition: dict[str, Any]


class _Input(TypedDict):
    name: str


class WireInput(_Input, total=False):
    """An input of a run: a data set, or a path of a datastore.

    `place` is where the script finds it, once it is ready; of a direct one the id of the data set.
    `behind` are folders that its files are links into.
    """

    mode: Literal["direct", "download", "mount"]
    dataset: WireInputDataset | None
    datastore: str | None
    path: str
    pathOnCompute: str | None
    place: str | None
    behind: list[str]


class _Registration(TypedDict):
    name: str


class WireRegistration(_Registration, total=False):
    """The data set that an output becomes; `kind` is `file` or `tabular`."""

    kind: Literal["file", "tabular"]
    description: str
    tags: dict[str, str]
    steps: list[dict[str, Any]]


class _Output(TypedDict):
    name: str


class WireOutput(_Output, total=False):
    """An output of a run; `{run-id}` and `{output-name}` may stand in its path.

    `place` is where the script writes, `files` how many came to the datastore, `dataset` what it
    has become.
    """

    kind: Literal["file", "reference"]
    mode: Literal["mount", "upload"]
    datastore: str
    path: str
    pathOnCompute: str | None
    overwrite: bool
    globs: list[str]
    register: WireRegistration | None
    place: str | None
    files: int | None
    dataset: WireInputDataset | None


class WireRunData(TypedDict):
    """The inputs and outputs of a run."""

    inputs: list[WireInput]
    outputs: list[WireOutput]


def encode_data(data: RunData) -> WireRunData:
    """Inputs and outputs as JSON."""
    return {
        "inputs": [_encode_input(each) for each in data.inputs],
        "outputs": [_encode_output(each) for each in data.outputs],
    }


def decode_data(told: Mapping[str, Any]) -> RunData:
    """Inputs and outputs from JSON; raises Invalid with the name of the field."""
    return RunData(
        inputs=tuple(_input(each) for each in _list(told, "inputs")),
        outputs=tuple(_output(each) for each in _list(told, "outputs")),
    )


def asked_data(body: Mapping[str, Any]) -> RunData:
    """What a submission asks for, checked; what only an engine may say is left out."""
    told = {name: [_asked(each) for each in _list(body, name)] for name in ("inputs", "outputs")}
    data = decode_data(told)
    run_data.check(data)
    return data


def _asked(told: Any) -> Any:
    if not isinstance(told, Mapping):
        return told
    return {name: value for name, value in told.items() if name not in ("place", "behind", "files")}


def _list(told: Mapping[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Invalid(f"{name}: expected a list, got {type(found).__name__}")
    return found


def _input(told: Any) -> Input:
    given = Fields("input", told)
    name = given.text("name")
    given = Fields(f"input {name[:80]!r}", told)
    dataset = Fields(f"input {name[:80]!r}.dataset", told.get("dataset") or {})
    definition = dataset.mapping("definition") if told.get("dataset") else {}
    found = Input(
        name=name,
        mode=_one_of(name, "mode", given.text("mode", run_data.DIRECT), run_data.INPUT_MODES),
        dataset=dataset.optional("name"),
        version=dataset.optional("version"),
        definition=dict(definition) or None,
        datastore=given.optional("datastore"),
        path=given.text("path", ""),
        path_on_compute=given.optional("pathOnCompute"),
        place=given.optional("place"),
        behind=tuple(given.texts("behind")),
    )
    is_dataset = found.dataset is not None or found.definition is not None
    if is_dataset == found.is_reference:
        raise Invalid(f"input {name[:80]!r}: give either a data set or a datastore with a path")
    if found.is_reference and found.mode == run_data.DIRECT:
        raise Invalid(f"input {name[:80]!r}: a path of a datastore is mounted or downloaded")
    return found


def _output(told: Any) -> Output:
    given = Fields("output", told)
    name = given.text("name")
    given = Fields(f"output {name[:80]!r}", told)
    become = Fields(f"output {name[:80]!r}.dataset", told.get("dataset") or {})
    return Output(
        name=name,
        mode=_one_of(name, "mode", given.text("mode", run_data.MOUNT), run_data.OUTPUT_MODES),
        datastore=given.text("datastore", run_data.DEFAULT_STORE),
        path=given.text("path", run_data.DEFAULT_DESTINATION),
        is_reference=_one_of(name, "kind", given.text("kind", "file"), ("file", "reference"))
        == "reference",
        path_on_compute=given.optional("pathOnCompute"),
        overwrite=given.flag("overwrite"),
        globs=tuple(given.texts("globs")),
        register=None if told.get("register") is None else _registration(told["register"]),
        place=given.optional("place"),
        files=given.whole("files", None),
        dataset=become.optional("name"),
        version=become.optional("version"),
    )


def _registration(told: Any) -> Registration:
    given = Fields("register", told)
    name, steps = given.text("name"), told.get("steps", [])
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        raise Invalid("register.steps: expected a list of objects")
    return Registration(
        name=name,
        kind=_one_of(name, "kind", given.text("kind", "file"), ("file", "tabular")),
        description=given.text("description", ""),
        tags=given.text_map("tags"),
        steps=tuple(dict(step) for step in steps),
    )


def _one_of(name: str, field: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise Invalid(f"{field} {value[:80]!r} of {name[:80]!r}: there are {', '.join(known)}")
    return value


def _encode_input(each: Input) -> WireInput:
    dataset: WireInputDataset | None = None
    if not each.is_reference:
        dataset = {"name": each.dataset, "version": each.version}
        if each.definition is not None:
            dataset["definition"] = dict(each.definition)
    return {
        "name": each.name,
        "mode": each.mode,  # type: ignore[typeddict-item]
        "dataset": dataset,
        "datastore": each.datastore,
        "path": each.path,
        "pathOnCompute": each.path_on_compute,
        "place": each.place,
        "behind": list(each.behind),
    }


def _encode_output(each: Output) -> WireOutput:
    become: WireInputDataset | None = None
    if each.dataset is not None:
        become = {"name": each.dataset, "version": each.version}
    return {
        "name": each.name,
        "kind": "reference" if each.is_reference else "file",
        "mode": each.mode,  # type: ignore[typeddict-item]
        "datastore": each.datastore,
        "path": each.path,
        "pathOnCompute": each.path_on_compute,
        "overwrite": each.overwrite,
        "globs": list(each.globs),
        "register": None if each.register is None else _encode_registration(each.register),
        "place": each.place,
        "files": each.files,
        "dataset": become,
    }


def _encode_registration(each: Registration) -> WireRegistration:
    return {
        "name": each.name,
        "kind": each.kind,  # type: ignore[typeddict-item]
        "description": each.description,
        "tags": dict(each.tags),
        "steps": [dict(step) for step in each.steps],
    }
