"""A real OpenSSH server for tests: a private sshd of Debian's package on a free loopback port."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

DEADLINE = 30.0
_HOW_TO = "`.ci/system-packages` installs openssh-server"

_CONF = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin yes
Subsystem sftp internal-sftp
MaxStartups 100
SetEnv HOME={folder}/home
LogLevel VERBOSE
"""


class Unavailable(Exception):
    """There can be no sshd here, and why."""


@dataclass
class SshMachine:
    """A server with one key that opens it; its user is the one of the tests."""

    folder: Path
    port: int
    daemon: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def user(self) -> str:
        """Who logs in."""
        return pwd.getpwuid(os.getuid()).pw_name

    @property
    def host_key(self) -> str:
        """The public key of the server, without its comment."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    @property
    def settings(self) -> dict[str, Any]:
        """What a target of the kind `ssh` needs to know of it."""
        return {
            "address": "127.0.0.1",
            "port": self.port,
            "username": self.user,
            "private_key_file": str(self.folder / "key"),
            "host_key": self.host_key,
            "python": sys.executable,
            "folder": str(self.home),
        }

    @property
    def home(self) -> Path:
        """The folder of runs there."""
        return self.folder / "home" / "aml"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        config = str(self.folder / "sshd_config")
        with (self.folder / "sshd.out").open("ab") as log:
            # A path of its own is needed for the sshd that it starts for each connection.
            self.daemon = subprocess.Popen(
                [_program("sshd"), "-D", "-e", "-f", config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            if self.daemon.poll() is not None:
                raise Unavailable(f"sshd ended: {self.said()}")
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=1) as door,
            ):
                if door.recv(4).startswith(b"SSH"):
                    return
            time.sleep(0.05)
        raise Unavailable(f"sshd does not answer: {self.said()}")

    def sessions(self) -> list[int]:
        """The processes of the connections that there are, each with what it serves."""
        assert self.daemon is not None
        told = Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children").read_text()
        return [int(pid) for pid in told.split()]

    def cut(self) -> None:
        """Kill what serves each connection; what was started in sessions of its own goes on."""
        for pid in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the server and all its connections."""
        if self.daemon is not None and self.daemon.poll() is None:
            self.cut()
            self.daemon.kill()
            self.daemon.wait(DEADLINE)

    def said(self) -> str:
        """The end of what the server has printed."""
        return (self.folder / "sshd.out").read_text(errors="replace")[-2000:]


@pytest.fixture(scope="session")
def ssh_server() -> Iterator[SshMachine]:
    """A server. Where there can be none tests are skipped; under CI they fail."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(a_machine())
        except Unavailable as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
        yield server


@pytest.fixture
def ssh(ssh_server: SshMachine) -> Iterator[SshMachine]:
    """The server for one test, which finds it running."""
    if ssh_server.daemon is None or ssh_server.daemon.poll() is not None:
        ssh_server.start()
    yield ssh_server


@contextlib.contextmanager
def a_machine() -> Iterator[SshMachine]:
    """A server of one's own, ended with the block; raises Unavailable."""
    _program("sshd")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    server = SshMachine(Path(tempfile.mkdtemp(prefix="aml-ssh-", dir="/tmp")), port)
    try:
        _write_files(server)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def _write_files(server: SshMachine) -> None:
    folder = server.folder
    (folder / "home").mkdir()
    for name in ("host_key", "key"):
        subprocess.run(
            [_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    shutil.copy(folder / "key.pub", folder / "authorized_keys")
    (folder / "sshd_config").write_text(_CONF.format(port=server.port, folder=folder))
    if os.getuid() == 0:
        # The place that it gives its rights up in; a system that starts it makes that, too.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise Unavailable(f"no {name} on this machine; {_HOW_TO}")
    return found
