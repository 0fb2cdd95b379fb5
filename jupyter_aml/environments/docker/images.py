"""Images: found, pulled, built, asked and removed."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_aml.containers import build_context, said
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound, Unreachable
from jupyter_aml.environments.protocol import Build

OURS = "aml/"
"""What the tags of images begin with that we made."""

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.MULTILINE | re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OF_DOCKER = ("--->", "Removing intermediate", "\x1b[0m")
"""What the engine itself says between the lines of a step."""

_LEAVE = 5.0
"""Seconds that a build is waited for that was given up."""

_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_ON_REQUEST = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX")
"""Variables of this machine that a Dockerfile gets where it declares them as ARG."""

_CERTIFICATES = "CA_CERTIFICATES"
"""A Dockerfile that declares this ARG gets the text of the certificates, which lie in a file."""
_OF_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def has(client: Any, image: str | None) -> bool:
    """Whether the engine has an image. Blocks."""
    try:
        with said():
            client.images.get(image)
    except NotFound:
        return False
    return True


def is_made(definition: Definition) -> bool:
    """Whether `base` makes an image of a Dockerfile, instead of taking one that there is."""
    return bool(definition.docker.get("buildContext") or definition.docker["baseDockerfile"])


async def base(client: Any, definition: Definition, build: Build) -> str:
    """The id of the image that packages go onto: pulled or built if needed.

    Raises Invalid naming an image that cannot be had, before anything is built.
    """
    docker = definition.docker
    context = docker.get("buildContext")
    if context:
        folder = Path(str(context.get("location")))
        name = str(context.get("dockerfilePath") or "Dockerfile")
        dockerfile = await asyncio.to_thread(_text, folder, name)
        pack: Callable[[], Any] = lambda: build_context(folder, name)  # noqa: E731
    elif docker["baseDockerfile"]:
        dockerfile, name = str(docker["baseDockerfile"]), "Dockerfile"
        pack = lambda: _packed({"Dockerfile": dockerfile})  # noqa: E731
    else:
        return await asyncio.to_thread(_had, client, str(docker["baseImage"]), docker, build)
    for image in _bases(dockerfile):
        await asyncio.to_thread(_had, client, image, docker, build)
    arguments = _arguments(dockerfile)
    packed = await asyncio.to_thread(pack)
    return await _built(client, build, packed, dockerfile=name, buildargs=arguments)


async def with_packages(
    client: Any,
    folder: Path,
    image: str,
    *,
    tag: str,
    home: str,
    labels: Mapping[str, str],
    build: Build,
) -> str:
    """Copy `folder`/env into an image, tag the new one and return its id."""
    text = f"FROM {image}\nCOPY env {home}\nENV VIRTUAL_ENV={home} PATH={home}/bin:$PATH\n"
    packed = await asyncio.to_thread(_packed, {"Dockerfile": text}, folder / "env")
    return await _built(client, build, packed, dockerfile="Dockerfile", tag=tag, labels=labels)


def said_by(client: Any, image: str, command: list[str]) -> str | None:
    """What a command in an image prints; None where it cannot be run there. Blocks."""
    container = None
    try:
        with said():
            container = client.containers.create(
                image, command, entrypoint=[], network_mode="none", cap_drop=["ALL"]
            )
            container.start()
            code = container.wait()["StatusCode"]
            text: bytes = container.logs(stdout=True, stderr=False)
        return text.decode(errors="replace") if code == 0 else None
    except (Invalid, NotFound):
        return None
    finally:
        if container is not None:
            with said():
                container.remove(force=True)


def size_above(client: Any, image: str, base_image: str) -> int:
    """Bytes that an image takes on top of its base. Blocks."""
    with said():
        sizes = [int(client.images.get(one).attrs["Size"]) for one in (image, base_image)]
    return max(0, sizes[0] - sizes[1])


def name(client: Any, image: str, tag: str) -> None:
    """Give an image that we made our tag. Blocks."""
    repository, _, version = tag.partition(":")
    with said():
        client.images.get(image).tag(repository, version)


def remove(client: Any, image: str | None, key: str) -> None:
    """Remove the image that was made for a key; others stay. Blocks.

    It is known by its tag: labels are inherited by what users build on top. Raises Invalid while
    a container of it runs.
    """
    try:
        with said():
            found = client.images.get(image)
            ending = f":{key.removeprefix('docker-')}"
            ours = [tag for tag in found.tags if tag.startswith(OURS) and tag.endswith(ending)]
            if ours and _runs(client, found.id):
                raise Invalid(
                    f"the image {ours[0]} is in use by a container that runs: end its run or "
                    "kernel first"
                )
            for tag in ours:
                client.images.remove(tag, force=True)
    except NotFound:
        return


def _runs(client: Any, image: str) -> bool:
    running = client.containers.list(filters={"ancestor": image}, ignore_removed=True)
    # Those of images that somebody built on top are among them.
    return any(one.attrs["Image"] == image for one in running)


def empty(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there. Blocks."""
    shutil.rmtree(folder, ignore_errors=True)


