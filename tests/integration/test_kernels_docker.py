"""Kernels in images that our own engine built, in a real Jupyter server with a docker engine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from jupyter_aml.testing.jupyter import until
from tests.docker_engine import BASE
from tests.index import serving
from tests.integration.test_kernels import World, a_world

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def world(docker_engine: Any, base_image: str, tmp_path_factory: Any) -> Iterator[World]:
    """A server whose package index has `hello` beside what the world has."""
    folder = tmp_path_factory.mktemp("index")
    with serving(folder) as index, a_world(env={"UV_INDEX": index.url}) as world:
        index.add("hello")
        definition = {
            "name": "boxed",
            "python": {"condaDependencies": {"dependencies": [{"pip": ["hello"]}]}},
            "docker": {"enabled": True, "baseImage": BASE, "shmSize": "32m",
                       "arguments": ["-e", "SIZE=dark blue"]},
            "environmentVariables": {"COLOR": "blue"},
        }  # fmt: skip
        body = {"workspace": "default", "definition": definition}
        status, made = world.ask("POST", "aml/environments", body)
        assert status == 201, made
        world.add_kernel("boxed", compute="docker")
        yield world
        for image in docker_engine.images.list(filters={"label": "aml.environment=boxed:1"}):
            used = {"ancestor": image.id}
            for each in docker_engine.containers.list(filters=used, ignore_removed=True):
                each.remove(force=True)
            docker_engine.images.remove(image.id, force=True)


@pytest.fixture(scope="module")
def kernel(world: World) -> str:
    """One kernel in a container for all tests that leave it as it is."""
    return start(world, "a.ipynb")


def start(world: World, notebook: str) -> str:
    """Open a notebook in the image, and return the id of its kernel."""
    status, session = world.start("aml-boxed", notebook)
    assert status == 201, session
    return str(session["kernel"]["id"])


def containers(engine: Any, kernel: str) -> list[Any]:
    wanted = {"label": f"aml.kernel={kernel}"}
    # One may go between the list and the look at each.
    found: list[Any] = engine.containers.list(all=True, filters=wanted, ignore_removed=True)
    return found


def test_a_kernel_lives_in_the_image_with_packages_and_variables(world, kernel, docker_engine):
    code = """
        import hello, json, os, sys
        shm = os.statvfs("/dev/shm")
        print(json.dumps({
            "hello": hello.VERSION, "prefix": sys.prefix, "uid": os.getuid(),
            "folder": os.getcwd(), "parent": os.getppid(),
            "shm": shm.f_blocks * shm.f_frsize >> 20, "boxed": os.path.exists("/.dockerenv"),
            "env": {name: os.environ.get(name) for name in (
                "COLOR", "SIZE", "AML_ENVIRONMENT", "AML_KERNEL", "JUPYTER_TOKEN")},
        }))
    """
    with world.talk(kernel) as talk:
        seen = json.loads(talk.run(code))

    assert seen == {
        "hello": "1.0", "prefix": "/opt/aml/env", "uid": os.getuid(), "shm": 32, "boxed": True,
        "folder": str(world.server.folder), "parent": 1,
        "env": {"COLOR": "blue", "SIZE": "dark blue", "AML_ENVIRONMENT": "boxed:1",
                "AML_KERNEL": kernel, "JUPYTER_TOKEN": None},
    }  # fmt: skip
    labels = containers(docker_engine, kernel)[0].labels
    assert labels["aml.environment"] == "boxed:1"


def test_the_sdk_and_the_magics_are_there_and_runs_go_into_the_image_too(world, kernel):
    with world.talk(kernel) as talk:
        talk.run(
            """\
            %%aml submit -o run --wait --show none
            import hello, sys
            print("in", sys.prefix, hello.VERSION)
            """
        )
        status = talk.run("print(run.get_status(), run.id)").split()
        name = talk.run("from azureml.core import Workspace; print(Workspace.from_config().name)")

    assert (status[0], name) == ("Completed", "default"), status
    assert world.ask("GET", f"aml/runs/{status[1]}")[1]["job"]["environment"] == "boxed:1"


def test_what_a_cell_writes_is_beside_the_notebook(world, kernel):
    with world.talk(kernel) as talk:
        talk.run("open('made.txt', 'w').write('x')")

    assert (world.server.folder / "made.txt").stat().st_uid == os.getuid()


def test_a_loop_is_interrupted_and_the_kernel_lives_on(world, kernel):
    with world.talk(kernel) as talk:
        talk.run("kept = 42")
        # A kernel that stops on errors may also drop what is asked right after one.
        loop = "import time\nwhile True: time.sleep(0.01)"
        busy = talk.client.execute(loop, stop_on_error=False)
        until(
            lambda: world.running(kernel)["state"] == "busy", seconds=20, what="the loop to begin"
        )

        assert world.ask("POST", f"api/kernels/{kernel}/interrupt")[0] == 204

        reply = talk.client.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == busy
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert talk.run("print(kept)") == "42"


def test_it_is_listed_with_what_it_takes(world, kernel):
    with world.talk(kernel) as talk:
        talk.run("x = bytearray(50_000_000)")
    until(lambda: world.running(kernel)["state"] == "idle", seconds=20, what="it to be idle")

    seen = world.running(kernel)

    assert (seen["spec"], seen["environment"], seen["notebook"]) == (
        "aml-boxed", "boxed:1", "a.ipynb",
    )  # fmt: skip
    assert seen["memory"] > 50_000_000


def test_a_restart_is_a_new_container_and_a_shutdown_leaves_none(world, docker_engine):
    kernel = start(world, "short.ipynb")
    first = containers(docker_engine, kernel)[0].id
    with world.talk(kernel) as talk:
        talk.run("kept = 42")

    assert world.ask("POST", f"api/kernels/{kernel}/restart")[0] == 200

    with world.talk(kernel) as talk:
        assert "NameError" in talk.run("kept")
    (second,) = containers(docker_engine, kernel)
    pid = second.attrs["State"]["Pid"]
    assert second.id != first

    assert world.ask("DELETE", f"api/kernels/{kernel}")[0] == 204

    until(lambda: not containers(docker_engine, kernel), seconds=20, what="the container to go")
    assert not psutil.pid_exists(pid)
    assert world.running(kernel) is None


def test_a_kernel_that_ends_itself_is_started_again_in_another_container(
    world, kernel, docker_engine
):
    (before,) = (one.id for one in containers(docker_engine, kernel))
    with world.talk(kernel) as talk:
        talk.client.execute("import os; os._exit(3)")

        def is_another() -> bool:
            return [one.id for one in containers(docker_engine, kernel)] not in ([], [before])

        until(is_another, seconds=30, what="the new container")


def test_containers_of_a_killed_server_are_removed_by_its_successor(world, kernel, docker_engine):
    """The kernel of the tests before goes with it."""
    assert containers(docker_engine, kernel)

    world.server.kill()
    world.server.start_again()

    until(lambda: not containers(docker_engine, kernel), seconds=30, what="the container to go")
    assert world.ask("GET", "aml/kernels")[1]["running"] == []
