"""Talks to the process that py-rattler works in."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.environments.conda import causes, packages
from jupyter_aml.environments.conda import specs as conda_specs
from jupyter_aml.environments.conda.solver import Package
from jupyter_aml.environments.protocol import Build

_CHILD = "jupyter_aml.environments.conda.rattler_child"
_ROOT = Path(__file__).resolve().parents[3]
_DENIED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "CONDA_PREFIX", "VIRTUAL_ENV")
_LINE = 64 << 20
_CONNECT = 5.0
"""Seconds that the host of a channel may take to accept a connection."""


def is_here() -> bool:
    """Whether py-rattler is installed."""
    return importlib.util.find_spec("rattler") is not None


@contextlib.asynccontextmanager
async def started(cache: Path, build: Build) -> AsyncIterator[Rattler]:
    """A process that solves and installs; it is gone with all its own when the body is left."""
    async with packages.held(cache):
        child = await _child()
        assert child.stderr is not None
        logging = asyncio.create_task(_log(child.stderr, build))
        try:
            rattler = Rattler(child, build)
            await rattler.tell({"cache": str(cache)})
            yield rattler
        finally:
            await _end(child)
            logging.cancel()


async def _child() -> asyncio.subprocess.Process:
    variables = {name: value for name, value in os.environ.items() if name not in _DENIED}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", _CHILD,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, cwd=_ROOT,
        env={**variables, "PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "ignore"},
        start_new_session=True, limit=_LINE,
    )  # fmt: skip


class Rattler:
    """A conversation with the child; make it by `started`."""

    name = "py-rattler"

    def __init__(self, child: asyncio.subprocess.Process, build: Build) -> None:
        self._child, self._build = child, build

    async def solve(
        self, channels: Sequence[str], specs: Sequence[str], *, lowest: bool = False
    ) -> tuple[Package, ...]:
        """Choose packages; raises Invalid with the cause, or NoChannel."""
        urls = conda_specs.spelled_out(channels)
        request = {"channels": urls, "specs": list(specs), "lowest": lowest}
        answer = await self._ask({"solve": {**request, "connect": _CONNECT}})
        failed = answer.get("failed")
        if failed is None:
            return tuple(Package(**one) for one in answer["answer"]["packages"])
        self._build.log(conda_specs.masked(failed["text"].rstrip() + "\n"))
        if failed.get("silent"):
            raise causes.silent(failed["silent"], urls)
        if failed["kind"].startswith("Invalid"):
            raise Invalid(f"a conda requirement cannot be read: {failed['text']}")
        raise causes.failed(
            failed["text"],
            specs=specs,
            channels=channels,
            there=failed.get("there", ()),
            near=failed.get("near"),
        )

    async def install(self, prefix: Path) -> None:
        """Install what was solved last."""
        try:
            answer = await self._ask({"install": {"prefix": str(prefix)}})
        except BaseException:
            # The caller removes the prefix now, and nobody may still write there.
            await _end(self._child)
            raise
        failed = answer.get("failed")
        if failed is None:
            return
        self._build.log(conda_specs.masked(failed["text"].rstrip() + "\n"))
        error = causes.failed(failed["text"], specs=(), channels=("the conda channel",))
        if isinstance(error, causes.NoChannel):
            raise Unreachable(f"a conda package could not be downloaded ({error})")
        raise error

    async def tell(self, request: dict[str, Any]) -> None:
        """Send a request that has no answer."""
        assert self._child.stdin is not None
        self._child.stdin.write((json.dumps(request) + "\n").encode())
        # A child that died is noticed by what it does not answer.
        with contextlib.suppress(ConnectionError):
            await self._child.stdin.drain()

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdout is not None
        await self.tell(request)
        while line := await self._child.stdout.readline():
            message: dict[str, Any] = json.loads(line)
            if "say" not in message:
                return message
            self._build.say(message["say"])
        code = await self._child.wait()
        if code == -signal.SIGKILL:
            raise Unreachable("py-rattler was killed, perhaps for lack of memory: build it again")
        raise Unreachable(f"py-rattler ended unexpectedly ({code}): build it again")


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await asyncio.shield(child.wait())


async def _log(stream: asyncio.StreamReader, build: Build) -> None:
    while line := await stream.readline():
        build.log(conda_specs.masked(line.decode(errors="replace")))
