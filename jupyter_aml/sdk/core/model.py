"""Registered models: `azureml.core.model.Model` over the engine's registry."""

from __future__ import annotations

import builtins
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._core.later import later
from jupyter_aml.sdk._models import asking, fetching
from jupyter_aml.sdk._models.asking import as_v1
from jupyter_aml.sdk._models.changes import ModelChanges
from jupyter_aml.sdk._models.choice import found, listed
from jupyter_aml.sdk._models.sending import registered
from jupyter_aml.sdk.core.resource_configuration import ResourceConfiguration
from jupyter_aml.sdk.exceptions import (
    ModelNotFoundException,
    UserErrorException,
    WebserviceException,
)

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.run import Run
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.models import WireDataUse, WireModel

MODELS_DIR = fetching.CACHE


@later("deploy package print_configuration profile")
class Model(ModelChanges):
    """A version of a registered model. The constructor finds one, `register` makes one."""

    workspace: Workspace

    class Framework:
        """The frameworks that SDK v1 names; others may be named as well."""

        CUSTOM = "Custom"
        TENSORFLOW = "TensorFlow"
        SCIKITLEARN = "ScikitLearn"
        ONNX = "Onnx"
        TFKERAS = "TfKeras"
        PYTORCH = "PyTorch"
        MULTI = "Multi"

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        tags: Any = None,
        properties: Any = None,
        version: int | str | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        expand: bool = True,
        **kwargs: Any,
    ) -> None:
        """Find the newest version that is all that is said; `name@alias` finds that of an alias.

        Without `expand` the run and the data sets are not looked up. Raises WebserviceException
        where there is none.
        """
        self.workspace = workspace
        self._expand = expand
        self._seen: WireModel = kwargs.pop("_seen", None) or found(
            workspace, name=name, id=id, tags=tags, properties=properties, version=version,
            run_id=run_id, framework=model_framework,
        )  # fmt: skip
        if kwargs:
            raise TypeError(f"Model() got an unexpected keyword argument {next(iter(kwargs))!r}")

    @classmethod
    def _from_wire(cls, workspace: Workspace, seen: WireModel, *, expand: bool = True) -> Model:
        return cls(workspace, expand=expand, _seen=seen)

    # ---- made and found ---------------------------------------------------------------------

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str | os.PathLike[str],
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        datasets: Any = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str] | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> Model:
        """Register a file or folder as the next version of a name.

        `child_paths` takes these files and folders of it alone. Where the engine is on another
        machine, or may not read them, they are sent to it. Raises WebserviceException, and
        registers nothing, where something of it is not there or cannot be read.
        """
        body = asking.described(
            workspace.name, model_name, tags=tags, properties=properties, description=description,
            framework=model_framework, framework_version=model_framework_version,
            datasets=datasets, sample_input=sample_input_dataset,
            sample_output=sample_output_dataset, resources=resource_configuration,
        )  # fmt: skip
        body["source"] = _source(model_path, child_paths, model_name)
        body["runId"] = asking.own_run(workspace.name)
        print(f"Registering model {model_name}")
        with as_v1():
            return Model._from_wire(workspace, registered(workspace.client.models, body))

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: Any = None,
        properties: Any = None,
        run_id: str | None = None,
        latest: bool = False,
        dataset_id: str | None = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: str | None = None,
    ) -> builtins.list[Model]:
        """The versions that are all that is said, the newest first.

        Filters of tags and properties are `'key'` or `['key', 'value']`. They are asked for
        `page_count` at a time.
        """
        with as_v1():
            return [
                Model._from_wire(workspace, seen, expand=expand)
                for seen in listed(
                    workspace, name=name, tags=tags, properties=properties, run_id=run_id,
                    framework=model_framework, newest=latest, dataset=dataset_id,
                    limit=page_count,
                )
            ]  # fmt: skip

    @staticmethod
    def get_model_path(
        model_name: str, version: int | None = None, _workspace: Workspace | None = None
    ) -> str:
        """Where the files of a model lie on this machine: `azureml-models/<name>/<version>/`.

        In a run, or with a workspace, they are fetched there; a version that is there already is
        taken as it is. Elsewhere, as in a service, they must be there. Raises
        ModelNotFoundException.
        """
        if version is not None and type(version) is not int:
            raise WebserviceException(f"version should be an int, not {version!r}")
        workspace = _own_workspace() or _workspace
        if workspace is None:
            return fetching.local(model_name, version)
        if version is not None:
            try:
                return fetching.local(model_name, version)
            except ModelNotFoundException:
                pass
        try:
            model = Model(workspace, model_name, version=version)
        except WebserviceException as error:
            raise ModelNotFoundException(str(error)) from None
        target = Path(MODELS_DIR, model.name, str(model.version))
        return model.download(str(target), exist_ok=True)

    @staticmethod
    def deserialize(workspace: Workspace, model_payload: Mapping[str, Any]) -> Model:
        """The model of what `serialize` wrote; raises WebserviceException."""
        if "id" not in model_payload:
            raise WebserviceException(
                "what serialize() writes of a model has an id, and this has none"
            )
        return Model(workspace, id=str(model_payload["id"]))

    # ---- what it is beside its facts --------------------------------------------------------

    @property
    def datasets(self) -> dict[str, builtins.list[Any]]:
        """The data sets that it was made with, by what each was used for."""
        datasets: dict[str, builtins.list[Any]] = {}
        for use in self._seen["datasets"]:
            dataset = self._dataset(use)
            if dataset is not None:
                datasets.setdefault(use["scenario"], []).append(dataset)
        return datasets

    @property
    def sample_input_dataset(self) -> Any:
        """Rows as a service of it takes them."""
        return self._dataset(self._seen["sampleInput"])

    @property
    def sample_output_dataset(self) -> Any:
        """Rows as a service of it answers them."""
        return self._dataset(self._seen["sampleOutput"])

    @property
    def resource_configuration(self) -> ResourceConfiguration | None:
        """What a service of it needs."""
        told = self._seen["resources"]
        if told is None:
            return None
        return ResourceConfiguration(told["cpu"], told["memoryInGb"], told["gpu"])

    @property
    def run(self) -> Run | None:
        """The run that made it; None where there is none, or where it was deleted."""
        if self.run_id is None or not self._expand:
            return None
        from jupyter_aml.sdk.core.run import Run

        try:
            return Run.get(self.workspace, self.run_id)
        except UserErrorException:
            return None

    def serialize(self) -> dict[str, Any]:
        """All that is known, with SDK v1's keys."""
        resources = self.resource_configuration
        return {
            "createdTime": self.created_time.isoformat(),
            "description": self.description,
            "id": self.id,
            "mimeType": self.mime_type,
            "name": self.name,
            "framework": self.model_framework,
            "frameworkVersion": self.model_framework_version,
            "tags": self.tags,
            "properties": self.properties,
            "unpack": self.unpack,
            "url": self.url,
            "version": self.version,
            "experimentName": self.experiment_name,
            "runId": self.run_id,
            "runDetails": str(self.run),
            "datasets": _named(self._seen["datasets"]),
            "resourceConfiguration": None if resources is None else resources.serialize(),
            "sampleInputDatasetId": _id(self._seen["sampleInput"]),
            "sampleOutputDatasetId": _id(self._seen["sampleOutput"]),
        }

    # ---- inside -----------------------------------------------------------------------------

    def _dataset(self, use: WireDataUse | None) -> Any:
        """The data set of a use; None where it is registered no more."""
        if use is None or not self._expand:
            return None
        from jupyter_aml.sdk.data.abstract_dataset import AbstractDataset

        if use["name"] is None:
            return AbstractDataset._of_json(self.workspace, use["definition"])
        try:
            return AbstractDataset.get_by_name(
                self.workspace, use["name"], use["version"] or "latest"
            )
        except UserErrorException:
            return None

    def __repr__(self) -> str:
        return (
            f"Model(workspace={self.workspace!r}, name={self.name}, id={self.id}, "
            f"version={self.version}, tags={self.tags}, properties={self.properties})"
        )


