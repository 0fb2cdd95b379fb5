"""Kernels on the nodes of a cluster, in a real Jupyter server with a real engine and real nodes."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_aml.testing.jupyter import until
from tests.integration.test_kernels import World, a_world

pytestmark = pytest.mark.timeout(300)

WHO = "import os; print(os.getpid(), os.environ.get('AML_RUN_ID'), os.environ['AML_KERNEL'])"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One server with a cluster of one node, and an environment that is a kernel on it."""
    with a_world() as world:
        add_cluster(world, "cpu")
        world.add_environment("tiny", "iniconfig==2.0.0", variables={"COLOR": "blue"})
        world.add_kernel("tiny", compute="cpu")
        yield world


def add_cluster(world: World, name: str, **more: Any) -> None:
    body = {"name": name, "kind": "cluster", "maxNodes": 1, "idleSeconds": 5, **more}
    status, made = world.ask("POST", "aml/compute", body)
    assert status == 201, made


@contextmanager
def a_kernel(world: World, notebook: str, spec: str = "aml-tiny-on-cpu") -> Iterator[str]:
    status, session = world.start(spec, notebook)
    assert status == 201, session
    yield session["kernel"]["id"]
    world.ask("DELETE", f"api/sessions/{session['id']}")
    until(lambda: not target(world)["kernels"], seconds=30, what="the place to be free")


def target(world: World, name: str = "cpu") -> Any:
    return world.ask("GET", f"aml/compute/{name}")[1]


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def on_target(world: World, kernel: str) -> Any:
    return world.ask("GET", f"aml/compute-kernels/{kernel}")[1]


def test_a_kernel_takes_a_node_and_is_no_run(world):
    with a_kernel(world, "node.ipynb") as kernel, world.talk(kernel) as talk:
        pid, run, own = talk.run(WHO).split()
        color = talk.run("import os, iniconfig; print(os.environ['COLOR'])")
        seen, shown = target(world), on_target(world, kernel)

        assert (run, own, color) == ("None", kernel, "blue")
        assert (seen["busy"], [each["id"] for each in seen["kernels"]]) == (1, [kernel])
        assert [(node["runs"], node["kernels"]) for node in seen["nodes"]] == [([], [kernel])]
        assert (shown["state"], shown["hasServer"]) == ("running", True)
        assert world.running(kernel)["compute"] == "cpu"
        assert world.ask("GET", "aml/runs")[1]["runs"] == []
    until(lambda: not psutil.pid_exists(int(pid)), seconds=20, what="the kernel to be gone")


def test_the_key_stands_in_files_of_the_owner_alone(world):
    with a_kernel(world, "key.ipynb") as kernel:
        place = Path(on_target(world, kernel)["place"])
        key = json.loads((place / "kernel.json").read_bytes())["connection"]["key"]

        for name in ("kernel.json", "connection.1.json"):
            assert (place / name).stat().st_mode & 0o777 == 0o600
        for process in psutil.process_iter(["cmdline"]):
            assert not any(key in word for word in process.info["cmdline"] or ())
    until(lambda: not (place / "kernel.json").exists(), seconds=20, what="the key to go")
    assert not list(place.glob("connection.*"))
    assert (place / "logs" / "std_log.txt").exists()


def test_a_restart_keeps_the_node_and_an_interrupt_the_kernel(world):
    with a_kernel(world, "again.ipynb") as kernel:
        with world.talk(kernel) as talk:
            talk.run("kept = 42")
            loop = "import time\nwhile True: time.sleep(0.01)"
            busy = talk.client.execute(loop, stop_on_error=False)
            state = lambda: world.running(kernel)["state"]  # noqa: E731
            until(lambda: state() == "busy", seconds=20, what="the loop to begin")
            assert world.ask("POST", f"api/kernels/{kernel}/interrupt")[0] == 204
            reply = talk.client.get_shell_msg(timeout=30)
            assert reply["parent_header"]["msg_id"] == busy
            assert reply["content"]["ename"] == "KeyboardInterrupt"
            assert talk.run("print(kept)") == "42"
            before, [node] = talk.run(WHO), target(world)["nodes"]

        assert world.ask("POST", f"api/kernels/{kernel}/restart")[0] == 200

        with world.talk(kernel) as talk:
            assert "NameError" in talk.run("kept")
            assert talk.run(WHO) != before
        assert [each["id"] for each in target(world)["nodes"]] == [node["id"]]


def test_a_kernel_waits_for_a_node_and_says_so_and_can_be_given_up(world):
    with a_kernel(world, "first.ipynb") as first:
        waiting = world.ask_later("POST", "api/sessions", {
            "path": "second.ipynb", "name": "", "type": "notebook",
            "kernel": {"name": "aml-tiny-on-cpu"},
        })  # fmt: skip
        others = lambda: [  # noqa: E731
            each for each in target(world)["kernels"] if each["id"] != first
        ]
        until(lambda: others() and others()[0]["state"] == "queued", seconds=60, what="it to wait")
        [second] = others()
        assert second["reason"] == "next on 'cpu' (1 of 1 slot busy)"

        listed = world.shell("kernel", "running")
        assert [each["state"] for each in listed] == ["running", "queued"]
        assert "starts" not in world.shell("kernel", "log", first[:8])["log"]
        world.shell("kernel", "stop", second["id"][:8])

        status, answer = waiting.result(timeout=60)
        assert status == 500
        assert "did not start: it was ended before it began" in answer["message"]


