"""What targets share that stand for something which is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.sdk.core.compute.compute import ComputeTarget, ComputeTargetAttachConfiguration
from jupyter_aml.sdk.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from jupyter_aml.wire.compute import WireCompute


class Elsewhere(ComputeTarget):
    """A target that is there without us, where it was attached: it is detached, and goes on."""

    def _keep(self, seen: WireCompute) -> None:
        super()._keep(seen)
        self.status = self.provisioning_state

    def get_status(self) -> Any:
        """The provisioning state, as SDK v1 had it."""
        self.refresh_state()
        return self.provisioning_state

    def delete(self) -> None:
        """Delete what was created; ComputeTargetException for what was there before."""
        if not self.is_attached:
            super().delete()
            return
        raise ComputeTargetException(
            f"Delete is not supported for {type(self).__name__} object. {self.name!r} was there "
            "before it was attached: detach() forgets it"
        )


def no_credentials(target: ComputeTarget) -> NoReturn:
    """Raise ComputeTargetException: what stands in the vault is not given out."""
    raise ComputeTargetException(
        f"the credentials of {target.name!r} stand in the vault of the workspace, which hands them "
        "to what connects to it and to nobody else"
    )


def need_one_of(asked: ComputeTargetAttachConfiguration, *ways: tuple[str, ...]) -> None:
    """Raise ComputeTargetException unless all names of one of the ways are said."""
    if any(all(getattr(asked, name) for name in way) for way in ways):
        return
    told = ", or ".join(" and ".join(way) for way in ways)
    raise ComputeTargetException(f"{type(asked).__name__}: give {told}")
