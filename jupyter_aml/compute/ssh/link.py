"""A connection to an attached machine, and the agent at its far end. Only here is asyncssh used."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shlex
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.compute import proc
from jupyter_aml.compute.ssh import agent, built, following, places
from jupyter_aml.compute.ssh.options import SshOptions
from jupyter_aml.compute.target import Incoming, Outgoing
from jupyter_aml.domain.errors import AmlError, Invalid, StorageFailed, Unreachable
from jupyter_aml.shim import shim, venvs

if TYPE_CHECKING:
    import asyncssh

Pushed = Callable[[dict[str, Any], bytes], Awaitable[None]]

_CONNECT, _LOGIN = 15.0, 30.0
_ALIVE, _DEAF = 10.0, 3
"""Seconds between two questions whether the other side is there, and how many may go unanswered."""
_NO_PYTHON = "aml-no-python"
_MODULES = (shim, venvs, proc, places, built, following, agent)
"""What makes up the far end, in the order of their imports."""
_NEEDED = (3, 10)

_BEGIN = """\
import json, os, sys, types
def read(size):
    data = b""
    while len(data) < size:
        block = os.read(0, size - len(data))
        if not block:
            os._exit(0)
        data += block
    return data
for name, source in json.loads(read(int(read(10)))):
    parts = name.split(".")
    for end in range(1, len(parts)):
        package = ".".join(parts[:end])
        if package not in sys.modules:
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = []
    module = sys.modules[name] = types.ModuleType(name)
    setattr(sys.modules[name.rpartition(".")[0]], parts[-1], module)
    exec(compile(source, name, "exec"), module.__dict__)
module.main(sys.argv[1])
"""

_FIND = """\
for python in {pythons}; do
  if "$python" -I -S -c 'import sys; sys.exit(sys.version_info < {needed})' > /dev/null 2>&1; then
    exec "$python" -I -S -c "$1" "$2"
  fi
