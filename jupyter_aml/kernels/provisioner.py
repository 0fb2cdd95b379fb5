"""Starts ipykernel in a built environment: the entry point `aml-environment`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.kernels.asking import home_of
from jupyter_aml.kernels.container import Container, Wanted, start
from jupyter_aml.kernels.home import Home
from jupyter_aml.kernels.lease import Lease, begun
from jupyter_aml.kernels.specs import HERE
from jupyter_aml.shim.shim import start_of

_EXTENSION = "--InteractiveShellApp.extra_extensions=jupyter_aml"


class EnvironmentProvisioner(LocalProvisioner):
    """A kernel in an environment of ours: a process of this machine, a container on it, or a job
    of a compute target.

    A restart stays in what the first start found: a kernel changes its packages by a new start.
    """

    workspace = Unicode(
        str(ids.DEFAULT_WORKSPACE), config=True, help="Workspace of the environment."
    )
    environment = Unicode(config=True, help="Name of the environment.")
    version = Unicode("", config=True, help="Its version; empty for the newest.")
    compute = Unicode(
        "local", config=True, help="`local`, `docker` for a container, or a compute target."
    )

    docker_url = Unicode("", config=True, help="Address of the docker engine; empty: as usual.")

    home: Home | None = None
    process: Any = None
    _is_gone = False
    _lease: Lease | None = None
    """The place of the kernel on its target; it outlives restarts."""

    @property
    def label(self) -> str | None:
        """`name:version` of the environment, once it is known."""
        if self._lease is not None:
            return self._lease.label
        return None if self.home is None else self.home.label

    @property
    def is_on_target(self) -> bool:
        """Whether the kernel is a job of a compute target."""
        return self.compute not in HERE

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Build the environment where it must be, then say how the kernel is started.

        Raises AmlError, whose text is what the user reads in the dialog.
        """
        if self.is_on_target:
            return await super().pre_launch(**kwargs)
        home = await self._settle()
        if self.compute == "docker" and home.image is None:
            raise Invalid(
                f"environment {self.label} has no docker image: enable docker in its definition, "
                "or make it a kernel on the compute 'local'"
            )
        given = kwargs.get("env") or os.environ
        kwargs["env"] = home.for_kernel(given, kernel=self.kernel_id)
        kwargs = await super().pre_launch(**kwargs)
        # The first word is the Python of the kernelspec, whichever that is.
        kwargs["cmd"] = [home.interpreter, *kwargs["cmd"][1:], _EXTENSION]
        return kwargs

    async def _settle(self) -> Home:
        """Return the home of the first start; what was pruned meanwhile is built again."""
        home = self.home
        if home is None or self._is_gone or not home.is_there:
            home = await home_of(
                self.environment,
                workspace=self.workspace,
                version=(home.version if home is not None else self.version) or None,
                say=self.log.info,
            )
            self.home, self._is_gone = home, False
        return home

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel, in a container where its environment is an image."""
        if self.is_on_target:
            return await self._launch_there(**kwargs)
        assert self.home is not None and self.parent is not None
        if self.home.image is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.cwd = kwargs.get("cwd") or os.getcwd()
        wanted = Wanted(
            kernel=self.kernel_id,
            home=self.home,
            command=cmd,
            given=kwargs["env"],
            connection_file=self.parent.connection_file,
            cwd=os.path.abspath(self.cwd),
        )
        try:
            self.process = await asyncio.to_thread(start, wanted, url=self.docker_url)
        except NotFound:
            self._is_gone = True
            raise
        self.pid, self.pgid = self.process.pid, None
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        """Send the kernel a signal; an engine that is slow to take it stops nobody else."""
        if isinstance(self.process, Container | Lease):
            await asyncio.to_thread(self.process.send_signal, signum)
        else:
            await super().send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel; one that cannot be reached loses its place."""
        if isinstance(self.process, Lease):
            await asyncio.to_thread(self.process.kill)
        else:
            await super().kill(restart=restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Give the place on the target back, unless the kernel is started there again."""
        if self._lease is not None and not restart:
            lease, self._lease = self._lease, None
            await asyncio.to_thread(lease.end)
        await super().cleanup(restart=restart)

    def let_go(self) -> None:
        """Leave the kernel on its target, for a server that comes later."""
        if self._lease is not None:
            self._lease.let_go()
            self.process = self._lease = None

    async def _launch_there(self, **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel in its place, or have one on the target; that may wait for long."""
        assert self.parent is not None
        if self._lease is None or not await asyncio.to_thread(self._lease.start_again):
            self._lease = None
            self._lease = await begun(self._asked(kwargs), self.log.info)
        self.process, self.pid, self.pgid = self._lease, self._lease.pid, None
        return self._lease.connection_info

    def _asked(self, given: dict[str, Any]) -> dict[str, Any]:
        """What the engine is asked for."""
        assert self.parent is not None
        pid = os.getpid()
        return {
            "id": self.kernel_id,
            "workspace": self.workspace,
            "compute": self.compute,
            "environment": self.environment,
            "version": self.version or None,
            "spec": self.parent.kernel_name,
            "displayName": self.kernel_spec.display_name,
            "notebook": given["env"].get("JPY_SESSION_NAME", ""),
            "cwd": os.path.abspath(given.get("cwd") or os.getcwd()),
            "connectionFile": os.path.abspath(self.parent.connection_file),
            "server": {"pid": pid, "start": start_of(pid), "folder": _notebooks(self.parent)},
        }


def _notebooks(manager: Any) -> str:
    """Where the paths of notebooks begin in the server of a kernel; empty where it is none."""
    return str(getattr(manager.parent, "root_dir", None) or "")
