"""Environments that are built on an attached machine: asked for from here, and listened to."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from jupyter_aml.compute.protocol import Packages
from jupyter_aml.compute.ssh import sending
from jupyter_aml.compute.ssh.built import PIECE
from jupyter_aml.compute.ssh.machine import Machine
from jupyter_aml.compute.target import Building
from jupyter_aml.domain.compute import MachinePython
from jupyter_aml.domain.errors import AmlError, Invalid, Unreachable

_LOOK = 0.2
"""Seconds between two looks at a build."""
_MOST_BEGINS = 5
_PATIENCE = 5.0
"""Seconds that the end of a build may take that nobody wants any more."""

T = TypeVar("T")
Say = Callable[[str], None]


class Builds:
    """Has environments built. Where the connection is lost a build goes on; it is waited for."""

    def __init__(self, machine: Machine, send_builder: Callable[[], Awaitable[None]]) -> None:
        """`send_builder` sends the builder, unless it is there."""
        self._machine, self._send_builder = machine, send_builder
        self._wanted: Counter[str] = Counter()
        self._left: set[str] = set()
        """What nobody wanted any more when the machine could not be told."""

    async def python(self, say: Say) -> MachinePython:
        """What the machine says of its Python."""
        say(f"connecting to {self._machine.options.where}")
        about = (await self._insist(self._machine.link, say)).about
        system, machine, library, version = about["platform"]
        return MachinePython(
            where=self._machine.options.where,
            path=about["executable"],
            version=about["python"],
            system=system,
            machine=machine,
            glibc=version if library == "glibc" else "",
        )

    async def find(self, key: str, say: Say) -> str | None:
        """The interpreter of an environment that is there; None where it is not whole."""
        told = await self._insist(lambda: self._state(key, 0), say)
        return str(told["interpreter"]) if told["state"] == "ready" else None

    async def build(self, packages: Packages, build: Building) -> str:
        """Build an environment unless it is there, and return its interpreter."""
        key = packages.key
        self._wanted[key] += 1
        self._left.discard(key)
        try:
            return await self._built(packages, build)
        except asyncio.CancelledError:
            if self._wanted[key] == 1:
                await self._abandoned(key)
            raise
        finally:
            self._wanted[key] -= 1

    async def _built(self, packages: Packages, build: Building) -> str:
        where, offset, begun, is_heard = self._machine.options.where, 0, 0, False
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            told = await self._insist(partial(self._state, packages.key, offset), build.say)
            is_heard = is_heard or told["state"] == "building"
            if is_heard and told["log"]:
                piece = told["log"].encode("latin-1")
                offset += len(piece)
                build.log(decoder.decode(piece))
                if len(piece) == PIECE:
                    continue
            if told["state"] == "ready":
                return str(told["interpreter"])
            if told["state"] == "failed" and is_heard:
                raise Invalid(f"not built on {where}: {told['error']}")
            if told["state"] == "building":
                build.say(f"{_done(told['packages'], packages.count)} on {where}")
                await asyncio.sleep(_LOOK)
            elif begun == _MOST_BEGINS:
                raise Invalid(f"not built on {where}: its build was killed {begun} times")
            else:
                await self._insist(lambda: self._begin(packages), build.say)
                begun, offset, is_heard = begun + 1, 0, True

    async def _begin(self, packages: Packages) -> None:
        await self._send_builder()
        await self._machine.call(
            "build", packages.requirements.encode(), env=packages.key, python=packages.python,
            has_pip=packages.has_pip,
            builder=f"{sending.shim_parcel().place}/{sending.BUILDER}",
        )  # fmt: skip

    async def end_left(self) -> None:
        """End the builds that nobody wants, once the machine is connected to again."""
        for key in list(self._left):
            if not self._wanted[key]:
                await self._abandoned(key)

    async def _abandoned(self, key: str) -> None:
        self._left.add(key)
        if self._machine.is_linked:
            with contextlib.suppress(AmlError, TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._machine.call("abandon", env=key)
                self._left.discard(key)

    async def _state(self, key: str, offset: int) -> dict[str, Any]:
        return await self._machine.call("built", env=key, offset=offset)

    async def _insist(self, work: Callable[[], Awaitable[T]], say: Say) -> T:
        """Do that when the machine answers, however long it takes."""
        while True:
            try:
                return await work()
            except Unreachable as error:
                say(str(error))
                await self._machine.until_again()
                await asyncio.sleep(_LOOK)


def _done(there: int, count: int) -> str:
    return f"installing: {min(there, count)} of {count} packages"
