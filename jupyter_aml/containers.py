"""The way to a docker engine, and its errors in our words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_aml.domain.errors import Invalid, NotFound, StorageFailed, Unreachable

_HOW_TO = "start docker, or set AmlConfig.docker_url to where it listens"


def connect(url: str | None) -> Any:
    """A client of the docker engine at this address, or at the one that the variables name.

    Blocks. Raises Invalid where the docker package is missing, Unreachable where nobody answers.
    """
    try:
        import docker
        from docker.errors import DockerException
    except ImportError:
        raise Invalid(
            "containers need the package docker beside jupyter_aml: pip install jupyter-aml[docker]"
        ) from None
    address = url or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    path = address.removeprefix("unix://")
    # Looked at first: the client leaves a socket open that could not be connected.
    if path != address and not os.path.exists(path):
        raise Unreachable(f"the docker engine does not answer: {_HOW_TO} (there is no {path})")
    client = None
    try:
        client = docker.DockerClient(base_url=url) if url else docker.from_env()
        client.ping()
    except (DockerException, OSError) as error:
        if client is not None:
            client.close()
        raise Unreachable(f"the docker engine does not answer: {_HOW_TO} ({error})") from error
    return client


@contextmanager
def said() -> Iterator[None]:
    """Turn what the engine refuses into Invalid, and its silence into Unreachable."""
    from docker.errors import APIError, DockerException
    from docker.errors import NotFound as Absent
    from requests.exceptions import RequestException

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
    except (DockerException, RequestException, OSError) as error:
        raise Unreachable(f"the docker engine does not answer: {_HOW_TO}") from error


def _told(error: Any) -> str:
    return " ".join(str(error.explanation or error).split())
