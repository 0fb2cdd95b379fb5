"""`azureml.core.compute.ComputeInstance`: one node that is there until somebody stops it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.domain.vm_sizes import vm_size as known_size
from jupyter_aml.sdk._compute import facts, given
from jupyter_aml.sdk._compute.waiting import Progress, need_well
from jupyter_aml.sdk._core import pages
from jupyter_aml.sdk.core.compute._status import errors
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTarget,
    ComputeTargetProvisioningConfiguration,
    _deserialized,
)
from jupyter_aml.sdk.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.run import Run
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.compute import WireCompute

_PAUSE = 0.2
_USER, _TENANT = "assignedUserObjectId", "assignedUserTenantId"
"""Tags that say whose an instance is; the files of a root stay its owner's."""
RUNNING, STOPPED = "Running", "Stopped"


class ComputeInstance(ComputeTarget):
    """One node of this machine that can be started and stopped."""

    _type = "ComputeInstance"

    @classmethod
    def get_docs_url(cls) -> str:
        """Where it is told what an instance is."""
        return "docs/how-to/compute_targets.md"

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        ssh_public_access: bool = False,
        admin_user_ssh_public_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        assigned_user_object_id: str | None = None,
        assigned_user_tenant_id: str | None = None,
        *,
        idle_time_before_shutdown_minutes: float | None = None,
    ) -> ComputeInstanceProvisioningConfiguration:
        """What an instance shall be; `vm_size` limits its runs to what such a machine has.

        Whose it shall be is kept as tags, and gives nobody rights. After so many minutes without
        runs its node ends, and the next run starts it again. Warns of what means nothing without
        a cloud.
        """
        return ComputeInstanceProvisioningConfiguration(
            vm_size, ssh_public_access, admin_user_ssh_public_key, vnet_resourcegroup_name,
            vnet_name, subnet_name, tags, description, assigned_user_object_id,
            assigned_user_tenant_id,
            idle_time_before_shutdown_minutes=idle_time_before_shutdown_minutes, _stacklevel=3,
        )  # fmt: skip

    def _keep(self, seen: WireCompute) -> None:
        super()._keep(seen)
        self.vm_size = seen["vmSize"].upper()
        self.status = ComputeInstanceStatus._of(seen)
        self.errors = self.status.errors
        self.assigned_user_object_id = seen["tags"].get(_USER)
        self.assigned_user_tenant_id = seen["tags"].get(_TENANT)
        self.idle_time_before_shutdown_minutes = seen["settings"].get("idle_stop_minutes")
        self.applications = [
            {"displayName": name, "endpointUri": uri}
            for name, uri in self.get_applications_uri().items()
        ]
        self.ssh_public_access = False
        self.admin_username: Any = None
        self.admin_user_ssh_public_key: Any = None
        self.ssh_port: Any = None
        self.vnet_resourcegroup_name = self.vnet_name = self.subnet_name = self.subnet_id = None
        self.public_ip_address = self.private_ip_address = None

    def get_applications_uri(self) -> dict[str, str]:
        """The page of JupyterLab, where this process knows of one."""
        page = pages.lab()
        return {} if page is None else {"JupyterLab": page}

    def get_status(self) -> ComputeInstanceStatus:
        """Whether it runs now."""
        self.refresh_state()
        status: ComputeInstanceStatus = self.status
        return status

    def get(self) -> dict[str, Any]:
        """All that is known of it now."""
        self.refresh_state()
        return self.serialize()

    def wait_for_completion(  # type: ignore[override]
        self, show_output: bool = False, is_delete_operation: bool = False
    ) -> None:
        """Wait until it is there and its node has started; ComputeTargetException where not."""
        super().wait_for_completion(show_output, is_delete_operation)
        if not is_delete_operation and not self._seen["isStopped"]:
            self._until(RUNNING, is_shown=False)

    def start(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Start it; runs that wait for it go on."""
        self._turned(is_stopped=False, waits=wait_for_completion, is_shown=show_output)

    def stop(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Stop it: runs that are on it go on, others wait until it is started."""
        self._turned(is_stopped=True, waits=wait_for_completion, is_shown=show_output)

    def restart(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Stop it, and start it once the runs on it have ended."""
        self._turned(is_stopped=True, waits=True, is_shown=show_output)
        self._turned(is_stopped=False, waits=wait_for_completion, is_shown=show_output)

    def delete(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Delete it; raises ComputeTargetException while runs are on it."""
        super().delete()
        if wait_for_completion:
            self.wait_for_completion(show_output, is_delete_operation=True)

    def detach(self) -> NoReturn:
        """Raise ComputeTargetException: what was created is deleted."""
        raise ComputeTargetException(
            f"Detach is not supported for ComputeInstance object. {self.name!r} was created here: "
            "delete() ends it"
        )

    def update_sso_settings(self, value: bool) -> NoReturn:
        """Raise ComputeTargetException: nobody logs in here."""
        raise ComputeTargetException(
            f"value={value!r}: single sign-on belongs to the cloud; Jupyter decides who may log in"
        )

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> ComputeInstance:
        """The instance that `serialize` told of, as it is now."""
        return _deserialized(ComputeInstance, workspace, object_dict)

    def get_active_runs(
        self,
        type: str | None = None,
        tags: Mapping[str, str] | str | None = None,
        properties: Mapping[str, str] | str | None = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs that are on it or wait for it, newest first."""
        from jupyter_aml.sdk.core.run import Run

        return Run.list_by_compute(self, type, tags, properties, status or "active")

    @staticmethod
    def supported_vmsizes(
        workspace: Workspace, location: str | None = None
    ) -> list[dict[str, Any]]:
        """The sizes that `vm_size` may name, with what its runs may use of each."""
        given.warn_of_cloud(2, location=None if location == workspace.location else location)
        return facts.sizes()

    def _turned(self, *, is_stopped: bool, waits: bool, is_shown: bool) -> None:
        body = {"workspace": self.workspace.name, "isStopped": is_stopped}
        with given.told_as_v1():
            self._keep(self.workspace.client.compute.change(self.name, body))
        if waits:
            self._until(STOPPED if is_stopped else RUNNING, is_shown=is_shown)

    def _until(self, state: str, *, is_shown: bool) -> None:
        progress = Progress(is_shown)
        seen = self._look()
        progress.say(self.status.state)
        while not self._is(state):
            need_well(seen)
            time.sleep(_PAUSE)
            seen = self._look()
            progress.say(self.status.state)
        if is_shown:
            print()

    def _is(self, state: str) -> bool:
        """Whether it is in that state; one that stops when it idles runs when a run comes."""
        is_ready = state == RUNNING and self._seen["minNodes"] == 0 and not self._seen["isStopped"]
        return is_ready or self.status.state == state


class ComputeInstanceProvisioningConfiguration(ComputeTargetProvisioningConfiguration):
    """What an instance shall be; see ComputeInstance.provisioning_configuration."""

    def __init__(
        self,
        vm_size: str = "",
        ssh_public_access: bool = False,
        admin_user_ssh_public_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        assigned_user_object_id: str | None = None,
        assigned_user_tenant_id: str | None = None,
        *,
        idle_time_before_shutdown_minutes: float | None = None,
        _stacklevel: int = 2,
    ) -> None:
        super().__init__(ComputeInstance, None)
        self.vm_size, self.tags, self.description = vm_size, tags, description
        self.ssh_public_access = ssh_public_access
        self.admin_user_ssh_public_key = admin_user_ssh_public_key
        self.vnet_resourcegroup_name, self.vnet_name = vnet_resourcegroup_name, vnet_name
        self.subnet_name = subnet_name
        self.assigned_user_object_id = assigned_user_object_id
        self.assigned_user_tenant_id = assigned_user_tenant_id
        self.idle_time_before_shutdown_minutes = idle_time_before_shutdown_minutes
        given.warn_of_cloud(
            _stacklevel,
            ssh_public_access=ssh_public_access,
            admin_user_ssh_public_key=admin_user_ssh_public_key,
            vnet_resourcegroup_name=vnet_resourcegroup_name,
            vnet_name=vnet_name,
            subnet_name=subnet_name,
        )
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException for an unknown size."""
        with given.told_as_v1():
            if self.vm_size:
                known_size(str(self.vm_size))

    def _body(self) -> dict[str, Any]:
        owner = {_USER: self.assigned_user_object_id, _TENANT: self.assigned_user_tenant_id}
        tags = {**(self.tags or {}), **{key: value for key, value in owner.items() if value}}
        idle = self.idle_time_before_shutdown_minutes
        return {
            "kind": "instance",
            "settings": {} if idle is None else {"idle_stop_minutes": idle},
            "type": ComputeInstance._type,
            "vmSize": self.vm_size or None,
            "description": self.description or "",
            "tags": {str(key): str(value) for key, value in tags.items()},
        }


_STATUS = {
    "errors": "errors", "creation_time": "creationTime", "modified_time": "modifiedTime",
    "state": "state", "vm_size": "vmSize",
}  # fmt: skip
_CREATOR = {
    "created_by_user_name": "userName",
    "created_by_user_id": "userId",
    "created_by_user_org": "userOrgId",
}


class ComputeInstanceStatus:
    """Whether an instance runs."""

    def __init__(
        self,
        creation_time: Any,
        created_by_user_name: str | None,
        created_by_user_id: str | None,
        created_by_user_org: str | None,
        errors: Any,
        modified_time: Any,
        state: str | None,
        vm_size: str | None,
    ) -> None:
        self.creation_time, self.modified_time = creation_time, modified_time
        self.created_by_user_name = created_by_user_name
        self.created_by_user_id, self.created_by_user_org = created_by_user_id, created_by_user_org
        self.errors, self.state, self.vm_size = errors, state, vm_size

    @classmethod
    def _of(cls, seen: WireCompute) -> ComputeInstanceStatus:
        created, changed = seen["createdAt"], seen["changedAt"] or seen["createdAt"]
        size = seen["vmSize"].upper() or None
        return cls(created, None, None, None, errors(seen), changed, _state(seen), size)

    def serialize(self) -> dict[str, Any]:
        """The status with SDK v1's keys."""
        told: dict[str, Any] = {key: getattr(self, name) for name, key in _STATUS.items()}
        told["createdBy"] = {key: getattr(self, name) for name, key in _CREATOR.items()}
        return told

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> ComputeInstanceStatus:
        """What `serialize` wrote."""
        by = object_dict.get("createdBy") or {}
        return ComputeInstanceStatus(
            **{name: object_dict.get(key) for name, key in _STATUS.items()},
            **{name: by.get(key) for name, key in _CREATOR.items()},
        )

    def __repr__(self) -> str:
        return f"ComputeInstanceStatus({self.serialize()})"


def _state(seen: WireCompute) -> str:
    if seen["state"] == "Failed":
        return "Unusable"
    if seen["isStopped"]:
        return "Stopping" if seen["nodes"] else STOPPED
    if seen["state"] == "Creating":
        return "Creating"
    is_there = any(node["state"] in ("idle", "busy") for node in seen["nodes"])
    if is_there:
        return RUNNING
    is_coming = seen["minNodes"] > 0 or seen["nodes"]
    return "Starting" if is_coming else STOPPED
