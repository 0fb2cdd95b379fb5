"""The keeper of a kernel on a compute target: starts it there, and is told by its door what to do.

    python -m jupyter_aml.runfolder.kernel_host FOLDER ATTEMPT

The job of a kernel is this program, so that a restart keeps the place that a queue has given. In
FOLDER it reads `kernel.json` (0600): the connection of the kernel with its key, where it works, and
how many seconds it may be without a server. It writes `status/kernel.ATTEMPT` once its door is
open: `{"host", "addresses", "port"}`, or `{"error"}` where no kernel can be started.

Who connects to the door is sent a line `{"challenge"}` and answers `{"mac", "want"}`: `want` is
`orders`, or a channel of the kernel (`shell`, `iopub`, `stdin`, `control`, `hb`), whose bytes are
passed on from then on. With orders go lines both ways: `{"id", "do", ...}` in, `{"id", "error"}`
and `{"state", "pid", "code"}` out. Where FOLDER holds `kernel.pem`, the door speaks TLS and opens
only to who has that file, too. Python 3.10 and the standard library alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import importlib.util
import json
import os
import secrets
import signal
import socket
import ssl
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
ORDERS = "orders"

_EXTENSION = "--InteractiveShellApp.extra_extensions=jupyter_aml"
_OF_THE_JOB = (
    "AML_RUN_ID", "AML_ATTEMPT", "AML_ROOT_ID", "AML_SYSTEM_METRICS", "JPY_PARENT_PID",
)  # fmt: skip
"""Variables by which the job is found; the kernel is no run."""
_HANDSHAKE, _BEGIN = 10.0, 60.0
"""Seconds within which a visitor says what it wants, and the kernel has bound its ports."""
_AGAIN = 60.0
"""Seconds that a kernel which has ended may be started again."""
_GRACE, _POLL = 2.0, 0.02
_LONELY = 86_400.0
_PDEATHSIG = 1


def mac(key: str, challenge: str, want: str) -> str:
    """What proves that somebody knows the key of the kernel."""
    text = f"jupyter_aml door {challenge} {want}".encode()
    return hmac.new(key.encode(), text, "sha256").hexdigest()


class Keeper:
    """Keeps one kernel until it is over."""

    def __init__(self, folder: Path, attempt: str) -> None:
        self._folder, self._attempt = folder, attempt
        self._wish: dict[str, Any] = json.loads((folder / "kernel.json").read_bytes())
        self._file = folder / f"connection.{attempt}.json"
        self._kernel: asyncio.subprocess.Process | None = None
        self._code: int | None = None
        self._visitors: set[asyncio.StreamWriter] = set()
        self._heard = time.monotonic()
        self._changed = asyncio.Event()
        self._is_told_to_end = False
        self._working: set[asyncio.Task[None]] = set()

    async def serve(self) -> int:
        """Keep the kernel; returns the exit code of the job."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        if importlib.util.find_spec("ipykernel_launcher") is None:
            return self._refuse(
                f"this Python has no ipykernel: {sys.executable} -m pip install ipykernel"
            )
        is_open = (self._folder / "kernel.pem").exists()
        # Whoever has no certificate is not let in, so it may be reached from other machines.
        door = await asyncio.start_server(
            self._visit, None if is_open else "127.0.0.1", 0, ssl=self._tls() if is_open else None,
            family=socket.AF_INET,
        )  # fmt: skip
        async with door:
            await self._start()
            port = door.sockets[0].getsockname()[1]
            self._note({"host": socket.gethostname(), "addresses": _addresses(), "port": port})
            await self._until_over()
            await self._stop()
        return (
            0 if self._code is None else self._code % 256 if self._code >= 0 else 128 - self._code
        )

    # ---- the kernel -------------------------------------------------------------------------

    async def _start(self) -> None:
        """Start the kernel; it is there when it has its ports, or has ended."""
        self._code = None
        _write(self._file, json.dumps(self._connection()))
        self._kernel = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ipykernel_launcher", "-f", str(self._file), _EXTENSION,
            env=_variables(),
            cwd=self._place(), stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
            preexec_fn=_die_with_parent(),
        )  # fmt: skip
        self._spawn(self._watch(self._kernel))
        give_up = time.monotonic() + _BEGIN
        while not self._ports() and self._code is None and time.monotonic() < give_up:
            await asyncio.sleep(_POLL)
        self._tell()

    def _connection(self) -> dict[str, Any]:
        return {key: told for key, told in self._wish["connection"].items() if key != "kernel_name"}

    def _ports(self) -> dict[str, int]:
        """The ports of the kernel by their channels; none while it has not chosen them."""
        try:
            told = json.loads(self._file.read_bytes())
            ports = {name: int(told[f"{name}_port"]) for name in CHANNELS}
        except (OSError, ValueError, KeyError):
            return {}
        return ports if all(ports.values()) else {}

    def _place(self) -> str:
        """Where it works: in the notebook's folder, where that is here, too."""
        wished = self._wish.get("cwd") or ""
        if os.path.isdir(wished):
            return str(wished)
        home = os.path.expanduser("~")
        place = home if os.path.isdir(home) else "/"
        print(f"{wished} is not on this machine, so the kernel works in {place}", flush=True)
        return place

    async def _watch(self, kernel: asyncio.subprocess.Process) -> None:
        code = await kernel.wait()
        if kernel is self._kernel:
            self._code, self._heard = code, time.monotonic()
            self._tell()
            self._changed.set()

    async def _stop(self) -> None:
        """End the kernel, which is asked first."""
        if self._kernel is None or self._code is not None:
            return
        self._signal(signal.SIGTERM)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._kernel.wait(), _GRACE)
        self._signal(signal.SIGKILL)
        self._code = await self._kernel.wait()

    def _signal(self, number: int) -> None:
        assert self._kernel is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._kernel.pid, number)

    async def _until_over(self) -> None:
        """Return when the kernel is no longer needed."""
        while (left := self._left()) > 0:
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)

    def _left(self) -> float:
        """Seconds after which it is over, as far as is known now."""
        if self._is_told_to_end:
            return 0.0
        quiet = time.monotonic() - self._heard
        if self._code is not None:
            return _AGAIN - quiet
        if self._visitors:
            return 3600.0
        left = float(self._wish.get("lonely") or _LONELY) - quiet
        if left <= 0:
            print("no Jupyter server has asked for this kernel for too long: it ends", flush=True)
        return left

    def _end(self) -> None:
        self._is_told_to_end = True
        self._changed.set()

    # ---- the door ---------------------------------------------------------------------------

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            want = await asyncio.wait_for(self._greet(reader, writer), _HANDSHAKE)
            if want == ORDERS:
                await self._obey(reader, writer)
            elif want in CHANNELS:
                await self._pass_on(want, reader, writer)
        except (OSError, ValueError, KeyError, TypeError, EOFError, asyncio.TimeoutError):
            pass  # Whoever it was has left, or says nothing that is understood.
        finally:
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        challenge = secrets.token_hex(16)
        _send(writer, {"challenge": challenge})
        told = json.loads(await reader.readline())
        want = str(told["want"])
        right = mac(self._wish["connection"]["key"], challenge, want)
        return want if hmac.compare_digest(right, str(told["mac"])) else ""

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._visitors.add(writer)
        _send(writer, self._state())
        try:
            while line := await reader.readline():
                told = json.loads(line)
                error = await self._done(told)
                _send(writer, {"id": told["id"], "error": error})
        finally:
            self._visitors.discard(writer)
            self._heard = time.monotonic()
            self._changed.set()

    async def _done(self, told: Mapping[str, Any]) -> str | None:
        """Do what is told; returns why it cannot be done."""
        what = told["do"]
        if what == "end":
            self._end()
        elif what == "signal" and self._code is None:
            self._signal(int(told["number"]))
        elif what == "start" and self._code is not None and not self._is_told_to_end:
            await self._start()
        elif what != "signal":
            return f"{what!r} cannot be done now"
        return None

    def _state(self) -> dict[str, Any]:
        pid = None if self._kernel is None else self._kernel.pid
        return {"state": "ended" if self._kernel is None or self._code is not None else "alive",
                "pid": pid, "code": self._code}  # fmt: skip

    def _tell(self) -> None:
        for writer in self._visitors:
            _send(writer, self._state())

    async def _pass_on(
        self, want: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        port = self._ports().get(want)
        if port is None or self._code is not None:
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await pump((reader, inner_writer), (inner_reader, writer))

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    def _tls(self) -> ssl.SSLContext:
        return tls(self._folder / "kernel.pem", is_door=True)

    def _note(self, told: Mapping[str, Any]) -> None:
        _write(self._folder / "status" / f"kernel.{self._attempt}", json.dumps(told))

    def _refuse(self, why: str) -> int:
        print(why, flush=True)
        self._note({"error": why})
        return 1


def tls(pem: Path, *, is_door: bool) -> ssl.SSLContext:
    """Lets in, or believes, only who has that very file: key and certificate of one kernel."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_door else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(pem)
    context.load_verify_locations(pem)
    return context


async def pump(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Pass bytes on both ways until either side has ended."""
    works = [asyncio.ensure_future(_pour(*way)) for way in ways]
    try:
        await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for work in works:
            work.cancel()
        for _, writer in ways:
            writer.close()
        await asyncio.gather(*works, return_exceptions=True)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


def _send(writer: asyncio.StreamWriter, told: Mapping[str, Any]) -> None:
    writer.write(json.dumps(told).encode() + b"\n")


def _write(path: Path, text: str) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(draft, path)


def _addresses() -> list[str]:
    """The addresses that others may know this machine by, the likeliest first."""
    found = [os.environ.get("SLURMD_NODENAME", ""), socket.gethostname()]
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: the system only says by which of its addresses it would be.
        probe.connect(("192.0.2.1", 9))
        found.append(probe.getsockname()[0])
    return list(dict.fromkeys(filter(None, [*found, "127.0.0.1"])))


def _variables() -> dict[str, str]:
    """The variables of the kernel: `!python` and `!pip` are those of its environment."""
    own = {name: told for name, told in os.environ.items() if name not in _OF_THE_JOB}
    programs, path = os.path.dirname(sys.executable), own.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != programs:
        own["PATH"] = os.pathsep.join((programs, path))
    return own


def _die_with_parent() -> Any:
    """What ties a process to this one (Linux); None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    libc, me = ctypes.CDLL(None), os.getpid()

    def tie() -> None:
        libc.prctl(_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != me:
            os._exit(1)

    return tie


def main(arguments: list[str]) -> int:
    """Keep a kernel until it is over."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, attempt = arguments

    async def serve() -> int:
        return await Keeper(Path(folder).absolute(), attempt).serve()

    return asyncio.run(serve())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
