"""The extension of the Jupyter server: settings in, routes on, the seat taken or followed."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.extension.application import ExtensionApp
from traitlets import TraitError
from traitlets.config import Config

from jupyter_aml.domain.errors import AmlError, Invalid, StorageFailed, Unreachable
from jupyter_aml.domain.inherited import OLD_LIBRARIES, PAGE
from jupyter_aml.engine.settings import Settings
from jupyter_aml.kernels.adopting import Adopting
from jupyter_aml.kernels.running import Running
from jupyter_aml.runfolder import programs
from jupyter_aml.server import base, holder, routes
from jupyter_aml.server.bearer import Bearers
from jupyter_aml.server.config import AmlConfig
from jupyter_aml.server.handlers.kernels import keep
from jupyter_aml.server.seat import OpenEngine, Seat, open_engine
from jupyter_aml.server.socket import EngineSocket
from jupyter_aml.server.target_kernels import TargetKernelCalls

LOG = logging.getLogger("jupyter_aml")


class AmlExtension(ExtensionApp):
    """jupyter_aml in a Jupyter server."""

    name = "jupyter_aml"
    classes = [AmlConfig]  # noqa: RUF012
    opener: OpenEngine = staticmethod(open_engine)

    def _config_file_name_default(self) -> str:
        return "jupyter_aml_config"

    def initialize_settings(self) -> None:
        """Read the settings; a wrong one closes our routes, never the server."""
        assert self.serverapp is not None
        # The lines of the whole package go where the server's go.
        LOG.parent = self.serverapp.log
        self._lines: list[str] = []
        self._keeping: asyncio.Task[None] | None = None
        self._adopting: Adopting | None = None
        self._keeps_kernels = False
        problem: AmlError | None = None
        settings = Settings(root=Path(os.devnull))
        try:
            config = AmlConfig(parent=self)
            settings, self._lines = config.settings(), config.lines()
        except (Invalid, TraitError) as error:
            problem = Unreachable(f"jupyter_aml is not configured: {error}")
        running = Running(self.serverapp.kernel_manager, self.serverapp.session_manager)
        listen = partial(EngineSocket.open, running=running)
        self.seat = Seat(settings, LOG, listen=listen, opener=self.opener)
        bearers = Bearers(settings.root, {route.handler: route for route in routes.ROUTES})
        self.settings.update({base.SEAT: self.seat, base.RUNNING: running, base.BEARERS: bearers})
        if problem is not None:
            LOG.error("%s", problem)
            self.seat.refuse(problem)
            return
        os.environ["AML_ROOT"] = str(settings.root)
        if not settings.old_libraries:
            os.environ[OLD_LIBRARIES] = "0"
        try:
            # At once, or a kernel that is started first of all would not have them.
            if config.old_names:
                give_kernels_the_old_names(settings.root)
        except AmlError as error:
            LOG.warning("kernels have no `azureml`: %s", error)
        # The rest would make the start of Jupyter slower, so it begins once the loop runs.
        self.serverapp.io_loop.add_callback(self.seat.start)
        self.serverapp.io_loop.add_callback(self._tell_page)
        # Provisioners get their settings from whom they are made by.
        docker = Config(EnvironmentProvisioner={"docker_url": config.docker_url})
        self.serverapp.kernel_manager.update_config(docker)
        self.serverapp.io_loop.add_callback(self._keep, running, config)

    def _tell_page(self) -> None:
        """Let what this server starts know its address, now that it has a port."""
        assert self.serverapp is not None
        address = page(self.serverapp.connection_url, self.serverapp.custom_display_url, os.environ)
        if address is not None:
            os.environ[PAGE] = address

    def _keep(self, running: Running, config: AmlConfig) -> None:
        assert self.serverapp is not None
        self._keeps_kernels = config.keep_kernels
        self._adopting = Adopting(
            self.serverapp.kernel_manager,
            self.serverapp.session_manager,
            TargetKernelCalls(self.seat),
        )
        keeping = keep(
            running,
            self._adopting,
            root=config.settings().root,
            docker=config.docker_url,
            idle=timedelta(minutes=config.kernel_idle_minutes),
            log=LOG,
        )
        self._keeping = asyncio.create_task(keeping, name="aml-kernels")

    def initialize_handlers(self) -> None:
        """Put the routes below the base URL."""
        # `handlers` would be joined to the base URL once more and lose nothing but clarity.
        self.handlers.extend(routes.rules("/"))

    async def stop_extension(self) -> None:
        """Close the engine; where runs go on, a headless one answers for them from now on."""
        os.environ.pop(PAGE, None)
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._adopting is not None:
            # First of all: Jupyter itself would end them only when the engine is gone.
            await self._adopting.leave(is_kept=self._keeps_kernels)
        if await self.seat.close():
            LOG.info("runs go on, so a headless engine takes over")
            await asyncio.to_thread(start_headless, self._lines)


def page(address: str, shown: str, variables: Mapping[str, str]) -> str | None:
    """Where people find a Jupyter server: what a hub says, else its own address.

    `shown` is the address by which its administrator has it displayed. None where it listens to
    a socket alone. A hub that does not know its public address gives the path alone.
    """
    for name in ("JUPYTERHUB_PUBLIC_URL", "JUPYTERHUB_SERVICE_PREFIX"):
        if variables.get(name):
            return variables[name].rstrip("/") + "/"
    own, told = urlsplit(address), urlsplit(shown)
    if told.netloc:
        own = own._replace(scheme=told.scheme, netloc=told.netloc)
    if own.scheme not in ("http", "https"):
        return None
    return own._replace(path=own.path.rstrip("/") + "/").geturl()


def give_kernels_the_old_names(root: Path) -> None:
    """Let kernels (and all else that this server starts) find the alias of `azureml`, and `az`."""
    from jupyter_aml.runtime.runtime import ensure_runtime, with_alias

    holder.own(root)
    alias = ensure_runtime(root).pythonpath[1]
    os.environ["PYTHONPATH"] = with_alias(alias, os.environ.get("PYTHONPATH", ""))
    try:
        os.environ["PATH"] = programs.behind(root, os.environ.get("PATH", os.defpath))
    except OSError as error:
        raise StorageFailed(f"cannot write {error.filename}: {error.strerror}") from error


def start_headless(lines: list[str]) -> subprocess.Popen[Any]:
    """Start `jupyter aml serve` with these settings, so that it outlives this server."""
    root = Path(os.environ["AML_ROOT"])
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    log = os.open(root / "engine.log", flags, 0o600)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_aml.cli", "serve", "--settings-from-stdin"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
    # Not as arguments: the URL of a database may hold a password.
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write("\n".join(lines).encode())
    return process
