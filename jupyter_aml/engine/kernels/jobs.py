"""The jobs of kernels: their environment with ipykernel, their variables, the keeper as command."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from jupyter_aml.compute.protocol import ANY_PYTHON, BackendJob
from jupyter_aml.compute.target import Target
from jupyter_aml.domain import inherited, secrets
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import Invalid, StorageFailed, Unreachable
from jupyter_aml.domain.kernel import HOST, KernelState, TargetKernel
from jupyter_aml.engine.environments.environments import Environments
from jupyter_aml.engine.kernels.certificate import certificate
from jupyter_aml.engine.kernels.shelf import KernelShelf
from jupyter_aml.environments.protocol import Materialised, Say

EXTRAS = ("ipykernel",)
"""What a kernel needs on top of its environment."""
_GRACE = timedelta(seconds=5)


class KernelJobs:
    """Makes the job of a kernel for its target."""

    def __init__(
        self,
        shelf: KernelShelf,
        environments: Environments,
        *,
        root: Path,
        root_id: str,
        pythonpath: tuple[Path, ...],
        socket: Callable[[], str | None],
        old_libraries: bool,
    ) -> None:
        self._shelf, self._environments = shelf, environments
        self._root, self._root_id, self._pythonpath = root, root_id, pythonpath
        self._socket, self._old_libraries = socket, old_libraries
        self._there: dict[str, Materialised] = {}
        """What was built for kernels on machines of their own."""

    async def settled(self, kernel: TargetKernel) -> TargetKernel:
        """The kernel with the version of its environment, which it keeps when it is restarted."""
        definition = await self._definition(kernel)
        return replace(kernel, version=definition.version)

    async def of(self, kernel: TargetKernel, target: Target, say: Say) -> BackendJob:
        """The job of an attempt; raises Invalid where its environment cannot be had there."""
        definition = await self._definition(kernel)
        try:
            built = await self._built(kernel, definition, target, say)
        except (Unreachable, StorageFailed) as error:
            # Of a build these are the end, and no news of the job.
            raise Invalid(str(error)) from error
        folder = self._shelf.of(kernel.id)
        return BackendJob(
            id=f"{kernel.job}.{kernel.attempt}",
            attempt=kernel.attempt,
            root=self._root_id,
            folder=folder.path,
            command=(built.interpreter, "-m", HOST, str(folder.path), str(kernel.attempt)),
            interpreter=built.interpreter,
            cwd=folder.work,
            environment=self._variables(kernel, definition, built),
            grace=_GRACE,
        )

    async def prepare(
        self, kernel: TargetKernel, target: Target, connection: Mapping[str, Any]
    ) -> None:
        """Lay ready what the keeper reads."""
        definition = await self._definition(kernel)
        await asyncio.to_thread(
            self._shelf.prepare, kernel, connection, definition.variables, is_here=target.is_here,
            pem=certificate("aml kernel") if target.is_networked else None,
        )  # fmt: skip

    async def _definition(self, kernel: TargetKernel) -> Definition:
        return await self._environments.definition(
            kernel.workspace, kernel.environment, kernel.version
        )

    async def _built(
        self, kernel: TargetKernel, definition: Definition, target: Target, say: Say
    ) -> Materialised:
        if definition.wants_docker:
            raise Invalid(
                f"environment {kernel.label} is an image, and no kernel of an image runs on "
                f"{target.name!r}: make it a kernel on the compute 'docker'"
            )
        if target.is_elsewhere and definition.is_user_managed:
            python = definition.interpreter or ANY_PYTHON
            return Materialised(kind="user-managed", interpreter=python, elsewhere=True)

        def listen(kind: str, text: str) -> None:
            if kind == "say":
                say(f"environment {kernel.label}: {text}")

        if target.is_elsewhere:
            # Its machine may not answer any more when it is begun.
            if kernel.state is not KernelState.PREPARING and kernel.id in self._there:
                return self._there[kernel.id]
            built = await self._environments.materialise_on(
                target, definition, listen, extras=EXTRAS
            )
            self._there[kernel.id] = built
            return built
        is_given = definition.is_user_managed or definition.base_conda_environment is not None
        return await self._environments.materialise(
            definition, kernel.workspace, listen, extras=() if is_given else EXTRAS
        )

    def _variables(
        self, kernel: TargetKernel, definition: Definition, built: Materialised
    ) -> dict[str, str]:
        """Those of the server less what is not the kernel's business, and what it needs.

        Secrets are hidden: the shim puts their values in.
        """
        inherit = inherited.by_container if built.elsewhere else inherited.by_kernel
        kept = built.on_top_of(inherit(os.environ))
        kept |= secrets.hidden(definition.variables)
        if not self._old_libraries:
            kept[inherited.OLD_LIBRARIES] = "0"
        paths = [str(path) for path in self._pythonpath]
        if definition.variables.get("PYTHONPATH"):
            paths.append(definition.variables["PYTHONPATH"])
        own = {
            "AML_ROOT": str(self._root),
            "AML_WORKSPACE": kernel.workspace,
            "AML_ENVIRONMENT": kernel.label,
            "AML_KERNEL": kernel.id,
            "AML_RUN_ID": kernel.job,
            "AML_ATTEMPT": str(kernel.attempt),
            "AML_ROOT_ID": self._root_id,
            "AML_SYSTEM_METRICS": "0",
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUNBUFFERED": "1",
        }
        if kernel.notebook:
            own["JPY_SESSION_NAME"] = kernel.notebook
        socket = self._socket()
        return kept | own | ({} if socket is None else {"AML_SOCKET": socket})