def test_a_kernel_that_dies_is_started_again_in_its_place(world):
    with a_kernel(world, "died.ipynb") as kernel:
        with world.talk(kernel) as talk:
            pid = int(talk.run(WHO).split()[0])
        [node] = target(world)["nodes"]

        os.kill(pid, signal.SIGKILL)

        with world.talk(kernel) as talk:
            assert int(talk.run(WHO).split()[0]) != pid
        assert [each["id"] for each in target(world)["nodes"]] == [node["id"]]


def test_a_kernel_whose_node_or_guard_is_killed_begins_on_another(world):
    with a_kernel(world, "node-lost.ipynb") as kernel:
        for victim in ("node.py", "shim"):
            with world.talk(kernel) as talk:
                pid = int(talk.run(WHO).split()[0])
            parents = psutil.Process(pid).parents()
            found = next(each for each in parents if any(victim in w for w in each.cmdline()))

            found.kill()

            gone = partial(is_gone, pid)
            until(gone, seconds=30, what="the kernel to be gone")
            until(lambda: on_target(world, kernel)["state"] == "running", seconds=60, what="a new")
            with world.talk(kernel) as talk:
                assert int(talk.run(WHO).split()[0]) != pid


def test_a_target_without_kernels_refuses_with_those_that_have_them(world):
    body = {"name": "spark", "kind": "databricks", "settings": {}}
    kinds = world.ask("GET", "aml/compute-kinds")[1]
    known = next(each for each in kinds if each["isKnownOnly"])
    body = {"name": "spark", "kind": known["name"], "settings": {
        each["name"]: "x" for each in known["settings"] if each["required"]
    }}  # fmt: skip
    assert world.ask("POST", "aml/compute", body)[0] == 201

    asked = {"environment": "tiny", "compute": "spark"}
    status, problem = world.ask("POST", "aml/kernels", asked)
    absent = world.ask("POST", "aml/kernels", {"environment": "tiny", "compute": "cpuu"})

    assert status == 422
    assert "no kernel can run on 'spark': kernels run on this machine" in problem["message"]
    assert (absent[0], "did you mean 'cpu'" in absent[1]["message"]) == (404, True)


def test_a_target_is_not_deleted_under_a_kernel(world):
    with a_kernel(world, "held.ipynb"):
        status, problem = world.ask("DELETE", "aml/compute/cpu")

        assert status == 409
        assert "the kernel tiny on cpu (aml) is on it" in problem["message"]


def test_a_killed_servers_kernel_is_found_again_with_its_notebook():
    with a_small_world() as world:
        status, session = world.start("aml-own-on-cpu", "kept.ipynb")
        assert status == 201, session
        kernel = session["kernel"]["id"]
        with world.talk(kernel) as talk:
            pid = talk.run("kept = 42; " + WHO).split()[0]
        until(lambda: on_target(world, kernel)["session"], seconds=20, what="the session noted")

        world.server.kill()
        world.server.start_again()

        until(lambda: world.running(kernel), seconds=60, what="the kernel to be taken over")
        assert world.ask("GET", f"api/sessions/{session['id']}")[1]["kernel"]["id"] == kernel
        with world.talk(kernel) as talk:
            assert talk.run("print(kept); " + WHO).split()[:2] == ["42", pid]
        assert world.ask("POST", f"api/kernels/{kernel}/restart")[0] == 200
        with world.talk(kernel) as talk:
            assert "NameError" in talk.run("kept")

        world.server.stop()
        until(lambda: not psutil.pid_exists(int(pid)), seconds=30, what="the kernel to end")
        assert "a headless engine takes over" not in world.log.read_text()


def test_a_kernel_goes_on_when_its_server_is_stopped_where_that_is_wished():
    with a_small_world("--AmlConfig.keep_kernels=True") as world:
        kernel = world.start("aml-own-on-cpu", "kept.ipynb")[1]["kernel"]["id"]
        with world.talk(kernel) as talk:
            pid = talk.run("kept = 42; " + WHO).split()[0]

        world.server.stop()
        assert psutil.pid_exists(int(pid))
        world.server.start_again()

        until(lambda: world.running(kernel), seconds=60, what="the kernel to be taken over")
        with world.talk(kernel) as talk:
            assert talk.run("print(kept)") == "42"
        assert world.ask("DELETE", f"api/kernels/{kernel}")[0] == 204
        until(lambda: not psutil.pid_exists(int(pid)), seconds=30, what="the kernel to end")


@contextmanager
def a_small_world(*options: str) -> Iterator[World]:
    """A server of its own, with a cluster and an environment that need not be built."""
    with a_world(*options) as world:
        add_cluster(world, "cpu")
        python = {"userManagedDependencies": True, "interpreterPath": sys.executable}
        body = {"workspace": "default", "definition": {"name": "own", "python": python}}
        assert world.ask("POST", "aml/environments", body)[0] == 201
        world.add_kernel("own", compute="cpu")
        yield world
