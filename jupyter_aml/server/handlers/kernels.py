"""/aml/kernels: environments as notebook kernels, and the kernels of this Jupyter server.

Kernels are the Jupyter server's affair, not the engine's: nothing here is passed on to the server
that holds the root. On the socket of an engine without Jupyter no kernels run.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from logging import Logger
from pathlib import Path
from urllib.parse import urlencode

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.kernels import container, specs
from jupyter_aml.kernels.adopting import Adopting
from jupyter_aml.kernels.running import Running
from jupyter_aml.server import base, forward
from jupyter_aml.server.base import AmlHandler, problem_of
from jupyter_aml.server.holder import Holder
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.seat import GAP, Deadline
from jupyter_aml.wire.asked import WireNewKernelSpec
from jupyter_aml.wire.kernels import WireKernels, WireKernelSpec

SHORTEST_LOOK = 1.0
LONGEST_LOOK = 60.0
"""Seconds between two looks for kernels that nobody uses."""


class KernelsHandler(AmlHandler):
    """/aml/kernels"""

    @authenticated
    @authorized
    async def get(self) -> None:
        """List the kernels of environments, and all that run on this server."""
        running: Running | None = self.settings.get(base.RUNNING)
        known = await asyncio.to_thread(specs.found)
        await self.reply(
            {
                "specs": [spec.to_wire() for spec in known],
                "running": [] if running is None else await running.look(),
                "python": sys.executable,
                "folder": getattr(self.settings.get("contents_manager"), "root_dir", None),
            }
        )

    @authenticated
    @authorized
    async def post(self) -> None:
        """Make an environment a kernel that notebooks can choose."""
        try:
            wanted = specs.read(self.body())
            await self._find(wanted)
            made = await asyncio.to_thread(specs.add, wanted)
        except AmlError as error:
            return self.refuse(*problem_of(500, error))
        await self.reply(made.to_wire(), status=201)

    async def _find(self, wanted: specs.KernelSpec) -> None:
        """Raise what the engine says about an environment or a target that is not there."""
        found = await self.seat.settled(Deadline(GAP))
        target = None if wanted.compute in specs.HERE else wanted.compute
        if not isinstance(found, Holder):
            await found.environments.get(wanted.workspace, wanted.environment, wanted.version)
            if target is not None:
                await found.compute.need_kernels(ids.workspace_name(wanted.workspace), target)
            return
        space = {"workspace": wanted.workspace}
        query = space if wanted.version is None else {**space, "version": wanted.version}
        await forward.find(found, f"/aml/environments/{wanted.environment}?{urlencode(query)}")
        if target is not None:
            await forward.find(found, f"/aml/compute/{target}/kernels?{urlencode(space)}")


class KernelHandler(AmlHandler):
    """/aml/kernels/<spec>"""

    @authenticated
    @authorized
    async def delete(self, spec: str) -> None:
        """Remove a kernel of an environment from the choice; those that run go on."""
        try:
            await asyncio.to_thread(specs.remove, spec)
        except AmlError as error:
            return self.refuse(*problem_of(500, error))
        self.reply_nothing()


async def keep(
    running: Running,
    adopting: Adopting,
    *,
    root: Path,
    docker: str,
    idle: timedelta,
    log: Logger,
) -> None:
    """Take up what a killed server left, then end what idles, until cancelled.

    Kernels on compute targets go on, those in containers are removed. With `idle` zero nothing is
    ended for being idle.
    """
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_adopt(adopting, root, log))
        tasks.create_task(_tidy(running, root=root, docker=docker, idle=idle, log=log))


async def _adopt(adopting: Adopting, root: Path, log: Logger) -> None:
    """Take over kernels on targets, and note their notebooks; costs nothing without any."""
    if (root / "kernels").is_dir():
        try:
            for kernel_id in await adopting.adopt():
                log.info("kernel %s of an earlier server goes on", kernel_id)
        except Exception:
            # Whatever is wrong with them must not keep the server from its own kernels.
            log.exception("kernels of an earlier server cannot be taken over")
    await adopting.follow()


async def _tidy(running: Running, *, root: Path, docker: str, idle: timedelta, log: Logger) -> None:
    try:
        removed = await asyncio.to_thread(container.remove_orphans, root, url=docker)
    except AmlError as error:
        log.warning("containers of kernels of an earlier server may be left: %s", error)
    else:
        if removed:
            log.info("%s containers of kernels of an earlier server are removed", removed)
    if idle:
        await _cull(running, idle, log)


async def _cull(running: Running, idle: timedelta, log: Logger) -> None:
    pause = min(LONGEST_LOOK, max(SHORTEST_LOOK, idle.total_seconds() / 4))
    while True:
        await asyncio.sleep(pause)
        try:
            for kernel_id in await running.cull(idle=idle):
                log.info("kernel %s was idle for %s and is shut down", kernel_id, idle)
        except Exception:
            # One that could not be ended now must not keep the others for ever.
            log.exception("idle kernels could not be shut down")


ROUTES = (
    Route("kernels", KernelsHandler, {
        "get": Call(answer=WireKernels),
        "post": Call(body=WireNewKernelSpec, answer=WireKernelSpec, status=201),
    }),
    Route("kernels/{spec}", KernelHandler, {"delete": Call(status=204)}),
)  # fmt: skip
