"""A workspace: a name in a root, with the labels that SDK v1 showed of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import AlreadyExists, IllegalMove, NotFound
from jupyter_aml.domain.ids import DEFAULT_WORKSPACE
from jupyter_aml.domain.near import near
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._core.later import later
from jupyter_aml.sdk._workspace.cloud import OfTheCloud
from jupyter_aml.sdk._workspace.config_file import find_config, read_config
from jupyter_aml.sdk._workspace.labels import details, labels_of, sku
from jupyter_aml.sdk.exceptions import UserErrorException, WorkspaceException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.compute import ComputeTarget
    from jupyter_aml.sdk.core.environment import Environment
    from jupyter_aml.sdk.core.experiment import Experiment
    from jupyter_aml.sdk.core.keyvault import Keyvault
    from jupyter_aml.sdk.core.model import Model
    from jupyter_aml.sdk.core.run import Run
    from jupyter_aml.sdk.data.abstract_dataset import Datasets


@later("webservices")
class Workspace(OfTheCloud):
    """Runs, experiments and what else belongs to one name of a root."""

    DEFAULT_CPU_CLUSTER_NAME = "cpu-cluster"
    DEFAULT_GPU_CLUSTER_NAME = "gpu-cluster"

    def __init__(
        self,
        subscription_id: str = "",
        resource_group: str = "",
        workspace_name: str = DEFAULT_WORKSPACE,
        auth: Any = None,
        _location: str | None = None,
        _disable_service_check: bool = False,
        _workspace_id: str | None = None,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Take the workspace of that name, and make it in the root where it is not there yet."""
        given.refuse(
            "it belongs to the cloud", _location=_location, _workspace_id=_workspace_id,
            _disable_service_check=_disable_service_check,
        )  # fmt: skip
        self._auth = auth
        self.client: Client = find()
        try:
            self._seen = self.client.workspaces.get(workspace_name)
        except NotFound:
            labels = {"subscriptionId": subscription_id, "resourceGroup": resource_group}
            self._seen = self.client.workspaces.add(
                {"name": workspace_name, "existOk": True, **labels, "tags": dict(tags or {})}
            )

    @staticmethod
    def from_config(
        path: str | os.PathLike[str] | None = None,
        auth: Any = None,
        _logger: Any = None,
        _file_name: str | None = None,
    ) -> Workspace:
        """Take the workspace that a config.json names; the default one where there is none.

        `path` is a file or a folder; without it the folders from here upwards are searched.
        """
        found = find_config(path, _file_name)
        if found is None:
            return Workspace()
        told = read_config(found)
        return Workspace(
            str(told.get("subscription_id", "")),
            str(told.get("resource_group", "")),
            told["workspace_name"],
        )

    @staticmethod
    def create(
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        friendly_name: str | None = None,
        exist_ok: bool = False,
        show_output: bool = True,
        *,
        default_cpu_compute_target: Any = None,
        default_gpu_compute_target: Any = None,
        **cloud: Any,
    ) -> Workspace:
        """Make a workspace; what SDK v1 made in the cloud beside it is kept as labels.

        What would be a promise that nobody keeps here (keys of one's own, private endpoints, ...)
        is refused, and so is what SDK v1 never took. The default targets are what
        AmlCompute.provisioning_configuration returns. Raises WorkspaceException for a name that is
        taken, unless `exist_ok`.
        """
        labels = labels_of({"sku": sku, "friendly_name": friendly_name, **cloud})
        body = {
            "name": name,
            "subscriptionId": subscription_id or "",
            "resourceGroup": resource_group or "",
            "location": location or "local",
            "tags": dict(tags or {}),
            "labels": labels,
            "existOk": exist_ok,
        }
        try:
            find().workspaces.add(body)
        except AlreadyExists as error:
            raise WorkspaceException(f"{error}; pass exist_ok=True to take it") from None
        made = Workspace(workspace_name=name)
        made._create_defaults(default_cpu_compute_target, default_gpu_compute_target)
        return made

    def _create_defaults(self, cpu: Any, gpu: Any) -> None:
        from jupyter_aml.sdk.core.compute import ComputeTarget

        names = (self.DEFAULT_CPU_CLUSTER_NAME, self.DEFAULT_GPU_CLUSTER_NAME)
        for name, asked in zip(names, (cpu, gpu), strict=True):
            if asked is not None:
                ComputeTarget.create(self, name, asked)

    @staticmethod
    def setup() -> Workspace:
        """The workspace that a config.json names; the default one where there is none."""
        return Workspace.from_config()

    @staticmethod
    def get(
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,
    ) -> Workspace:
        """Take a workspace that is there; raises WorkspaceException naming near ones."""
        there = [workspace["name"] for workspace in find().workspaces.list()]
        if name not in there:
            close = near(name, there, 1)
            cure = f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(there)}"
            raise WorkspaceException(f"there is no workspace {name!r}; {cure}")
        return Workspace(workspace_name=name)

    @staticmethod
    def list(
        subscription_id: str | None = None, auth: Any = None, resource_group: str | None = None
    ) -> dict[str, list[Workspace]]:
        """All workspaces of the root by name, each in a list as SDK v1 has it."""
        return {
            workspace["name"]: [Workspace(workspace_name=workspace["name"])]
            for workspace in find().workspaces.list()
        }

    @property
    def _auth_object(self) -> Any:
        """What was given as `auth`; else what opens this workspace alone."""
        from jupyter_aml.sdk.core.authentication import _OfWorkspace

        return _OfWorkspace(self.name) if self._auth is None else self._auth

    @property
    def name(self) -> str:
        """The name."""
        return self._seen["name"]

    @property
    def subscription_id(self) -> str:
        """A label."""
        return self._seen["subscriptionId"]

    @property
    def resource_group(self) -> str:
        """A label."""
        return self._seen["resourceGroup"]

    @property
    def location(self) -> str:
        """A label."""
        return self._seen["location"]

    @property
    def sku(self) -> str:
        """A label."""
        return sku(self._seen)

    @property
    def tags(self) -> dict[str, str]:
        """The tags."""
        return dict(self._seen["tags"])

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments by name."""
        from jupyter_aml.sdk.core.experiment import Experiment

        found = self.client.experiments.list(self.name)
        return {each["name"]: Experiment(self, each["name"], _seen=each) for each in found}

    @property
    def environments(self) -> dict[str, Environment]:
        """The newest version of each environment by name, the curated ones too."""
        from jupyter_aml.sdk.core.environment import Environment

        return Environment.list(self)

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """The compute targets by name."""
        from jupyter_aml.sdk.core.compute import ComputeTarget

        return {target.name: target for target in ComputeTarget.list(self)}

    def get_default_compute_target(self, type: str) -> ComputeTarget | None:
        """The cluster `cpu-cluster` for "CPU", `gpu-cluster` for "GPU"; None where it is not there.

        Raises UserErrorException for another type.
        """
        from jupyter_aml.sdk.core.compute import ComputeTarget

        names = {"CPU": self.DEFAULT_CPU_CLUSTER_NAME, "GPU": self.DEFAULT_GPU_CLUSTER_NAME}
        if type not in names:
            raise UserErrorException(f"type: {type!r} is neither 'CPU' nor 'GPU'")
        there = ComputeTarget.list(self)
        return next((target for target in there if target.name == names[type]), None)

    @property
    def models(self) -> dict[str, Model]:
        """The newest version of each model by name."""
        from jupyter_aml.sdk.core.model import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def datastores(self) -> dict[str, Any]:
        """The datastores by name, the built-in ones first."""
        from jupyter_aml.sdk.data.datastore_client import from_wire

        found = self.client.datastores.list(self.name)
        return {each["name"]: from_wire(self, each) for each in found}

    def get_default_datastore(self) -> Any:
        """The default datastore: `workspaceblobstore`, until another one is chosen."""
        from jupyter_aml.sdk.core.datastore import Datastore

        return Datastore.get_default(self)

    def set_default_datastore(self, name: str) -> None:
        """Make a datastore the default one."""
        from jupyter_aml.sdk.core.datastore import Datastore

        Datastore.get(self, name).set_as_default()

    def get_default_keyvault(self) -> Keyvault:
        """The vault of the workspace."""
        from jupyter_aml.sdk.core.keyvault import Keyvault

        return Keyvault(self)

    @property
    def datasets(self) -> Datasets:
        """The newest version of each data set by name, each fetched when it is used."""
        from jupyter_aml.sdk.data.abstract_dataset import Datasets

        return Datasets(self)

    def get_run(self, run_id: str) -> Run:
        """The run of that id, or UserErrorException."""
        from jupyter_aml.sdk.core.run import Run

        return Run.get(self, run_id)

    def get_mlflow_tracking_uri(self) -> str:
        """The address for `mlflow.set_tracking_uri`."""
        from jupyter_aml.domain.tracking import tracking_uri

        return tracking_uri(self.name, self.subscription_id, self.resource_group)

    def get_details(self) -> dict[str, Any]:
        """What there is to know, with SDK v1's keys; `root` is ours."""
        self._seen = self.client.workspaces.get(self.name)
        return details(self._seen, str(self.client.address), self.client.status()["root"])

    @property
    def discovery_url(self) -> str:
        """Where the engine answers."""
        return str(self.client.address)

    def update(
        self,
        friendly_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        image_build_compute: str | None = None,
        service_managed_resources_settings: Any = None,
        primary_user_assigned_identity: str | None = None,
        allow_public_access_when_behind_vnet: bool | None = None,
        v1_legacy_mode: bool | None = None,
    ) -> dict[str, Any]:
        """Set name, description and tags that are shown; tags that are not named stay.

        Returns the details as they are then.
        """
        given.refuse(
            "it belongs to the cloud", image_build_compute=image_build_compute,
            service_managed_resources_settings=service_managed_resources_settings,
            primary_user_assigned_identity=primary_user_assigned_identity,
            allow_public_access_when_behind_vnet=allow_public_access_when_behind_vnet,
            v1_legacy_mode=v1_legacy_mode,
        )  # fmt: skip
        labels = {"friendlyName": friendly_name, "description": description}
        body = {
            "tags": {str(key): str(value) for key, value in (tags or {}).items()},
            "labels": {key: value for key, value in labels.items() if value is not None},
        }
        self._seen = self.client.workspaces.change(self.name, body)
        return self.get_details()

    def delete(self, delete_dependent_resources: bool = False, no_wait: bool = False) -> None:
        """Delete the workspace with all that is registered in it; it is gone on return.

        Its runs and their files go only with `delete_dependent_resources`. Raises
        UserErrorException where it has some, while runs go on, and for the default workspace.
        """
        from jupyter_aml.sdk._workspace import removal

        try:
            removal.check(self.client, self.name, with_runs=delete_dependent_resources)
            removal.remove(self.client, self.name)
        except (IllegalMove, NotFound) as error:
            raise UserErrorException(str(error)) from None

    def write_config(
        self, path: str | os.PathLike[str] | None = None, file_name: str | None = None
    ) -> None:
        """Write `.azureml/config.json` below `path` (the current folder)."""
        target = Path(path or ".") / ".azureml" / (file_name or "config.json")
        target.parent.mkdir(parents=True, exist_ok=True)
        told = {
            "subscription_id": self.subscription_id,
            "resource_group": self.resource_group,
            "workspace_name": self.name,
        }
        target.write_text(json.dumps(told, indent=4), encoding="utf-8")

    def __repr__(self) -> str:
        return f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, " \
               f"resource_group={self.resource_group!r})"  # fmt: skip
