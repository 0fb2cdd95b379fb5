"""`azureml.core.compute.ComputeTarget`: a place where runs run, by its name."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from jupyter_aml.domain.near import near
from jupyter_aml.sdk._compute import given, waiting
from jupyter_aml.sdk.core.compute._status import AmlComputeStatus, errors
from jupyter_aml.sdk.exceptions import ComputeTargetException
from jupyter_aml.widgets.compute import bound

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.compute import WireCompute

Kind = TypeVar("Kind", bound="ComputeTarget")

_KINDS: dict[str, type[ComputeTarget]] = {}
"""The class of each of SDK v1's types; each enters itself."""


class ComputeTarget:
    """A compute target that is there: `local` is this machine, others are created or attached.

    `ComputeTarget(workspace, name)` is an object of the class of its type, such as `AmlCompute`.
    """

    _type: ClassVar[str] = ""
    """What SDK v1 called targets of the class."""
    workspace: Workspace
    _seen: WireCompute
    _is_new = False
    """Whether this object has created or attached it."""

    def __init_subclass__(cls, **given: Any) -> None:
        """Have the class stand for its type; of two of one type the first does."""
        super().__init_subclass__(**given)
        if cls._type:
            _KINDS.setdefault(cls._type, cls)

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        """Find the target of that name; raises ComputeTargetException naming near ones."""
        return cls._of(workspace, _look(workspace, name))

    def __init__(self, workspace: Workspace, name: str) -> None:
        # `__new__` has found it, and knows it by the name that the workspace has for it.
        assert (self.workspace, self.name) == (workspace, name)

    @classmethod
    def _of(cls, workspace: Workspace, seen: WireCompute) -> ComputeTarget:
        """The object for what an engine told; ComputeTargetException where `cls` is another."""
        kind = _KINDS.get(seen["type"], ComputeTarget)
        if cls._type == seen["type"]:
            kind = cls
        elif not issubclass(kind, cls):
            raise ComputeTargetException(
                f"{seen['name']!r} is a compute target of type {seen['type']}, and no "
                f"{cls.__name__}: ComputeTarget(workspace, {seen['name']!r}) takes it"
            )
        made = object.__new__(kind)
        made.workspace = workspace
        made._keep(seen)
        return made

    def _keep(self, seen: WireCompute) -> None:
        """Take over what was told of it."""
        self._seen = seen
        self.name, self.type = seen["name"], seen["type"]
        self.id = f"{self.workspace.name}/{self.name}"
        self.location = self.cluster_location = self.workspace.location
        self.tags, self.description = dict(seen["tags"]), seen["description"]
        self.created_on: Any = seen["createdAt"]
        self.modified_on: Any = seen["changedAt"] or seen["createdAt"]
        self.provisioning_state = waiting.provisioning_state(seen)
        self.provisioning_errors: Any = errors(seen)
        self.cluster_resource_id: str | None = seen["settings"].get("resource_id")
        self.is_attached = seen["isAttached"]
        self.status: Any = AmlComputeStatus._of(seen)

    # ---- making --------------------------------------------------------------------------------

    @staticmethod
    def create(
        workspace: Workspace,
        name: str,
        provisioning_configuration: ComputeTargetProvisioningConfiguration,
    ) -> ComputeTarget:
        """Create a target, such as a cluster; `wait_for_completion` waits until it is there.

        Raises ComputeTargetException for another one of that name, and for what is wrong.
        """
        return _made(
            workspace, name, provisioning_configuration, ComputeTargetProvisioningConfiguration,
            "provisioning_configuration",
        )  # fmt: skip

    @staticmethod
    def attach(
        workspace: Workspace, name: str, attach_configuration: ComputeTargetAttachConfiguration
    ) -> ComputeTarget:
        """Make known what is there already, such as a machine that is reached by SSH.

        Raises ComputeTargetException for another one of that name, and for what is wrong; warns
        where no runs can be sent there.
        """
        return _made(
            workspace, name, attach_configuration, ComputeTargetAttachConfiguration,
            "attach_configuration",
        )  # fmt: skip

    @staticmethod
    def list(workspace: Workspace) -> list[ComputeTarget]:
        """All targets."""
        there = workspace.client.compute.list(workspace.name)
        return [ComputeTarget._of(workspace, each) for each in there]

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> ComputeTarget:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(ComputeTarget, workspace, object_dict)

    # ---- following -----------------------------------------------------------------------------

    def wait_for_completion(
        self,
        show_output: bool = False,
        is_delete_operation: bool = False,
        *,
        min_node_count: int | None = None,
        timeout_in_minutes: float = math.inf,
    ) -> None:
        """Wait until it is provisioned, or gone where `delete` was called.

        Raises ComputeTargetException where that fails, and for nodes that it does not have.
        """
        if min_node_count is not None and min_node_count > 1:
            raise ComputeTargetException(
                f"min_node_count={min_node_count}: {self.name!r} is no cluster; leave it out"
            )
        if is_delete_operation:
            waiting.told_of_deletion(show_output=show_output)
            return
        waiting.until_there(self._look, show_output=show_output, minutes=timeout_in_minutes)

    def refresh_state(self) -> None:
        """Look what became of it; raises ComputeTargetException where it is not there any more."""
        self._look()

    def get_status(self) -> Any:
        """How busy it is now."""
        self.refresh_state()
        return self.status

    def _look(self) -> WireCompute:
        seen = _look(self.workspace, self.name)
        self._keep(seen)
        return seen

    # ---- ending --------------------------------------------------------------------------------

    def delete(self) -> None:
        """Delete the target; raises ComputeTargetException while runs are on it."""
        self._removed("deleted")

    def detach(self) -> None:
        """Forget the target, which goes on; ComputeTargetException while runs are on it."""
        self._removed("detached")

    def _removed(self, what: str) -> None:
        if self._seen["workspace"] is None:
            raise ComputeTargetException(
                f"{self.name!r} was not made in this workspace; it cannot be {what}"
            )
        with given.told_as_v1():
            self.workspace.client.compute.remove(self.workspace.name, self.name)
        self.provisioning_state = "Deleting"

    def serialize(self) -> dict[str, Any]:
        """What is known of it, with SDK v1's keys."""
        told = getattr(self.status, "serialize", lambda: self.status)()
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "type": self.type,
            "tags": self.tags,
            "description": self.description,
            "created_on": self.created_on,
            "modified_on": self.modified_on,
            "provisioningState": self.provisioning_state,
            "provisioningErrors": self.provisioning_errors,
            "isAttached": self.is_attached,
            "status": told,
        }

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name!r}, "
            f"id={self.id!r}, type={self.type!r}, provisioning_state={self.provisioning_state!r}, "
            f"location={self.location!r}, tags={self.tags!r})"
        )