def _had(client: Any, image: str, docker: Mapping[str, Any], build: Build) -> str:
    """The id of an image, pulled where it is not here."""
    registry = docker["baseImageRegistry"]
    name = f"{registry['address']}/{image}" if registry.get("address") else image
    try:
        with said():
            return str(client.images.get(name).id)
    except NotFound:
        build.say(f"pulling {name}")
        build.log(f"pulling {name}\n")
    login = None
    if registry.get("username"):
        login = {"username": registry["username"], "password": registry["password"]}
    try:
        with said():
            repository, tag = _tagged(name)
            return str(client.images.pull(repository, tag=tag, auth_config=login).id)
    except AmlError as error:
        build.log(f"{error}\n")
        raise Invalid(
            f"the image {name!r} is not on this machine and cannot be pulled: build or load it "
            f"here first, or check its name ({error})"
        ) from error


def _tagged(name: str) -> tuple[str, str]:
    if "@" in name:
        return name, ""
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "latest")


def _bases(dockerfile: str) -> list[str]:
    """The images that a Dockerfile begins with; those that an ARG names are left to the build."""
    stages = {"scratch"}
    found: list[str] = []
    for image, stage in _FROM.findall(dockerfile):
        if image not in stages and "$" not in image:
            found.append(image)
        if stage:
            stages.add(stage)
    if not _FROM.search(dockerfile):
        raise Invalid("the Dockerfile has no FROM: say which image it begins with")
    return found


def _arguments(dockerfile: str) -> dict[str, str]:
    """What the engine is given of the variables of this machine for a build."""
    asked = re.findall(r"^\s*ARG\s+(\w+)", dockerfile, re.MULTILINE | re.IGNORECASE)
    names = (*_PROXIES, *(name for name in _ON_REQUEST if name in asked))
    given = {name: os.environ[name] for name in names if os.environ.get(name)}
    return given | (_certificates() if _CERTIFICATES in asked else {})


def _certificates() -> dict[str, str]:
    """The certificates that this machine trusts, where variables name a file of them."""
    path = next((os.environ[name] for name in _OF_CERTIFICATES if os.environ.get(name)), None)
    if path is None:
        return {}
    try:
        return {_CERTIFICATES: Path(path).read_text(encoding="ascii")}
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"the certificates in {path} cannot be read: {error}") from error


async def _built(client: Any, build: Build, packed: Any, **options: Any) -> str:
    under_way = _UnderWay(client, build)
    work = asyncio.create_task(asyncio.to_thread(under_way.image, packed, options))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        under_way.give_up()
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({work}, timeout=_LEAVE)
        raise


class _UnderWay:
    """A build in the engine, which can be given up from another thread."""

    def __init__(self, client: Any, build: Build) -> None:
        self._client, self._build = client, build
        self._answer: Any = None
        self._is_given_up = False

    def give_up(self) -> None:
        """Hang up: the engine ends a build when nobody listens to it any more."""
        self._is_given_up = True
        if self._answer is not None:
            with contextlib.suppress(OSError, RuntimeError, ValueError):
                self._answer.raw.shutdown()

    def image(self, packed: Any, options: Mapping[str, Any]) -> str:
        """Build to the end, and return the id of the image. Blocks."""
        with said(), packed, self._listening():
            told = self._client.api.build(
                fileobj=packed, custom_context=True, rm=True, forcerm=True, decode=True, **options
            )
            image = self._read(told)
        if not image:
            raise Unreachable("the docker engine ended the build without an image: try again")
        return image

    def _read(self, told: Iterable[Mapping[str, Any]]) -> str:
        step, command, last, image = "", "", "", ""
        for piece in told:
            text = str(piece.get("stream") or piece.get("status") or "")
            self._build.log(text if not text or text.endswith("\n") else f"{text}\n")
            found = _STEP.match(text)
            if found:
                step = f"step {found[1]} of {found[2]}"
                self._build.say(f"building: {step}")
                command = found[3].strip()
            elif text.strip() and not text.lstrip().startswith(_OF_DOCKER):
                last = _COLOUR.sub("", text.strip().splitlines()[-1])
            if "error" in piece:
                self._build.log(f"{piece['error']}\n")
                raise _failure(str(piece["error"]), step, command, last)
            if "aux" in piece and "ID" in piece["aux"]:
                image = str(piece["aux"]["ID"])
        return image

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Have the answer in hand while it is read: the client shows it to nobody."""
        hooks = self._client.api.hooks["response"]
        hooks.append(self._take)
        try:
            yield
        finally:
            hooks.remove(self._take)
            if self._answer is not None:
                self._answer.close()

    def _take(self, answer: Any, *_: Any, **__: Any) -> None:
        self._answer = answer
        if self._is_given_up:
            self.give_up()


def _failure(error: str, step: str, command: str, last: str) -> AmlError:
    if "dial tcp" in error or "TLS handshake" in error:
        return Unreachable(f"the registry of the Dockerfile's image does not answer: {error}")
    if not step:
        return Invalid(f"the Dockerfile cannot be read: {error}")
    why = last if "returned a non-zero code" in error and last else error
    return Invalid(f"{step} of the Dockerfile failed: {command}: {why}")


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise Invalid(f"cannot read {folder / name}: {error.strerror}") from error


def _packed(files: Mapping[str, str], folder: Path | None = None) -> io.BytesIO:
    """A build context of these files, and a folder under its own name."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        if folder is not None:
            tar.add(folder, arcname=folder.name, filter=_anonymous)
    packed.seek(0)
    return packed


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    # The layer is the same whoever made it and whenever, and readable for every user inside.
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode |= 0o444 | (0o111 if member.isdir() or member.mode & 0o100 else 0)
    return member
