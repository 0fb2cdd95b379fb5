"""Kernels on compute targets that an earlier Jupyter server left: taken over, with notebooks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Protocol

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_core.utils import ensure_async

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.wire.kernels import WireKernelSession, WireTargetKernel

LOG = logging.getLogger("jupyter_aml.kernels")

_LOOK = 1.0
"""Seconds between two looks at which notebooks the kernels belong to."""


class Calls(Protocol):
    """What is asked of the engine."""

    async def list(self) -> list[WireTargetKernel]:
        """The kernels that wait or run."""

    async def belongs(self, kernel: str, session: WireKernelSession) -> None:
        """Note which notebook a kernel belongs to."""


class Adopting:
    """Takes over what an earlier server of the same folder left, and notes what a later needs."""

    def __init__(self, kernels: Any, sessions: Any, calls: Calls) -> None:
        self._kernels, self._sessions, self._calls = kernels, sessions, calls
        self._noted: dict[str, WireKernelSession] = {}

    async def adopt(self) -> list[str]:
        """Take over the kernels whose server is gone; returns their ids.

        A kernel whose kernelspec was removed meanwhile is left where it is.
        """
        adopted = []
        for kernel in await self._calls.list():
            if self._is_ours(kernel) and await self._taken(kernel):
                adopted.append(kernel["id"])
        return adopted

    async def follow(self) -> None:
        """Note which notebooks the kernels on targets belong to, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            if not any(self._on_targets()):
                continue
            try:
                await self._note()
            except AmlError as error:
                LOG.debug("the notebooks of kernels cannot be noted now: %s", error)

    async def leave(self, *, is_kept: bool) -> None:
        """End the kernels on targets, or leave them to a server that comes later."""
        for kernel_id in [*self._on_targets()]:
            if is_kept:
                self._let_go(kernel_id)
                continue
            try:
                await ensure_async(self._kernels.shutdown_kernel(kernel_id, now=True))
            except Exception:
                LOG.exception("kernel %s cannot be shut down", kernel_id)

    def _let_go(self, kernel_id: str) -> None:
        kernel = self._kernels.get_kernel(kernel_id)
        kernel.stop_restarter()
        kernel.provisioner.let_go()
        self._kernels.remove_kernel(kernel_id)
        LOG.info("kernel %s goes on without a server", kernel_id)

    def _is_ours(self, kernel: WireTargetKernel) -> bool:
        folder = str(getattr(self._kernels, "root_dir", None) or "")
        is_left = kernel["state"] == "running" and not kernel["hasServer"]
        return (
            is_left and kernel["server"]["folder"] == folder and kernel["id"] not in self._kernels
        )

    async def _taken(self, kernel: WireTargetKernel) -> bool:
        try:
            await ensure_async(
                self._kernels.start_kernel(
                    kernel_id=kernel["id"],
                    kernel_name=kernel["spec"],
                    env={"JPY_SESSION_NAME": kernel["notebook"]},
                )
            )
            session = kernel["session"]
            if session is not None:
                await ensure_async(
                    self._sessions.save_session(
                        session["id"], path=session["path"], name=session["name"],
                        type=session["type"], kernel_id=kernel["id"],
                    )
                )  # fmt: skip
                self._noted[kernel["id"]] = session
        except (AmlError, NoSuchKernel, OSError) as error:
            LOG.warning("kernel %s on %r is left alone: %s", kernel["id"], kernel["compute"], error)
            return False
        return True

    async def _note(self) -> None:
        on_targets = set(self._on_targets())
        for session in await ensure_async(self._sessions.list_sessions()):
            kernel = (session.get("kernel") or {}).get("id")
            told: WireKernelSession = {
                "id": session["id"], "path": session["path"], "name": session["name"],
                "type": session["type"],
            }  # fmt: skip
            if kernel in on_targets and self._noted.get(kernel) != told:
                await self._calls.belongs(kernel, told)
                self._noted[kernel] = told

    def _on_targets(self) -> Iterable[str]:
        for kernel_id in [*self._kernels.list_kernel_ids()]:
            provisioner = self._kernels.get_kernel(kernel_id).provisioner
            if getattr(provisioner, "is_on_target", False):
                yield kernel_id
