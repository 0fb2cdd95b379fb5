"""Kernels on compute targets, which jupyter_client takes for processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo

from jupyter_aml.client import Client, default_root, find
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound, Unreachable
from jupyter_aml.kernels.orders import Orders
from jupyter_aml.wire.kernels import WireTargetKernel

LOG = logging.getLogger("jupyter_aml.kernels")

_SOON, _SELDOM = 0.05, 2.0
"""Seconds between two questions about a kernel that begins: at first, and at most."""
_AGAIN = 0.5
_PATIENCE = 10.0
"""Seconds that an order waits for a connection which was lost."""
_LED = 30.0
"""Seconds for which a kernel that runs is looked for where an engine has just begun."""
_UNKNOWN = 1
"""The exit code of a kernel of which nobody saw the end."""


class Lease:
    """As much of `subprocess.Popen` as a provisioner needs of its process.

    The place that the kernel has on its target stays its own while it is restarted.
    """

    stdin = stdout = stderr = None

    def __init__(self, told: WireTargetKernel) -> None:
        """`told` is what the engine said of a kernel that runs. Raises Unreachable. Blocks."""
        self.kernel, self.label = told["id"], f"{told['environment']}:{told['version']}"
        self.compute = told["compute"]
        wish = _wish(told)
        self.connection_info = _connection(wish)
        self.pid: int | None = None
        self._key, self._door = wish["connection"]["key"], told["door"]
        self._code: int | None = None
        self._is_over = threading.Event()
        """Set once its job has ended: then it is no more to be restarted."""
        self._orders: Orders | None = None
        self._connected = threading.Event()
        self._connect()
        threading.Thread(target=self._follow, name="aml-kernel", daemon=True).start()

    # ---- what a provisioner asks ------------------------------------------------------------

    def poll(self) -> int | None:
        """Return the exit code, or None while it lives."""
        return self._code

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end, and return the exit code."""
        give_up = None if timeout is None else time.monotonic() + timeout
        while self._code is None and (give_up is None or time.monotonic() < give_up):
            time.sleep(0.02)
        return self._code

    def send_signal(self, number: int) -> None:
        """Send the kernel a signal; one that has ended takes none. Blocks for a moment.

        Raises Unreachable where its machine cannot be reached.
        """
        if self._code is None:
            self._tell("signal", number=int(number))

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it; where it cannot be reached, its job."""
        try:
            self.send_signal(signal.SIGKILL)
        except Unreachable:
            self.end()

    def start_again(self) -> bool:
        """Start the kernel anew in its place; False where that is gone. Blocks."""
        if self._is_over.is_set():
            return False
        try:
            self._tell("start")
        except Unreachable as error:
            LOG.warning("kernel %s cannot be started in its place: %s", self.kernel, error)
            self.end()
            return False
        return True

    def end(self) -> None:
        """Give its place back, and with it the kernel. Blocks; twice is once."""
        if self._is_over.is_set():
            return
        orders = self._orders
        if orders is not None:
            # Sooner than by the engine, which may be gone; it sees that the job has ended.
            with contextlib.suppress(Unreachable):
                orders.tell("end")
        with contextlib.suppress(NotFound):
            _ask(lambda client: client.target_kernels.end(self.kernel))
        self._is_over.set()
        self._ended(_UNKNOWN if self._code is None else self._code)

    def let_go(self) -> None:
        """Speak to it no more; it goes on."""
        self._is_over.set()
        self._drop()

    # ---- inside -----------------------------------------------------------------------------

    def _tell(self, what: str, **fields: Any) -> None:
        if not self._connected.wait(_PATIENCE):
            raise Unreachable(
                f"the kernel on {self.compute!r} cannot be reached now; it goes on meanwhile"
            )
        orders = self._orders
        if orders is None:
            raise Unreachable("the connection to the kernel was lost")
        orders.tell(what, **fields)

    def _connect(self) -> None:
        try:
            self._orders = Orders(self._door, self._key, self._hear)
        except (OSError, ValueError, KeyError) as error:
            raise Unreachable(
                f"the kernel on {self.compute!r} cannot be reached: {error or 'it hung up'}"
            ) from error
        self._connected.set()

    def _hear(self, told: Mapping[str, Any]) -> None:
        self.pid = told["pid"]
        self._code = told["code"] if told["state"] == "ended" else None

    def _follow(self) -> None:
        """Listen to the keeper, over one connection after the other, until the job has ended."""
        while not self._is_over.is_set():
            orders = self._orders
            if orders is not None:
                orders.listen()
            self._connected.clear()
            self._orders = None
            if self._is_over.is_set() or self._has_ended():
                break
            with contextlib.suppress(Unreachable):
                self._connect()
                continue
            self._is_over.wait(_AGAIN)
        self._drop()

    def _has_ended(self) -> bool:
        """Whether the engine says so; a connection that is lost says nothing by itself."""
        try:
            told = _ask(lambda client: client.target_kernels.get(self.kernel))
        except NotFound:
            return self._ended(_UNKNOWN)
        except AmlError:
            return False
        if told["state"] == "running":
            self._door = told["door"] or self._door
        if told["state"] != "ended":
            return False
        if told["reason"]:
            LOG.warning("kernel %s on %r: %s", self.kernel, self.compute, told["reason"])
        return self._ended(_UNKNOWN if told["code"] is None else told["code"])

    def _ended(self, code: int) -> bool:
        self._is_over.set()
        if self._code is None:
            self._code = code
        self._drop()
        return True

    def _drop(self) -> None:
        orders, self._orders = self._orders, None
        if orders is not None:
            orders.close()


async def begun(asked: Mapping[str, Any], say: Callable[[str], None]) -> Lease:
    """Have a kernel on a target, or take over one that is there; returns when it runs.

    It may wait for long where the queue is: `say` hears for what, each time it is something else.
    Raises what the engine answers, and Invalid with the cause where it ends before it runs.
    """
    until = time.monotonic() + _LED
    while True:
        told = await _running(asked, say)
        try:
            return await asyncio.to_thread(Lease, told)
        except Unreachable:
            # The door is that of an engine before, until this one leads to the machine again.
            if time.monotonic() > until:
                raise
            await asyncio.sleep(_AGAIN)


async def _running(asked: Mapping[str, Any], say: Callable[[str], None]) -> WireTargetKernel:
    told: WireTargetKernel = await asyncio.to_thread(
        _ask, lambda client: client.target_kernels.add(asked)
    )
    said: str | None = None
    pause = _SOON
    while told["state"] not in ("running", "ended"):
        if told["reason"] not in (None, said):
            said = told["reason"]
            say(f"kernel {asked['id']} waits for {asked['compute']!r}: {said}")
        # Between two questions it holds no thread: many may wait for a queue.
        await asyncio.sleep(pause)
        pause = min(_SELDOM, pause * 1.3)
        try:
            told = await asyncio.to_thread(
                _ask, lambda client: client.target_kernels.get(asked["id"])
            )
        except Unreachable as error:
            # The engine moves to another process; it finds the kernel again.
            say(f"kernel {asked['id']}: {error}")
    if told["state"] == "ended":
        why = told["reason"] or f"it ended with code {told['code']}"
        raise Invalid(f"the kernel on {asked['compute']!r} did not start: {why}")
    return told


def _ask(question: Callable[[Client], Any]) -> Any:
    client = find(default_root())
    try:
        return question(client)
    finally:
        # A connection belongs to its thread, and the next question may come from another.
        client.close()


def _wish(told: WireTargetKernel) -> dict[str, Any]:
    path = Path(told["place"], "kernel.json")
    try:
        wish: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Unreachable(f"cannot read {path}: {error}") from error
    return wish


def _connection(wish: Mapping[str, Any]) -> KernelConnectionInfo:
    """How the kernel is spoken to from this machine, as jupyter_client takes it."""
    told: dict[str, Any] = {**wish["connection"], "ip": "127.0.0.1"}
    told |= {f"{name}_port": port for name, port in wish["ports"].items()}
    told["key"] = told["key"].encode()
    for name in ("curve_publickey", "curve_secretkey"):
        if isinstance(told.get(name), str):
            told[name] = told[name].encode()
    return cast(KernelConnectionInfo, told)
