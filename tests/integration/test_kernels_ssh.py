"""Kernels on a machine behind a real OpenSSH server, in a real Jupyter server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import psutil
import pytest

from jupyter_aml.testing.jupyter import until
from tests.integration.test_kernels import World, a_world
from tests.ssh_machine import SshMachine

pytestmark = pytest.mark.timeout(300)

WHO = "import os; print(os.getpid(), os.environ['AML_KERNEL'], os.environ.get('AML_SOCKET'))"


@pytest.fixture
def world(ssh: SshMachine) -> Iterator[World]:
    """A server whose workspace has the machine, and an environment that is a Python of it."""
    with a_world() as world:
        body = {"name": "box", "kind": "ssh", "settings": ssh.settings}
        status, made = world.ask("POST", "aml/compute", body)
        assert status == 201, made
        python = {"userManagedDependencies": True, "interpreterPath": sys.executable}
        body = {"workspace": "default", "definition": {"name": "own", "python": python}}
        assert world.ask("POST", "aml/environments", body)[0] == 201
        world.add_kernel("own", compute="box")
        yield world


def test_a_kernel_lives_on_the_machine_whatever_becomes_of_connections_and_servers(world, ssh):
    status, session = world.start("aml-own-on-box", "far.ipynb")
    assert status == 201, session
    kernel = session["kernel"]["id"]
    with world.talk(kernel) as talk:
        pid, own, socket = talk.run("kept = 42; " + WHO).split()
        assert (own, socket) == (kernel, "None")
        [place] = ssh.home.glob("runs/*/*")
        for name in ("kernel.json", "connection.1.json"):
            assert (place / name).stat().st_mode & 0o777 == 0o600

        # An interrupt, and then a connection that is lost while somebody talks.
        loop = "import time\nwhile True: time.sleep(0.01)"
        busy = talk.client.execute(loop, stop_on_error=False)
        state = lambda: world.running(kernel)["state"]  # noqa: E731
        until(lambda: state() == "busy", seconds=30, what="the loop to begin")
        assert world.ask("POST", f"api/kernels/{kernel}/interrupt")[0] == 204
        reply = talk.client.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == busy

    ssh.cut()

    with world.talk(kernel) as talk:
        assert talk.run("print(kept)") == "42"
    until(lambda: world.ask("GET", f"aml/compute-kernels/{kernel}")[1]["session"], seconds=20,
          what="the session noted")  # fmt: skip

    world.server.kill()
    world.server.start_again()

    until(lambda: world.running(kernel), seconds=60, what="the kernel to be taken over")
    with world.talk(kernel) as talk:
        assert talk.run("print(kept); " + WHO).split()[:2] == ["42", pid]

    assert world.ask("POST", f"api/kernels/{kernel}/restart")[0] == 200

    with world.talk(kernel) as talk:
        assert "NameError" in talk.run("kept")
        second = int(talk.run(WHO).split()[0])
    os.kill(second, 9)
    with world.talk(kernel) as talk:
        third = int(talk.run(WHO).split()[0])
    assert third not in (int(pid), second)

    assert world.ask("DELETE", f"api/kernels/{kernel}")[0] == 204
    until(lambda: not psutil.pid_exists(third), seconds=30, what="the kernel to end")
    until(lambda: not list(ssh.home.glob("runs/*/*")), seconds=30, what="its folder to be removed")
    until(lambda: not world.ask("GET", "aml/compute/box")[1]["kernels"], seconds=30, what="the end")


def test_a_kernel_on_a_machine_needs_ipykernel_there(world, tmp_path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    interpreter = str(tmp_path / "bare" / "bin" / "python")
    python = {"userManagedDependencies": True, "interpreterPath": interpreter}
    body = {"workspace": "default", "definition": {"name": "bare", "python": python}}
    assert world.ask("POST", "aml/environments", body)[0] == 201

    bare = world.start(world.add_kernel("bare", compute="box"), "bare.ipynb")

    assert bare[0] == 500
    assert f"no ipykernel: {interpreter} -m pip install ipykernel" in bare[1]["message"]


def test_a_kernel_on_a_machine_has_the_packages_of_its_environment(world, ssh):
    world.add_environment("built", "iniconfig==2.0.0")

    status, session = world.start(world.add_kernel("built", compute="box"), "built.ipynb")

    assert status == 201, session
    with world.talk(session["kernel"]["id"]) as talk:
        prefix, version = talk.run(
            "import sys, importlib.metadata; "
            "print(sys.prefix, importlib.metadata.version('iniconfig'))"
        ).split()
    assert prefix.startswith(f"{ssh.home}/environments/pip-")
    assert version == "2.0.0"
