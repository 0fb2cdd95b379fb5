"""`azureml.core.compute.ComputeTarget`: a place where runs run, by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.domain.near import near
from jupyter_aml.sdk._core.later import NotThereYet, later, missing
from jupyter_aml.sdk.core.compute._status import AmlComputeStatus
from jupyter_aml.sdk.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace


@later("deserialize")
class ComputeTarget:
    """A compute target that is there: `local` is this machine, packages bring others."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        """Take the target of that name; raises ComputeTargetException where there is none."""
        self.workspace, self.name = workspace, name
        self.refresh_state()
        self.id = f"{workspace.name}/{name}"
        self.location = self.cluster_location = workspace.location
        self.tags: dict[str, str] = {}
        self.description = ""
        self.created_on: Any = None
        self.modified_on: Any = None
        self.provisioning_state = "Succeeded"
        self.provisioning_errors: Any = None
        self.cluster_resource_id: str | None = None
        self.is_attached = False

    @staticmethod
    def create(workspace: Workspace, name: str, provisioning_configuration: Any) -> NoReturn:
        """Clusters are not there yet: raises NotThereYet."""
        raise to_come(f"ComputeTarget.create({name!r})")

    @staticmethod
    def attach(workspace: Workspace, name: str, attach_configuration: Any) -> NoReturn:
        """Other machines are not there yet: raises NotThereYet."""
        raise to_come(f"ComputeTarget.attach({name!r})")

    @staticmethod
    def list(workspace: Workspace) -> list[ComputeTarget]:
        """All targets."""
        there = workspace.client.compute.list(workspace.name)
        return [ComputeTarget(workspace, each["name"]) for each in there]

    def wait_for_completion(
        self,
        show_output: bool = False,
        is_delete_operation: bool = False,
        *,
        min_node_count: int | None = None,
        timeout_in_minutes: float = 25,
    ) -> None:
        """Return at once: a target that is there is ready, and has one node."""
        if is_delete_operation:
            self.delete()
        if min_node_count is not None and min_node_count > 1:
            raise ComputeTargetException(
                f"min_node_count={min_node_count}: {self.name!r} is one node; leave it out"
            )
        if show_output:
            print(f"{self.provisioning_state}\nProvisioning operation finished, "
                  f"operation {self.provisioning_state!r}")  # fmt: skip

    def refresh_state(self) -> None:
        """Look how busy it is; raises ComputeTargetException where it is not there."""
        there = {
            each["name"]: each for each in self.workspace.client.compute.list(self.workspace.name)
        }
        seen = there.get(self.name)
        if seen is None:
            close = near(str(self.name), there, 1)
            cure = f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(there)}"
            raise ComputeTargetException(
                f"ComputeTargetNotFound: Compute Target with name {self.name} not found in "
                f"provided workspace; {cure}"
            )
        self.type, self.status = seen["type"], AmlComputeStatus._of(seen)

    def get_status(self) -> AmlComputeStatus:
        """How busy it is now."""
        self.refresh_state()
        return self.status

    def delete(self) -> NoReturn:
        """Raise ComputeTargetException: what was not made here is not deleted."""
        raise ComputeTargetException(
            f"{self.name!r} is no cluster that was made here; it cannot be deleted or detached"
        )

    detach = delete

    def serialize(self) -> dict[str, Any]:
        """What is known of it, with SDK v1's keys."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "type": self.type,
            "tags": self.tags,
            "description": self.description,
            "provisioningState": self.provisioning_state,
            "provisioningErrors": self.provisioning_errors,
            "status": self.status.serialize(),
        }

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name!r}, "
            f"id={self.id!r}, type={self.type!r}, provisioning_state={self.provisioning_state!r})"
        )


def to_come(what: str) -> NotThereYet:
    """The error for what needs clusters."""
    error = missing(what)
    return NotThereYet(f"{error}: clusters of nodes come later, and 'local' is this machine")
