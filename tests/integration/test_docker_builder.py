"""Images that the builder makes, with a real docker engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.docker.builder import DockerBuilder
from jupyter_aml.environments.docker.images import has
from jupyter_aml.environments.protocol import Wish
from jupyter_aml.testing.builds import Heard, a_wish
from tests.docker_engine import BASE, said_in
from tests.index import Index, serving

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

WITHOUT_PYTHON = "aml-test/nothing:1"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        index.add("hello")
        yield index


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "environments")


@pytest.fixture
def builder(docker_engine: Any, base_image: str, cache: Cache) -> Iterator[DockerBuilder]:
    before = tagged(docker_engine)
    yield DockerBuilder(cache)
    for tag in tagged(docker_engine) - before:
        docker_engine.images.remove(tag, force=True)


@pytest.fixture
def without_python(docker_engine: Any) -> Iterator[str]:
    """An image in which there is no program at all."""
    docker_engine.api.import_image_from_data(
        b"\0" * 1024, repository=WITHOUT_PYTHON.partition(":")[0], tag="1"
    )
    yield WITHOUT_PYTHON
    docker_engine.images.remove(WITHOUT_PYTHON, force=True)


def tagged(engine: Any) -> set[str]:
    return {tag for image in engine.images.list() for tag in image.tags}


def boxed(*pip: str, extras: tuple[str, ...] = (), **docker: Any) -> Wish:
    """A wish for these packages in the base image, or in what `docker` says instead."""
    given = docker or {"baseImage": BASE}
    python = {"condaDependencies": {"dependencies": [{"pip": list(pip)}]}}
    return a_wish(*extras, python=python, docker={"enabled": True, **given})


def of_dockerfile(*lines: str) -> dict[str, str]:
    return {"baseDockerfile": "\n".join([f"FROM {BASE}", *lines]) + "\n"}


async def test_packages_are_put_on_top_of_a_base_image(builder, docker_engine):
    heard = Heard()

    made = await builder.ensure(boxed("hello"), build=heard)

    assert (made.kind, made.interpreter) == ("docker", "/opt/aml/env/bin/python")
    assert said_in(docker_engine, made, "import hello; print(hello.VERSION)") == "1.0"
    assert "hello==1.0" in made.lock and made.size > 0
    assert "building: step 2 of" in "\n".join(heard.said)
    labels = docker_engine.images.get(made.image).labels
    assert (labels["aml.key"], labels["aml.environment"]) == (made.key, "demo")


async def test_an_image_that_is_there_costs_no_build(builder, index):
    first = await builder.ensure(boxed("hello"), build=Heard())
    index.downloads.clear()
    heard = Heard()

    again = await builder.ensure(boxed("hello"), build=heard)

    assert again == first
    assert (heard.said, heard.logged, index.downloads) == ([], "", [])


async def test_an_image_that_somebody_removed_is_built_again(builder, docker_engine):
    first = await builder.ensure(boxed("hello"), build=Heard())
    docker_engine.images.remove(first.image, force=True)

    again = await builder.ensure(boxed("hello"), build=Heard())

    assert said_in(docker_engine, again, "import hello; print('there')") == "there"


async def test_an_image_is_made_of_a_dockerfile(builder, docker_engine):
    heard = Heard()
    word = uuid.uuid4().hex  # so that the engine has no layer of it yet
    docker = of_dockerfile(f"RUN echo from {word} && echo 42 > /answer", "ENV COLOR=blue")

    made = await builder.ensure(boxed(**docker), build=heard)

    code = "import os; print(open('/answer').read().strip(), os.environ['COLOR'])"
    assert said_in(docker_engine, made, code) == "42 blue"
    assert f"\nfrom {word}\n" in heard.logged
    assert heard.said[0] == "building: step 1 of 3"


async def test_a_dockerfile_keeps_its_own_packages_and_gets_extras(builder, docker_engine, index):
    index.add("other")
    site = "site=$(python3 -c 'import site; print(site.getsitepackages()[0])')"
    docker = of_dockerfile(f"RUN {site} && mkdir -p $site && echo 'THERE = 1' > $site/own.py")
    python = {"userManagedDependencies": True}
    wish = a_wish("hello", python=python, docker={"enabled": True, **docker})

    made = await builder.ensure(wish, build=Heard())

    assert said_in(docker_engine, made, "import hello, own; print(own.THERE)") == "1"


async def test_a_folder_is_the_context_of_its_dockerfile(builder, docker_engine, tmp_path):
    context = tmp_path / "context"
    (context / "sub").mkdir(parents=True)
    (context / "sub" / "Dockerfile").write_text(f"FROM {BASE}\nCOPY . /here\n")
    (context / "kept.txt").write_text("kept")
    (context / "secret.txt").write_text("not for an image")
    (context / ".dockerignore").write_text("secret*\n")
    place = {"location": str(context), "dockerfilePath": "sub/Dockerfile"}

    made = await builder.ensure(boxed("hello", buildContext=place), build=Heard())

    code = "import hello, os; print(sorted(n for n in os.listdir('/here') if n.endswith('.txt')))"
    assert said_in(docker_engine, made, code) == "['kept.txt']"


async def test_a_step_of_a_dockerfile_that_fails_is_named_and_its_log_kept(builder, cache):
    heard = Heard()
    docker = of_dockerfile("RUN echo well", "RUN echo looking && echo no such thing >&2 && exit 3")

    with pytest.raises(Invalid, match="step 3 of 3 of the Dockerfile failed") as error:
        await builder.ensure(boxed("hello", **docker), build=heard)

    assert "no such thing" in str(error.value) and "\n" not in str(error.value)
    assert "well\n" in heard.logged and "looking\n" in heard.logged
    assert list(cache.entries()) == []


async def test_a_dockerfile_gets_the_index_of_this_machine_where_it_asks(builder, index):
    heard = Heard()
    docker = of_dockerfile("ARG UV_DEFAULT_INDEX", "RUN echo index $UV_DEFAULT_INDEX")

    await builder.ensure(boxed(**docker), build=heard)

    assert f"\nindex {index.url}\n" in heard.logged


async def test_a_dockerfile_gets_the_certificates_of_this_machine_where_it_asks(
    builder, tmp_path, monkeypatch
):
    (tmp_path / "own.pem").write_text("-----BEGIN CERTIFICATE-----\nour own\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    heard = Heard()
    docker = of_dockerfile("ARG CA_CERTIFICATES", 'RUN printf %s "$CA_CERTIFICATES" | tail -n 1')

    await builder.ensure(boxed(**docker), build=heard)

    assert "our own" in heard.logged


async def test_conda_packages_of_an_image_are_refused_where_the_index_may_not_stand_in(
    cache, base_image
):
    safe = DockerBuilder(cache, conda_fallback="refuse")
    python = {"condaDependencies": {"dependencies": ["hello"]}}
    wish = a_wish(python=python, docker={"enabled": True, "baseImage": BASE})

    with pytest.raises(Invalid, match="conda_fallback is refuse"):
        await safe.ensure(wish, build=Heard())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("RUN echo x\n", "has no FROM"),
        (f"FROM {BASE}\nRUNN echo x\n", "unknown instruction: RUNN"),
        (f"FROM {BASE}\nCOPY absent.txt /\n", "step 2 of 2 of the Dockerfile failed.*absent.txt"),
    ],
)
async def test_a_dockerfile_that_cannot_be_built_is_refused_with_the_reason(builder, text, why):
    with pytest.raises(Invalid, match=why):
        await builder.ensure(boxed(baseDockerfile=text), build=Heard())


async def test_a_base_image_without_python_is_said(builder, cache, without_python):
    with pytest.raises(Invalid, match=f"the image {WITHOUT_PYTHON} has no python3: take one with"):
        await builder.ensure(boxed("hello", baseImage=without_python), build=Heard())

    assert list(cache.entries()) == []


async def test_an_interpreter_that_the_image_does_not_have_is_named(builder):
    python = {"userManagedDependencies": True, "interpreterPath": "/opt/own/bin/python"}
    wish = a_wish(python=python, docker={"enabled": True, "baseImage": BASE})

    with pytest.raises(Invalid, match=f"the image {BASE} has no /opt/own/bin/python"):
        await builder.ensure(wish, build=Heard())


@pytest.mark.parametrize(
    "docker",
    [
        {"baseImage": "127.0.0.1:1/no-such:1"},
        {"baseDockerfile": f"FROM {BASE} AS a\nFROM 127.0.0.1:1/no-such:1\nCOPY --from=a / /\n"},
    ],
)
async def test_a_base_image_that_cannot_be_had_is_said_before_a_build_begins(builder, docker):
    heard = Heard()

    with pytest.raises(Invalid, match=r"'127\.0\.0\.1:1/no-such:1' is not on this machine"):
        await builder.ensure(boxed("hello", **docker), build=heard)

    assert not any("building" in line for line in heard.said)
    assert "Step" not in heard.logged


class Listening(Heard):
    """Calls back when a line of the log holds these words; it may be told from any thread."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words, self._loop = words, asyncio.get_running_loop()
        self.heard = asyncio.Event()

    def log(self, text: str) -> None:
        super().log(text)
        if self._words in self.logged:
            self._loop.call_soon_threadsafe(self.heard.set)