class _Configuration:
    """What a target shall be; its `_settings` are those of its kind, by name."""

    _kind: ClassVar[str] = ""
    """The kind that opens it, of the entry points `jupyter_aml.compute`."""
    _settings: ClassVar[tuple[str, ...]] = ()

    def __init__(self, type: type[ComputeTarget]) -> None:
        self._compute_type = type

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException for what is wrong and can be seen from here."""

    def _body(self) -> dict[str, Any]:
        """What an engine is asked for."""
        values = {name: getattr(self, name) for name in self._settings}
        given = {name: value for name, value in values.items() if value not in (None, "")}
        return {"kind": self._kind, "type": self._compute_type._type, "settings": given}


class ComputeTargetProvisioningConfiguration(_Configuration):
    """What a target that is created shall be."""

    def __init__(self, type: type[ComputeTarget], location: str | None) -> None:
        super().__init__(type)
        self.location = location


class ComputeTargetAttachConfiguration(_Configuration):
    """What a target that is attached stands for."""


class ComputeTargetUpdateConfiguration(_Configuration):
    """What shall be other of a target."""


def _made(
    workspace: Workspace, name: str, asked: Any, wanted: type[_Configuration], said: str
) -> ComputeTarget:
    if not isinstance(asked, wanted):
        raise ComputeTargetException(
            f"{said}: expected what a class such as AmlCompute returns from {said}(...), "
            f"got the {type(asked).__name__} {asked!r}"
        )
    asked.validate_configuration()
    given.warn_of_length(name, asked._compute_type._type)
    with given.told_as_v1():
        seen = workspace.client.compute.add(
            {"workspace": workspace.name, "name": name, **asked._body()}
        )
    if seen["refusal"]:
        warnings.warn(f"{name!r} is registered, and takes no runs: {seen['refusal']}", stacklevel=3)
    if told := bound(seen):
        warnings.warn(f"{name!r} may have {seen['maxNodes']} nodes{told}", stacklevel=3)
    made = asked._compute_type._of(workspace, seen)
    made._is_new = True
    return made


def _look(workspace: Workspace, name: str) -> WireCompute:
    there = {each["name"]: each for each in workspace.client.compute.list(workspace.name)}
    seen = there.get(name)
    if seen is not None:
        return seen
    close = near(str(name), there, 1)
    cure = f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(there)}"
    raise ComputeTargetException(
        f"ComputeTargetNotFound: Compute Target with name {name} not found in "
        f"provided workspace; {cure}"
    )


def _deserialized(kind: type[Kind], workspace: Workspace, told: Mapping[str, Any]) -> Kind:
    name = told.get("name") if isinstance(told, Mapping) else None
    if not isinstance(name, str):
        raise ComputeTargetException(f"object_dict: {told!r} has no name of a compute target")
    found = kind._of(workspace, _look(workspace, name))
    assert isinstance(found, kind)
    return found
