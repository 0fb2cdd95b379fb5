"""Kernels in docker containers, which jupyter_client takes for processes."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from jupyter_aml.domain.errors import Invalid, NotFound, Unreachable
from jupyter_aml.kernels.home import Home

LOG = logging.getLogger("jupyter_aml.kernels")

_KERNEL, _ROOT, _SERVER = "aml.kernel", "aml.root", "aml.server"
_MARK = ".container-kernels"
"""In a root whose kernels were in containers: only then somebody looks for orphans."""

_FORWARDED = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "JPY_SESSION_NAME", "LANG", "LC_ALL", "TZ",
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
    def environment(self) -> dict[str, str]:
        """The variables: nothing is inherited but what says where the world is."""
        forwarded = {name: self.given[name] for name in _FORWARDED if name in self.given}
        own = self.home.for_kernel({}, kernel=self.kernel)
        # The image knows no home of this user.
        return {"HOME": "/tmp", **forwarded, **own}

    @property
    def mounts(self) -> dict[str, dict[str, str]]:
        """What of this machine is there, at the same paths as here."""
        places = {self.cwd: "rw", str(self.home.root): "rw", self.connection_file: "ro"}
        if self.home.socket is not None:
            places.setdefault(os.path.dirname(self.home.socket), "rw")
        places.pop("/", None)
        return {place: {"bind": place, "mode": mode} for place, mode in places.items()}


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
        from docker.errors import APIError, NotFound

        if self._ended.is_set():
            return
        try:
            self._container.kill(signal=signal.Signals(number).name)
        except NotFound:
            return
        except APIError as error:
            # 409: it has ended by itself between the two.
            if error.status_code != 409:
                raise

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _follow(self) -> None:
        """Write out what it prints, as other kernels do; clean up once it has ended."""
        from docker.errors import DockerException, NotFound
        from requests.exceptions import RequestException

        code = 1
        try:
            for piece in self._container.logs(stream=True, follow=True):
                sys.stderr.write(piece.decode(errors="replace"))
            code = int(self._container.wait()["StatusCode"])
            _remove(self._container)
        except NotFound:
            LOG.info("the container of a kernel was removed by somebody else")
        except (DockerException, RequestException) as error:
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
    client = _engine(url)
    try:
        found = _started(client, wanted)
    except BaseException:
        client.close()
        raise
    return Container(found, client.close)


def _started(client: Any, wanted: Wanted) -> Any:
    from docker.errors import APIError, ImageNotFound

    home = wanted.home
    try:
        client.images.get(home.image)
    except ImageNotFound:
        raise NotFound(
            f"the image of environment {home.label} is gone: start the kernel again to build it"
        ) from None
    (home.root / _MARK).touch()
    container = None
    try:
        container = client.containers.create(
            home.image,
            list(wanted.command),
            entrypoint=[],
            environment=wanted.environment,
            volumes=wanted.mounts,
            working_dir=wanted.cwd,
            user=f"{os.getuid()}:{os.getgid()}",
            init=True,
            # The five ports of a kernel are on the loopback interface.
            network_mode="host",
            shm_size=home.docker.get("shmSize"),
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            labels={_KERNEL: wanted.kernel, _ROOT: str(home.root), _SERVER: _myself()},
        )
        container.start()
        container.reload()
    except APIError as error:
        if container is not None:
            _remove(container)
        raise Invalid(
            f"the container of environment {home.label} cannot be started: {error.explanation}"
        ) from error
    return container


def remove_orphans(root: Path, *, url: str) -> int:
    """Remove the containers of kernels whose server is gone, and say how many. Blocks.

    Costs nothing on a root that has never had a kernel in a container.
    """
    mark = root / _MARK
    if not mark.exists():
        return 0
    client = _engine(url)
    try:
        with _answers():
            labels = [_KERNEL, f"{_ROOT}={root}"]
            ours = client.containers.list(all=True, filters={"label": labels})
        orphans = [each for each in ours if not _lives(each.labels.get(_SERVER, ""))]
        for container in orphans:
            with _answers():
                _remove(container)
    finally:
        client.close()
    if len(orphans) == len(ours):
        mark.unlink(missing_ok=True)
    return len(orphans)


def _remove(container: Any) -> None:
    """Remove a container, or leave it to whoever is doing so already."""
    from docker.errors import APIError

    try:
        container.remove(force=True)
    except APIError as error:
        if error.status_code not in (404, 409):
            raise


def _engine(url: str) -> Any:
    try:
        import docker
        from docker.errors import DockerException
    except ImportError:
        raise Unreachable(
            "kernels in containers need the package docker: pip install 'jupyter-aml[docker]'"
        ) from None
    try:
        client = docker.DockerClient(base_url=url) if url else docker.from_env()
    except (DockerException, OSError) as error:
        raise Unreachable(f"the docker engine does not answer: {error}") from error
    try:
        client.ping()
    except (DockerException, OSError) as error:
        client.close()
        raise Unreachable(f"the docker engine does not answer: {error}") from error
    return client


@contextmanager
def _answers() -> Iterator[None]:
    """Say an engine that fails as Unreachable."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException) as error:
        raise Unreachable(f"the docker engine does not answer: {error}") from error


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