async def test_a_build_that_is_cancelled_ends_in_the_engine_too(builder, docker_engine, cache):
    listening = Listening("begun\n")
    docker = of_dockerfile("RUN echo begun && sleep 600")
    before = containers(docker_engine)
    tags = tagged(docker_engine)
    task = asyncio.create_task(builder.ensure(boxed("hello", **docker), build=listening))
    await listening.heard.wait()
    assert containers(docker_engine) - before

    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    async with asyncio.timeout(20):
        while containers(docker_engine) - before:
            await asyncio.sleep(0.05)
    assert (list(cache.entries()), tagged(docker_engine)) == ([], tags)


async def test_an_engine_that_is_gone_is_said_with_what_to_do(cache, tmp_path):
    builder = DockerBuilder(cache, url=f"unix://{tmp_path}/none.sock")

    with pytest.raises(Unreachable, match="the docker engine does not answer: start docker"):
        await builder.ensure(boxed("hello"), build=Heard())


async def test_an_engine_that_goes_away_in_the_middle_is_said(
    builder, docker_engine, cache, tmp_path
):
    listening = Listening("begun\n")
    docker = of_dockerfile("RUN echo begun && sleep 600")
    before = containers(docker_engine)
    async with a_relay(tmp_path / "relay.sock") as relay:
        builder = DockerBuilder(cache, url=f"unix://{relay.path}")
        task = asyncio.create_task(builder.ensure(boxed("hello", **docker), build=listening))
        await listening.heard.wait()

        relay.cut()

        with pytest.raises(Unreachable, match="docker engine"):
            await task
    async with asyncio.timeout(20):
        while containers(docker_engine) - before:
            await asyncio.sleep(0.05)
    assert list(cache.entries()) == []