def _source(
    path: str | os.PathLike[str], child_paths: Sequence[str] | None, name: str
) -> dict[str, Any]:
    place = os.path.abspath(path)
    if not os.path.exists(place):
        raise WebserviceException(
            f"Error, provided model path {os.fspath(path)!r} cannot be found in {os.getcwd()}"
        )
    found = os.stat(place)
    size = 0 if os.path.isdir(place) else found.st_size
    seen = {"path": place, "stamp": f"{size}-{found.st_mtime_ns}"}
    if not child_paths:
        return seen
    return {**seen, "only": [os.fspath(each) for each in child_paths], "root": name}


def _own_workspace() -> Workspace | None:
    """The workspace of the run that this script is."""
    if not os.environ.get("AML_RUN_DIR"):
        return None
    from jupyter_aml.sdk.core.run import Run

    workspace: Workspace = Run.get_context().experiment.workspace
    return workspace


def _named(uses: Sequence[WireDataUse]) -> dict[str, builtins.list[str]]:
    """What each data set was used for, with the data sets as they are called."""
    named: dict[str, builtins.list[str]] = {}
    for use in uses:
        label = f"{use['name']}:{use['version'] or 'latest'}" if use["name"] else "not registered"
        named.setdefault(use["scenario"], []).append(label)
    return named


def _id(use: WireDataUse | None) -> str | None:
    return None if use is None else use["id"]
