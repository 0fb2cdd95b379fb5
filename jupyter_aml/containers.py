"""The way to a docker engine, its errors in our words, and the walls of our containers."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Invalid, NotFound, StorageFailed, Unreachable

_HOW_TO = "start docker, or set AmlConfig.docker_url to where it listens"
_LIMITS = {"--memory": "mem_limit", "-m": "mem_limit", "--shm-size": "shm_size",
           "--pids-limit": "pids_limit",
           "--network": "network_mode", "--net": "network_mode", "--ipc": "ipc_mode"}  # fmt: skip


def connect(url: str | None) -> Any:
    """A client of the docker engine at this address, or at the one that the variables name.

    Blocks. Raises Unreachable where nobody answers.
    """
    # Its import takes a tenth of a second, which who uses no containers is spared.
    import docker
    from docker.errors import DockerException

    address = url or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    _knock(address)
    client = None
    try:
        client = docker.DockerClient(base_url=url) if url else docker.from_env()
        client.ping()
    except (DockerException, OSError) as error:
        if client is not None:
            client.close()
        raise Unreachable(f"the docker engine does not answer: {_HOW_TO} ({error})") from error
    return client


def _knock(address: str) -> None:
    """Raise Unreachable where nobody listens at a path: the client would leave a socket open."""
    path = address.removeprefix("unix://")
    if path == address:
        return
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(path)
    except FileNotFoundError:
        why = f"there is no {path}"
    except PermissionError:
        raise Unreachable(
            f"the docker engine at {path} does not let you in: ask to be in the group that may "
            "use docker"
        ) from None
    except OSError as error:
        why = f"{path}: {error.strerror or error}"
    else:
        return
    raise Unreachable(f"the docker engine does not answer: {_HOW_TO} ({why})")


@contextmanager
def said() -> Iterator[None]:
    """Turn what the engine refuses into Invalid, and its silence into Unreachable."""
    from docker.errors import APIError, DockerException
    from docker.errors import NotFound as Absent
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except Absent as error:
        raise NotFound(_told(error)) from error
    except APIError as error:
        told = _told(error)
        if "no space left on device" in told:
            raise StorageFailed("the disk of the docker engine is full") from error
        if error.is_server_error() and "dial tcp" in told:
            raise Unreachable(f"the registry does not answer: {told}") from error
        raise Invalid(f"docker refuses it: {told}") from error
    except (DockerException, RequestException, HTTPError, OSError) as error:
        raise Unreachable(f"the docker engine does not answer: {_HOW_TO}") from error


def remove(container: Any) -> None:
    """Remove a container, or leave it to whoever is doing so already. Blocks."""
    with said(), _over_already():
        container.remove(force=True)


def tell(container: Any, signal: str) -> None:
    """Send a container this signal; one that has ended takes none. Blocks."""
    with said(), _over_already():
        container.kill(signal=signal)


def walls() -> dict[str, Any]:
    """How our containers are made: as the caller, with no rights, and with an init process."""
    return {
        "entrypoint": [],
        "user": f"{os.getuid()}:{os.getgid()}",
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def mount(path: Path | str, *, read_only: bool, at: Path | None = None) -> Any:
    """What lies at a path of this machine, at the same path in a container or at another.

    As a mount, not as a volume: of those docker would make a folder that is not there.
    """
    from docker.types import Mount

    return Mount(str(at or path), str(path), type="bind", read_only=read_only)


def arguments(given: Sequence[str]) -> dict[str, Any]:
    """The options of `docker run` that SDK v1 let people give, as the engine takes them.

    `environment` holds their variables. Raises Invalid naming an option that is not taken.
    """
    words = [word for one in given for word in _words(one)]
    found: dict[str, Any] = {"environment": {}}
    while words:
        name, value = _next(words)
        if name in _LIMITS:
            found[_LIMITS[name]] = _limit(name, value)
        elif name == "--cpus":
            found["nano_cpus"] = _cpus(value)
        elif name in ("-e", "--env"):
            key, _, text = value.partition("=")
            found["environment"][key] = text
        elif name == "--gpus":
            from docker.types import DeviceRequest

            found["device_requests"] = [DeviceRequest(count=-1, capabilities=[["gpu"]])]
        else:
            known = ", ".join(sorted({*_LIMITS, "--cpus", "--env", "-e", "--gpus"}))
            raise Invalid(f"docker.arguments: {name!r} is not taken; there are {known}")
    if "mem_limit" in found:
        # Without this a job may take the same again of swap.
        found["memswap_limit"] = found["mem_limit"]
    return found


def _words(argument: str) -> list[str]:
    """An option and its value may come as one text; a value alone may hold blanks."""
    first = argument.split(None, 1)[0] if argument.strip() else ""
    if not first.startswith("-") or "=" in first:
        return [argument]
    try:
        return shlex.split(argument)
    except ValueError as error:
        raise Invalid(f"docker.arguments: {argument!r} cannot be read: {error}") from None


def _next(words: list[str]) -> tuple[str, str]:
    name, equals, value = words.pop(0).partition("=")
    if not equals:
        if not words:
            raise Invalid(f"docker.arguments: {name!r} has no value")
        value = words.pop(0)
    return name, value


def devices(gpus: Sequence[str]) -> list[Any]:
    """Those GPUs, as docker is asked for them."""
    from docker.types import DeviceRequest

    return [DeviceRequest(device_ids=list(gpus), capabilities=[["gpu"]])]


def size(given: str | int | None) -> int | None:
    """Bytes of a size as docker writes it; None for none. Raises docker's error."""
    from docker.utils import parse_bytes

    return None if given is None else int(parse_bytes(given))


def _limit(name: str, value: str) -> str | int:
    from docker.errors import DockerException

    if name == "--pids-limit":
        if not value.isascii() or not value.isdigit() or not int(value):
            raise Invalid(f"docker.arguments: {name} {value!r} is no number of processes")
        return int(value)
    if _LIMITS[name] in ("network_mode", "ipc_mode"):
        # Those of another container are none of this job's business.
        if ":" in value:
            raise Invalid(f"docker.arguments: {name} {value!r} is not taken")
        return value
    try:
        size(value)
    except DockerException:
        raise Invalid(
            f"docker.arguments: {name} {value!r} is no size: expected such as 512m or 2g"
        ) from None
    return value


def _cpus(value: str) -> int:
    try:
        number = int(float(value) * 1e9)
    except (ValueError, OverflowError):
        number = 0
    if number <= 0:
        raise Invalid(f"docker.arguments: --cpus {value!r} is no number of processors, such as 1.5")
    return number


@contextmanager
def _over_already() -> Iterator[None]:
    """Take what has ended or is gone meanwhile, which the engine answers with 409 and 404."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        if error.status_code not in (404, 409):
            raise


def _told(error: Any) -> str:
    return " ".join(str(error.explanation or error).split())


def build_context(folder: Path, dockerfile: str) -> Any:
    """Pack a folder for `docker build`, without what its `.dockerignore` names."""
    from docker.utils.build import tar

    ignored: list[str] = []
    if (folder / ".dockerignore").is_file():
        lines = (folder / ".dockerignore").read_text(encoding="utf-8").splitlines()
        ignored = [line.strip() for line in lines if line.strip() and line[0] != "#"]
    return tar(str(folder), exclude=ignored or None, dockerfile=(dockerfile, None))