class Relay:
    """Another door to the docker engine, which can be shut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        inner, outer = await asyncio.open_unix_connection(engine.removeprefix("unix://"))
        self._open |= {writer, outer}
        await asyncio.gather(self._pass(reader, outer), self._pass(inner, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        for writer in self._open:
            writer.close()


@contextlib.asynccontextmanager
async def a_relay(path: Path) -> AsyncIterator[Relay]:
    relay = Relay(path)
    async with await asyncio.start_unix_server(relay.serve, path):
        yield relay
        relay.cut()


@pytest.mark.parametrize("docker", [{"baseImage": BASE}, of_dockerfile("RUN echo 1 > /mine")])
@pytest.mark.parametrize("pip", [("hello",), ()])
async def test_discarding_removes_what_was_made_and_nothing_of_the_users(
    builder, docker_engine, cache, docker, pip
):
    before = tagged(docker_engine)
    made = await builder.ensure(boxed(*pip, **docker), build=Heard())
    is_ours = bool(pip) or "baseDockerfile" in docker

    await builder.discard(made)

    assert has(docker_engine, made.image) is not is_ours
    assert has(docker_engine, BASE)
    assert (tagged(docker_engine), list(cache.entries())) == (before, [])


async def test_an_image_of_the_users_that_stands_on_ours_is_not_discarded(
    builder, docker_engine, tmp_path
):
    ours = await builder.ensure(boxed("hello"), build=Heard())
    mine = await builder.ensure(boxed(baseDockerfile=f"FROM {ours.image}\n"), build=Heard())
    docker_engine.images.get(mine.image).tag("aml-test/mine", "1")
    on_mine = await builder.ensure(boxed(baseImage="aml-test/mine:1"), build=Heard())

    await builder.discard(on_mine)

    assert has(docker_engine, "aml-test/mine:1")


async def test_an_image_that_is_in_use_is_not_discarded(builder, docker_engine, cache):
    made = await builder.ensure(boxed("hello"), build=Heard())
    running = docker_engine.containers.run(
        made.image, [made.interpreter, "-c", "import signal; signal.pause()"], detach=True
    )
    try:
        with pytest.raises(Invalid, match="in use by a container that runs: end its run or kernel"):
            await builder.discard(made)

        assert [one.key for one in cache.entries()] == [made.key]
        assert await builder.ensure(boxed("hello"), build=Heard()) == made
    finally:
        running.remove(force=True)


def containers(engine: Any) -> set[str]:
    return {one.id for one in engine.containers.list(all=True, ignore_removed=True)}
