"""Kernels in docker containers, which jupyter_client takes for processes."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from jupyter_aml.containers import arguments, connect, mount, remove, said, tell, walls
from jupyter_aml.domain import secrets
from jupyter_aml.domain.environment import SHM_SIZE
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound, Unreachable
from jupyter_aml.domain.inherited import OLD_LIBRARIES
from jupyter_aml.kernels.home import Home

LOG = logging.getLogger("jupyter_aml.kernels")

_KERNEL, _ROOT, _SERVER, _ENVIRONMENT = "aml.kernel", "aml.root", "aml.server", "aml.environment"
_MARK = ".container-kernels"
"""In a root whose kernels were in containers: only then somebody looks for orphans."""

_REVEAL = """\
import json, os, sys
with open(sys.argv[1], encoding="utf-8") as file:
    known = json.load(file)
os.environ.update({name: known[name] for name in known if os.environ.get(name) == "***"})
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Puts the values of hidden variables in, then becomes the kernel."""

_FORWARDED = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "JPY_SESSION_NAME", "LANG", "LC_ALL", "TZ", OLD_LIBRARIES,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A container to start a kernel in."""

    kernel: str
    home: Home
    command: Sequence[str]
    given: Mapping[str, str]
    """The variables that a kernel outside would have had."""
    connection_file: str
    cwd: str

    @property
    def options(self) -> dict[str, Any]:
        """How the container is made; raises Invalid naming what of its definition cannot be."""
        home = self.home
        wished = arguments([str(one) for one in home.docker.get("arguments") or ()])
        if wished.get("network_mode", "host") != "host":
            raise Invalid(
                f"docker.arguments of environment {home.label}: a kernel is spoken to over the "
                f"network of this machine, so --network {wished['network_mode']} cannot hold for it"
            )
        return {
            **walls(),
            "command": self._command,
            "mounts": self._mounts,
            "working_dir": self.cwd,
            "shm_size": home.docker.get("shmSize") or SHM_SIZE,
            "labels": {
                _KERNEL: self.kernel, _ROOT: str(home.root), _SERVER: _myself(),
                _ENVIRONMENT: home.label,
            },
            **wished,
            "environment": {**wished["environment"], **self._variables},
            # The five ports of a kernel are on the loopback interface.
            "network_mode": "host",
        }  # fmt: skip

    @property
    def _command(self) -> list[str]:
        """What is started; it takes the secrets from their file, which is mounted with the root."""
        if secrets.MASK not in self.home.variables.values():
            return list(self.command)
        return [self.command[0], "-c", _REVEAL, str(self.home.secrets), *self.command]

    @property
    def _variables(self) -> dict[str, str]:
        """The variables: nothing is inherited but what says where the world is."""
        forwarded = {name: self.given[name] for name in _FORWARDED if name in self.given}
        own = self.home.for_kernel({}, kernel=self.kernel)
        # The image knows no home of this user.
        return {"HOME": "/tmp", **forwarded, **own}

    @property
    def _mounts(self) -> list[Any]:
        """What of this machine is there, at the same paths as here."""
        places = {self.cwd, str(self.home.root)}
        if self.home.socket is not None:
            places.add(os.path.dirname(self.home.socket))
        places.discard("/")
        writable = [mount(place, read_only=False) for place in sorted(places)]
        return [*writable, mount(self.connection_file, read_only=True)]


class Container:
    """As much of `subprocess.Popen` as a provisioner needs of its process."""

    stdin = stdout = stderr = None

    def __init__(self, container: Any, leave: Callable[[], None]) -> None:
        self._container, self._leave = container, leave
        self._code: int | None = None
        self._ended = threading.Event()
        self.pid = int(container.attrs["State"].get("Pid") or 0)
        threading.Thread(target=self._follow, name="aml-container", daemon=True).start()

    def poll(self) -> int | None:
        """Return the exit code, or None while it lives."""
        return self._code if self._ended.is_set() else None

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end, and return the exit code."""
        self._ended.wait(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send the kernel a signal; one that has ended takes none. Blocks for a moment."""
        if not self._ended.is_set():
            tell(self._container, signal.Signals(number).name)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _follow(self) -> None:
        """Write out what it prints, as other kernels do; clean up once it has ended."""
        code = 1
        try:
            with said():
                for piece in self._container.logs(stream=True, follow=True):
                    sys.stderr.write(piece.decode(errors="replace"))
                code = int(self._container.wait()["StatusCode"])
            remove(self._container)
        except NotFound:
            LOG.info("the container of a kernel was removed by somebody else")
        except AmlError as error:
            LOG.warning("the container of a kernel cannot be watched any more: %s", error)
        finally:
            self._code = code
            self._ended.set()
            self._leave()


def start(wanted: Wanted, *, url: str) -> Container:
    """Start the kernel in its container. Blocks.

    Raises Unreachable without a docker engine, NotFound without the image, and Invalid with what
    the engine says of a container that it cannot start.
    """
    if not sys.platform.startswith("linux"):
        raise Unreachable("a kernel in a container needs a docker engine on this machine's Linux")
    client = connect(url or None)
    try:
        found = _started(client, wanted)
    except BaseException:
        client.close()
        raise
    return Container(found, client.close)


def _started(client: Any, wanted: Wanted) -> Any:
    home = wanted.home
    options = wanted.options
    try:
        with said():
            client.images.get(home.image)
    except NotFound:
        raise NotFound(
            f"the image of environment {home.label} is gone: start the kernel again to build it"
        ) from None
    (home.root / _MARK).touch()
    container = None
    try:
        with said():
            container = client.containers.create(home.image, **options)
            container.start()
            container.reload()
    except (Invalid, NotFound) as error:
        if container is not None:
            remove(container)
        raise Invalid(
            f"the container of environment {home.label} cannot be started: {error}"
        ) from error
    return container


def remove_orphans(root: Path, *, url: str) -> int:
    """Remove the containers of kernels whose server is gone, and say how many. Blocks.

    Costs nothing on a root that has never had a kernel in a container.
    """
    mark = root / _MARK
    if not mark.exists():
        return 0
    client = connect(url or None)
    try:
        with said():
            labels = [_KERNEL, f"{_ROOT}={root}"]
            ours = client.containers.list(all=True, ignore_removed=True, filters={"label": labels})
        orphans = [each for each in ours if not _lives(each.labels.get(_SERVER, ""))]
        for container in orphans:
            remove(container)
    finally:
        client.close()
    if len(orphans) == len(ours):
        mark.unlink(missing_ok=True)
    return len(orphans)


def _myself() -> str:
    me = psutil.Process()
    return f"{me.pid}:{me.create_time():.0f}"


def _lives(server: str) -> bool:
    """Whether the server that started a container is still that process."""
    pid, _, started = server.partition(":")
    try:
        process = psutil.Process(int(pid))
        return bool(abs(process.create_time() - float(started)) < 2)
    except (ValueError, psutil.Error):
        return False
