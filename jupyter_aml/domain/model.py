"""A registered model: files under their hashes, and what is known of where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_aml.domain import ids, limits
from jupyter_aml.domain.dataset import dataset_name
from jupyter_aml.domain.errors import Invalid

USED = "model.used:"
"""What the property of a run begins with that says that it fetched a version of a model."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model: its path below the folder it is fetched into, with '/', size and hash."""

    path: str
    size: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataUse:
    """Data that a model was made with, and for what: a registered version, or a definition."""

    scenario: str
    id: str | None = None
    """The id of the data set in SDK v1."""
    name: str | None = None
    version: str | None = None
    definition: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a service of the model needs: cores, gigabytes of memory, graphics cards."""

    cpu: float | None = None
    memory_in_gb: float | None = None
    gpu: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """The run that made a model, as it was then."""

    run: str
    experiment: str
    environment: str | None = None
    snapshot: str | None = None
    inputs: tuple[DataUse, ...] = ()
    """The data that it was sent with, under the names of its inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A version of a model.

    `key` tells one registration from another: equal files that are registered again are a new
    version, and a request that is sent twice is not.
    """

    name: str
    version: str | None = None
    key: str
    root: str
    """The file or folder that its files are, below the folder it is fetched into."""
    files: tuple[ModelFile, ...]
    description: str = ""
    framework: str | None = None
    framework_version: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    maker: Maker | None = None
    datasets: tuple[DataUse, ...] = ()
    sample_input: DataUse | None = None
    sample_output: DataUse | None = None
    resources: Resources | None = None
    created_by: str | None = None
    is_packed: bool = False
    """SDK v1's `unpack`: registered from a path and not from files of a run."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def data(self) -> tuple[DataUse, ...]:
        """The data that were named for it, then those that the run was sent with."""
        inputs = () if self.maker is None else self.maker.inputs
        named = {(use.name, use.version) for use in self.datasets if use.name is not None}
        return (*self.datasets, *(use for use in inputs if (use.name, use.version) not in named))

    @property
    def label(self) -> str:
        """Its id in SDK v1: `name:version`."""
        return f"{self.name}:{self.version}"

    def with_version(self, version: str) -> Model:
        """The same as a version of its name."""
        return replace(self, version=version)

    def same_as(self, other: Model) -> bool:
        """Whether both are one registration."""
        return self.key == other.key

    def to_json(self) -> dict[str, Any]:
        """The form that its file has."""
        return {
            "name": self.name,
            "key": self.key,
            "root": self.root,
            "files": [[file.path, file.size, file.hash] for file in self.files],
            "description": self.description,
            "framework": self.framework,
            "frameworkVersion": self.framework_version,
            "properties": dict(self.properties),
            "maker": None if self.maker is None else _maker_json(self.maker),
            "datasets": [data_json(each) for each in self.datasets],
            "sampleInput": None if self.sample_input is None else data_json(self.sample_input),
            "sampleOutput": None if self.sample_output is None else data_json(self.sample_output),
            "resources": None if self.resources is None else resources_json(self.resources),
            "createdBy": self.created_by,
            "isPacked": self.is_packed,
        }


def model_name(text: object) -> str:
    """Return `text` as the name of a model, or raise Invalid."""
    return ids.named("model", text)


def check(model: Model) -> None:
    """Raise Invalid for a model of which too much is said, or which says what cannot be."""
    limits.description(model.description)
    limits.labels("property", model.properties, {})
    if not model.files:
        raise Invalid(f"model {model.name!r} would have no file at all")
    if model.framework is None and model.framework_version is not None:
        raise Invalid("a version of a framework says nothing without the framework")


def data_json(use: DataUse) -> dict[str, Any]:
    """A use of data as JSON."""
    return {
        "scenario": use.scenario, "id": use.id, "name": use.name, "version": use.version,
        "definition": None if use.definition is None else dict(use.definition),
    }  # fmt: skip


def read_data(told: Any) -> DataUse:
    """The inverse of `data_json`; raises Invalid."""
    if not isinstance(told, Mapping):
        raise Invalid("dataset: expected an object")
    scenario, name, version = (told.get(key) for key in ("scenario", "name", "version"))
    definition, id = told.get("definition"), told.get("id")
    if not isinstance(scenario, str) or (name is None) == (definition is None):
        raise Invalid("dataset: expected a scenario with either a name or a definition")
    if definition is not None and not isinstance(definition, Mapping):
        raise Invalid("dataset.definition: expected an object")
    return DataUse(
        scenario=scenario,
        id=None if id is None else str(id),
        name=None if name is None else dataset_name(name),
        version=None if version is None else ids.named("version of a data set", str(version)),
        definition=definition,
    )


def resources_json(resources: Resources) -> dict[str, Any]:
    """What a service needs as JSON."""
    return {"cpu": resources.cpu, "memoryInGb": resources.memory_in_gb, "gpu": resources.gpu}


def read_resources(told: Any) -> Resources:
    """The inverse of `resources_json`; raises Invalid."""
    if not isinstance(told, Mapping):
        raise Invalid("resources: expected an object")
    values = {key: told.get(key) for key in ("cpu", "memoryInGb", "gpu")}
    for key, value in values.items():
        if value is not None and (type(value) not in (int, float) or not 0 < value < 1e6):
            raise Invalid(f"resources.{key}: expected a number above 0, not {value!r}")
    gpu = values["gpu"]
    if gpu is not None and gpu != int(gpu):
        raise Invalid(f"resources.gpu: expected a whole number, not {gpu!r}")
    return Resources(
        cpu=values["cpu"],
        memory_in_gb=values["memoryInGb"],
        gpu=None if gpu is None else int(gpu),
    )


def from_json(data: Mapping[str, Any]) -> Model:
    """The inverse of `to_json`; raises Invalid, KeyError, TypeError or ValueError."""
    maker, sample_input, sample_output, resources = (
        data.get(key) for key in ("maker", "sampleInput", "sampleOutput", "resources")
    )
    return Model(
        name=model_name(data["name"]),
        key=str(data["key"]),
        root=str(data["root"]),
        files=tuple(ModelFile(str(path), int(size), str(of)) for path, size, of in data["files"]),
        description=str(data.get("description") or ""),
        framework=data.get("framework"),
        framework_version=data.get("frameworkVersion"),
        properties={str(key): str(value) for key, value in data.get("properties", {}).items()},
        maker=None if maker is None else _read_maker(maker),
        datasets=tuple(read_data(each) for each in data.get("datasets", ())),
        sample_input=None if sample_input is None else read_data(sample_input),
        sample_output=None if sample_output is None else read_data(sample_output),
        resources=None if resources is None else read_resources(resources),
        created_by=data.get("createdBy"),
        is_packed=data.get("isPacked") is True,
    )


def _maker_json(maker: Maker) -> dict[str, Any]:
    return {
        "run": maker.run, "experiment": maker.experiment,
        "environment": maker.environment, "snapshot": maker.snapshot,
        "inputs": [data_json(each) for each in maker.inputs],
    }  # fmt: skip


def _read_maker(told: Mapping[str, Any]) -> Maker:
    return Maker(
        run=str(told["run"]), experiment=str(told["experiment"]),
        environment=told.get("environment"), snapshot=told.get("snapshot"),
        inputs=tuple(read_data(each) for each in told.get("inputs", ())),
    )  # fmt: skip
