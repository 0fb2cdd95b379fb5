"""A workspace: a name in a root, with the labels that SDK v1 showed of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound
from jupyter_aml.domain.ids import DEFAULT_WORKSPACE
from jupyter_aml.domain.near import near
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._core.files import json_of, text_of
from jupyter_aml.sdk._core.later import later
from jupyter_aml.sdk.exceptions import UserErrorException, WorkspaceException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.compute import ComputeTarget
    from jupyter_aml.sdk.core.environment import Environment
    from jupyter_aml.sdk.core.experiment import Experiment
    from jupyter_aml.sdk.core.model import Model
    from jupyter_aml.sdk.core.run import Run

_KEYS = ("subscription_id", "resource_group", "workspace_name")
_OF_THE_CLOUD = (
    "adb_workspace", "app_insights", "cmk_keyvault", "container_registry",
    "default_cpu_compute_target", "default_gpu_compute_target", "hbi_workspace", "key_vault",
    "primary_user_assigned_identity", "private_endpoint_auto_approval", "private_endpoint_config",
    "resource_cmk_uri", "soft_delete_enabled", "storage_account",
    "system_datastores_auth_mode", "user_assigned_identity_for_cmk_encryption", "v1_legacy_mode",
)  # fmt: skip
_PLACES = ("config.json", ".azureml/config.json", "aml_config/config.json")


@later(
    "add_private_endpoint datasets datastores delete delete_connection "
    "delete_private_endpoint_connection diagnose_workspace discovery_url "
    "get_connection get_default_compute_target get_default_datastore get_default_keyvault "
    "get_mlflow_tracking_uri images linked_services list_connections list_keys "
    "private_endpoints service_context set_connection set_default_datastore setup sync_keys "
    "update update_dependencies webservices"
)
class Workspace:
    """Runs, experiments and what else belongs to one name of a root."""

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
        found = _find_config(path, _file_name)
        if found is None:
            return Workspace()
        told = _read(found)
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
        **cloud: Any,
    ) -> Workspace:
        """Make a workspace; subscription, group and location are kept as labels.

        What SDK v1 made in the cloud beside it is refused, and so is what it never took.
        """
        given.only("Workspace.create", cloud, _OF_THE_CLOUD)
        given.refuse("there is no cloud here", **cloud)
        if friendly_name not in (None, name):
            raise UserErrorException(
                f"friendly_name={friendly_name!r}: a workspace has one name here; leave it out"
            )
        body = {
            "name": name,
            "subscriptionId": subscription_id or "",
            "resourceGroup": resource_group or "",
            "location": location or "local",
            "tags": dict(tags or {}),
            "existOk": exist_ok,
        }
        try:
            find().workspaces.add(body)
        except AlreadyExists as error:
            raise WorkspaceException(f"{error}; pass exist_ok=True to take it") from None
        return Workspace(workspace_name=name)

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
        return "basic"

    @property
    def tags(self) -> dict[str, str]:
        """The tags it was made with."""
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

    @property
    def models(self) -> dict[str, Model]:
        """The newest version of each model by name."""
        from jupyter_aml.sdk.core.model import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    def get_run(self, run_id: str) -> Run:
        """The run of that id, or UserErrorException."""
        from jupyter_aml.sdk.core.run import Run

        return Run.get(self, run_id)

    def get_details(self) -> dict[str, Any]:
        """What there is to know, with SDK v1's keys."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        kind = "Microsoft.MachineLearningServices/workspaces"
        return {
            "id": f"{group}/providers/{kind}/{self.name}",
            "name": self.name,
            "location": self.location,
            "type": kind,
            "tags": self.tags,
            "sku": "Basic",
            "workspaceid": self.name,
            "friendlyName": self.name,
            "creationTime": self._seen["createdAt"],
            "root": self.client.status()["root"],
        }

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


def _find_config(path: str | os.PathLike[str] | None, name: str | None) -> Path | None:
    if path is not None and Path(path).is_file():
        return Path(path)
    if path is not None and not Path(path).exists():
        raise UserErrorException(f"there is no config.json at {os.fspath(path)!r}")
    start = Path(path or ".").absolute()
    for folder in _upwards(start):
        for place in _PLACES:
            candidate = folder / (place if name is None else str(Path(place).parent / name))
            if candidate.is_file() and _names_a_workspace(candidate):
                return candidate
    return None


def _upwards(start: Path) -> Iterator[Path]:
    yield start
    yield from start.parents


def _names_a_workspace(path: Path) -> bool:
    # Other tools keep a config.json too; only the hidden folder is ours for sure.
    if path.parent.name in (".azureml", "aml_config"):
        return True
    try:
        text = text_of(path)
    except Invalid:
        return True  # It is told what is wrong with it when it is read.
    return any(f'"{key}"' in text for key in _KEYS)


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json_of(path)
    except Invalid as error:
        raise UserErrorException(str(error)) from None
    if not isinstance(told, dict) or not isinstance(told.get("workspace_name"), str):
        needed = ", ".join(f'"{key}"' for key in _KEYS)
        raise UserErrorException(
            f"{path} is not a config.json of a workspace: it needs {needed}, each with a text"
        )
    return told
