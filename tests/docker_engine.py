"""A real docker engine for tests, and a small image with Python that needs no registry."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.containers import connect
from jupyter_aml.domain.errors import Unreachable

BASE = "aml-test/python:system"
DEADLINE = 60.0
_ADD_BRIDGE, _REMOVE_BRIDGE, _SET_FLAGS = 0x89A0, 0x89A1, 0x8914
_ROOTS = ("python3-minimal", "python3-venv", "busybox-static", "libstdc++6", "libgomp1")
"""What the image is made of, with all that it depends on in whatever release this machine has."""
_LEFT_OUT = re.compile(
    r"ca-certificates|c?debconf|dpkg|install-info|lib(debian-installer|gdbm|newt|pcre|perl|selinux"
    r"|slang|textwrap)|mailcap|mime-support|openssl|perl|readline-common|tar$"
)
"""What only the installation of packages needs, of which there is none in the image."""


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Any]:
    """A client of a docker engine: the one of this machine, else one of our own.

    Where there can be none, tests are skipped, but under CI they fail.
    """
    with contextlib.ExitStack() as stack:
        try:
            client = stack.enter_context(an_engine())
        except Unavailable as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
        yield client


@pytest.fixture(scope="session")
def base_image(docker_engine: Any) -> str:
    """The name of an image with the Python of this machine's Debian and a shell."""
    make_image(docker_engine)
    return BASE


@contextlib.contextmanager
def an_engine() -> Iterator[Any]:
    """A client of a docker engine, the one of this machine or one of our own; or Unavailable."""
    with contextlib.ExitStack() as stack:
        client = _client() or stack.enter_context(_own_engine())
        yield client
        client.close()


def make_image(client: Any) -> None:
    """Make the image BASE, unless it is there."""
    from docker.errors import ImageNotFound

    try:
        client.images.get(BASE)
    except ImageNotFound:
        with tempfile.TemporaryDirectory(prefix="aml-rootfs-") as folder:
            _import(client, _rootfs(Path(folder)))


class Unavailable(Exception):
    """Why there is no engine."""


def _client() -> Any:
    try:
        return connect(None)
    except Unreachable:
        return None


@contextlib.contextmanager
def _own_engine() -> Iterator[Any]:
    program = shutil.which("dockerd")
    if program is None:
        raise Unavailable("there is no docker engine: install docker.io")
    if os.getuid() != 0:
        raise Unavailable("no docker engine answers, and only root may start one")
    folder = Path(tempfile.mkdtemp(prefix="aml-dockerd-"))
    address = f"unix://{folder}/docker.sock"
    command = [
        program, "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec",
        "--pidfile", f"{folder}/pid", "--host", address,
        "--iptables=false", "--ip6tables=false", "--bridge",
    ]  # fmt: skip
    with _bridge() as bridge, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", address)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, bridge],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            yield _answering(process, folder / "log")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE)
            # The engine leaves the namespace mounted in which `network_mode="host"` runs.
            namespace = folder / "exec" / "netns" / "default"
            subprocess.run(["umount", str(namespace)], capture_output=True)
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _bridge() -> Iterator[str]:
    """A network bridge of our own: two engines fight for docker0, and one with none removes it."""
    name = f"aml{os.getpid()}".encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as kernel:
        try:
            fcntl.ioctl(kernel, _ADD_BRIDGE, name + b"\0")
        except OSError:
            # A kernel without bridges: containers have no network then.
            yield "none"
            return
        try:
            yield name.decode()
        finally:
            fcntl.ioctl(kernel, _SET_FLAGS, struct.pack("16sh14x", name, 0))
            fcntl.ioctl(kernel, _REMOVE_BRIDGE, name + b"\0")


def _answering(process: subprocess.Popen[bytes], log: Path) -> Any:
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until and process.poll() is None:
        client = _client()
        if client is not None:
            return client
        time.sleep(0.1)
    raise Unavailable(f"dockerd did not start: {log.read_text(errors='replace')[-2000:]}")


def _rootfs(folder: Path) -> Path:
    """Unpack Debian packages into the root of an image."""
    root, packages = folder / "root", folder / "packages"
    packages.mkdir()
    for name in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    _download(packages)
    for package in sorted(packages.glob("*.deb")):
        # `dpkg-deb -x` would put folders in the place of the links made above.
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE
        ) as unpacked:
            subprocess.run(
                ["tar", "-x", "-C", str(root), "--keep-directory-symlink"],
                stdin=unpacked.stdout,
                check=True,
            )
        assert unpacked.returncode == 0
    subprocess.run(
        ["chroot", str(root), "/bin/busybox", "--install", "-s", "/usr/bin"],
        check=True, capture_output=True,
    )  # fmt: skip
    for name in ("tmp", "root", "proc", "sys", "dev", "etc"):
        (root / name).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    return root


def _download(folder: Path) -> None:
    def download() -> None:
        command = ["apt-get", "download", "-qq", *_packages()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    try:
        download()
    except subprocess.CalledProcessError:
        subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
        download()


def _packages() -> list[str]:
    """The packages of the image, as this release names them."""
    kinds = ("pre-depends", "recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    command = ["apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in kinds), *_ROOTS]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = {line for line in said.splitlines() if re.match(r"[a-z0-9]", line)}
    return sorted(name for name in names if not _LEFT_OUT.match(name))


def _import(client: Any, root: Path) -> None:
    packed = root.with_suffix(".tar")
    with tarfile.open(packed, "w") as tar:
        tar.add(root, arcname=".", filter=_wanted)
    repository, _, tag = BASE.partition(":")
    changes = ["ENV PATH=/usr/local/bin:/usr/bin:/bin"]
    client.api.import_image(str(packed), repository=repository, tag=tag, changes=changes)


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    documents = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/info")
    return None if member.name.startswith(documents) else member


def said_in(client: Any, environment: Any, code: str) -> str:
    """What this code prints in an environment that is an image."""
    told: bytes = client.containers.run(
        environment.image,
        [environment.interpreter, "-c", code],
        entrypoint=[],
        environment=dict(environment.variables),
        remove=True,
    )
    return told.decode().strip()