done
echo {none}
"""
_PYTHONS = "python3 python3.14 python3.13 python3.12 python3.11 python3.10 /usr/bin/python3"


class Link:
    """One connection with an agent; it is open until anything goes wrong with it."""

    def __init__(
        self,
        connection: asyncssh.SSHClientConnection,
        process: asyncssh.SSHClientProcess[bytes],
        pushed: Pushed,
        where: str,
    ) -> None:
        self._connection, self._process = connection, process
        self._pushed, self._where = pushed, where
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.is_open = True
        self.about: dict[str, Any] = {}
        """What the agent said of its machine."""
        self._reading = asyncio.create_task(self._read())

    async def call(self, verb: str, payload: bytes = b"", **fields: Any) -> dict[str, Any]:
        """Have the agent do that; raises Unreachable, StorageFailed."""
        if not self.is_open:
            raise self._lost()
        number = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        told = {"id": number, "verb": verb, "size": len(payload), **fields}
        try:
            self._process.stdin.write(json.dumps(told).encode() + b"\n" + payload)
            await self._process.stdin.drain()
            return await answer
        except (OSError, _asyncssh().Error) as error:
            raise self._lost() from error
        finally:
            self._asked.pop(number, None)

    async def open(self, port: int) -> tuple[Incoming, Outgoing]:
        """Connect to a port of the machine's own; raises Unreachable, or Invalid where that
        machine lets nobody do so."""
        ssh = _asyncssh()
        if not self.is_open:
            raise self._lost()
        try:
            reader, writer = await self._connection.open_connection(
                "127.0.0.1", port, encoding=None
            )
        except ssh.ChannelOpenError as error:
            if error.code == ssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
                raise Invalid(
                    f"{self._where} forwards no ports, which kernels need: its sshd_config must "
                    "say AllowTcpForwarding yes (or local)"
                ) from error
            raise Unreachable(f"on {self._where}: {error.reason}") from error
        except (OSError, ssh.Error) as error:
            raise self._lost() from error
        return reader, writer

    def close(self) -> None:
        """End the connection at once, and with it the agent."""
        self.is_open = False
        # The event loop that it belongs to may be gone already.
        with contextlib.suppress(RuntimeError):
            self._reading.cancel()
            self._connection.abort()

    def _lost(self) -> Unreachable:
        return Unreachable(f"the connection to {self._where} was lost")

    async def _read(self) -> None:
        try:
            while line := await self._process.stdout.readline():
                told = json.loads(line)
                size = told.pop("size", 0)
                payload = await self._process.stdout.readexactly(size) if size else b""
                if "id" in told:
                    self._answered(told)
                else:
                    await self._pushed(told, payload)
        except (OSError, EOFError, ValueError, _asyncssh().Error):
            pass  # However it ended: the connection is of no use any more.
        finally:
            self.is_open = False
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(self._lost())
            with contextlib.suppress(RuntimeError):
                self._connection.abort()
            await self._pushed({"push": "lost"}, b"")

    def _answered(self, told: dict[str, Any]) -> None:
        answer = self._asked.get(told["id"])
        if answer is None or answer.done():
            return
        if "answer" in told:
            answer.set_result(told["answer"])
        elif told.get("kind") == "storage":
            answer.set_exception(StorageFailed(f"on {self._where}: {told['error']}"))
        else:
            answer.set_exception(Unreachable(f"on {self._where}: {told['error']}"))


async def connect(options: SshOptions, secret: Callable[[str], str], pushed: Pushed) -> Link:
    """Log in and start an agent.

    Raises Invalid for what must be changed first, such as a host key that nobody has accepted, and
    Unreachable for a machine that does not answer.
    """
    connection = await _logged_in(options, secret)
    try:
        process = await _agent(connection, options)
    except BaseException:
        connection.abort()
        raise
    link = Link(connection, process, pushed, options.where)
    try:
        link.about = await link.call("hello")
    except BaseException:
        link.close()
        raise
    return link


async def _logged_in(
    options: SshOptions, secret: Callable[[str], str]
) -> asyncssh.SSHClientConnection:
    ssh, where = _asyncssh(), options.where
    said: list[AmlError] = []
    arguments = await asyncio.to_thread(_arguments, options, secret)
    try:
        connection: asyncssh.SSHClientConnection = await ssh.connect(
            client_factory=_checker(options, said), **arguments
        )
        return connection
    except ssh.HostKeyNotVerifiable as error:
        raise said[0] if said else Invalid(f"the host key of {where}: {error.reason}") from error
    except ssh.PermissionDenied as error:
        raise Invalid(
            f"{where} refuses {options.username!r} with what was given (password, "
            f"private_key_file): {error.reason}"
        ) from error
    except TimeoutError as error:
        raise Unreachable(f"{where} does not answer") from error
    except OSError as error:
        raise Unreachable(f"cannot connect to {where}: {error.strerror or error}") from error
    except ssh.Error as error:
        if said:
            raise said[0] from error
        raise Unreachable(f"cannot connect to {where}: {error.reason}") from error


def _arguments(options: SshOptions, secret: Callable[[str], str]) -> dict[str, Any]:
    """What `asyncssh.connect` is told; raises Invalid for a key that cannot be read. Blocks."""
    accepted = options.accepted_key()
    known = Path("~/.ssh/known_hosts").expanduser()
    arguments: dict[str, Any] = {
        "host": options.address,
        "port": int(options.port),
        "username": options.username,
        "known_hosts": str(known) if not accepted and known.is_file() else b"\n",
        "connect_timeout": _CONNECT,
        "login_timeout": _LOGIN,
        "keepalive_interval": _ALIVE,
        "keepalive_count_max": _DEAF,
    }
    if accepted and not accepted.startswith("SHA256:"):
        kind = accepted.split()[0]
        is_rsa = kind == "ssh-rsa"
        arguments["server_host_key_algs"] = ["rsa-sha2-512", "rsa-sha2-256"] if is_rsa else [kind]
    password = options.secret("password", secret)
    if password:
        arguments["password"] = password
    if options.private_key_file:
        arguments["client_keys"] = [_key(options, secret)]
    elif password:
        arguments |= {"client_keys": None, "agent_path": None}
    return arguments


def _key(options: SshOptions, secret: Callable[[str], str]) -> Any:
    ssh, path = _asyncssh(), Path(options.private_key_file).expanduser()
    passphrase = options.secret("private_key_passphrase", secret) or None
    try:
        return ssh.read_private_key(path, passphrase)
    except OSError as error:
        raise Invalid(f"private_key_file: cannot read {path}: {error.strerror}") from error
    except (ssh.KeyImportError, ssh.KeyEncryptionError) as error:
        raise Invalid(
            f"private_key_file: {path} cannot be used: {error}; is private_key_passphrase right?"
        ) from error


def _checker(options: SshOptions, said: list[AmlError]) -> Any:
    """The class whose instance is asked for a host key that known_hosts does not tell."""
    accepted, where = options.accepted_key(), options.where

    class Checker(_asyncssh().SSHClient):  # type: ignore[misc]
        def validate_host_public_key(
            self, host: str, addr: str, port: int, key: asyncssh.SSHKey
        ) -> bool:
            text = " ".join(key.export_public_key().decode().split()[:2])
            told = key.get_fingerprint().rstrip("=")
            if accepted:
                if accepted in (text, told):
                    return True
                said.append(Invalid(
                    f"the host key of {where} is {told}, and not the one that host_key names: "
                    "another machine may answer in its place. Ask who keeps it before you accept "
                    f"{text!r}"
                ))  # fmt: skip
                return False
            said.append(Invalid(
                f"the host key of {where} is not known here: {told}. If that is the machine's "
                f"(there, ssh-keygen -lf tells it of its key file), accept it by the setting "
                f"host_key={text!r}"
            ))  # fmt: skip
            return False

    return Checker


async def _agent(
    connection: asyncssh.SSHClientConnection, options: SshOptions
) -> asyncssh.SSHClientProcess[bytes]:
    """Start an agent, and return its process when it is ready; raises Invalid, Unreachable."""
    pythons = shlex.quote(options.python) if options.python else _PYTHONS
    find = _FIND.format(pythons=pythons, needed=_NEEDED, none=_NO_PYTHON)
    words = ("sh", "-c", find, "sh", _BEGIN, options.folder)
    ssh = _asyncssh()
    try:
        process = await connection.create_process(
            " ".join(map(shlex.quote, words)), encoding=None, stderr=ssh.DEVNULL
        )
        sources = [[module.__name__, _source(module)] for module in _MODULES]
        text = json.dumps(sources).encode()
        process.stdin.write(b"%010d" % len(text) + text)
        async with asyncio.timeout(_LOGIN):
            return await _ready(process, options)
    except TimeoutError as error:
        raise Unreachable(f"no Python begins on {options.where}") from error
    except (OSError, ssh.Error) as error:
        raise Unreachable(f"{options.where} starts no program: {error}") from error


async def _ready(
    process: asyncssh.SSHClientProcess[bytes], options: SshOptions
) -> asyncssh.SSHClientProcess[bytes]:
    # The files of a shell may print something first.
    while line := await process.stdout.readline():
        if line.strip() == _NO_PYTHON.encode():
            wanted = ".".join(map(str, _NEEDED))
            named = f"{options.python!r} there is none" if options.python else "none was found"
            raise Invalid(
                f"runs on {options.where} need Python {wanted} or newer there, and {named}: name "
                "one by the setting python"
            )
        if agent.READY.encode() in line:
            told = json.loads(line)
            if not told[agent.READY]:
                raise Invalid(f"folder: on {options.where}, {told['error']}")
            return process
    raise Unreachable(f"{options.where} ended the program that was started there")


def _source(module: Any) -> str:
    return Path(module.__file__).read_text(encoding="utf-8")


def _asyncssh() -> Any:
    """The library; raises Invalid, which says how to install it."""
    try:
        with warnings.catch_warnings():
            # It warns of old ciphers of the cryptography that is installed.
            warnings.simplefilter("ignore")
            import asyncssh
    except ImportError as error:
        raise Invalid(
            "attached machines need asyncssh on this machine: pip install 'jupyter-aml[ssh]'"
        ) from error
    return asyncssh
