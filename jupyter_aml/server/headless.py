"""The engine without Jupyter: for scripts, other editors, and runs that outlive their server."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from logging import Logger
from pathlib import Path

from jupyter_core.application import JupyterApp
from traitlets import TraitError
from traitlets.config import Application, Config
from traitlets.config.loader import DeferredConfigString

from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.engine.lock import RootTaken
from jupyter_aml.engine.settings import Settings
from jupyter_aml.runfolder import trust
from jupyter_aml.server import holder
from jupyter_aml.server.config import AmlConfig
from jupyter_aml.server.holder import Holder
from jupyter_aml.server.seat import OpenEngine, open_engine
from jupyter_aml.server.socket import EngineSocket

CONFIG_FILES = ("jupyter_config", "jupyter_server_config", "jupyter_aml_config")


class HeadlessApp(JupyterApp):
    """Reads the same configuration files as a Jupyter server does."""

    name = "jupyter_aml"
    classes = [AmlConfig]  # noqa: RUF012

    def read(self, given: Sequence[str]) -> Settings:
        """Return the settings of the files, and above them those given as `NAME=VALUE`."""
        for file in CONFIG_FILES:
            _check_owner(file, self.config_file_paths)
            # The parent's form of this reads one file only and swallows its errors.
            Application.load_config_file(self, file, path=self.config_file_paths)
        self.update_config(Config(AmlConfig=dict(_pair(each) for each in given)))
        try:
            return AmlConfig(parent=self).settings()
        except TraitError as error:
            raise Invalid(str(error)) from error


async def serve(
    settings: Settings,
    log: Logger,
    *,
    opener: OpenEngine = open_engine,
    tell: Callable[[Holder | None], None] = lambda held: None,
) -> int:
    """Answer for the root until told to go, or idle; return the exit code. Raises AmlError.

    `tell` hears once who answers for the root: this engine, or the one that holds it already.
    """
    leave = asyncio.Event()
    with told_by_signals(leave):
        return await _serve(settings, log, leave, opener, tell)


async def _serve(
    settings: Settings,
    log: Logger,
    leave: asyncio.Event,
    opener: OpenEngine,
    tell: Callable[[Holder | None], None],
) -> int:
    try:
        engine = await opener(settings, "headless")
    except RootTaken as error:
        held = holder.read(settings.root)
        tell(held)
        log.info("%s; nothing to do", held or error)
        return 0
    watch = Idle(settings.idle_exit.total_seconds())
    try:
        socket = await EngineSocket.open(engine, on_yield=leave.set, on_request=watch.touch)
        tell(holder.read(settings.root))
        log.info("%s: open", settings.root)
        try:
            why = await watch.until(leave, lambda: engine.is_idle, lambda: engine.root_is_gone)
        finally:
            await socket.close()
    finally:
        await engine.close()
    log.info("%s: closed, %s", settings.root, why)
    return 0


def _check_owner(file: str, folders: Sequence[str]) -> None:
    """Raise Invalid where settings would be executed that another user has written."""
    for path in (Path(folder, file + end) for folder in folders for end in (".py", ".json")):
        if path.exists():
            try:
                trust.check_owner(path)
            except StorageFailed as error:
                raise Invalid(f"the settings in {error}") from error


@contextmanager
def told_by_signals(leave: asyncio.Event) -> Iterator[None]:
    """Set the event on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    # Who started us may have held them back, and what is held back is inherited.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


class Idle:
    """Notices when nobody has wanted anything for a while."""

    def __init__(self, after: float) -> None:
        self._after = after
        self._last = time.monotonic()

    def touch(self) -> None:
        """Somebody wants something now."""
        self._last = time.monotonic()

    async def until(
        self, leave: asyncio.Event, idle: Callable[[], bool], gone: Callable[[], bool]
    ) -> str:
        """Wait until it is time to go, and return why."""
        while True:
            try:
                await asyncio.wait_for(leave.wait(), min(1.0, self._after / 2))
                return "as it was asked to"
            except TimeoutError:
                if gone():
                    return "as its root was deleted"
                if not idle():
                    self.touch()
                elif time.monotonic() - self._last >= self._after:
                    return f"idle for {self._after:g} s"


def log_to_stderr() -> Logger:
    """Return a log of one line per event, as a service manager or a terminal wants it."""
    log = logging.getLogger("jupyter_aml")
    log.setLevel(logging.INFO)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    return log


def _pair(text: str) -> tuple[str, DeferredConfigString]:
    name, sign, value = text.partition("=")
    if not sign or name not in AmlConfig.class_traits(config=True):
        known = ", ".join(sorted(AmlConfig.class_traits(config=True)))
        raise Invalid(f"{text!r} is not a setting as NAME=VALUE; there are {known}")
    return name, DeferredConfigString(value)
