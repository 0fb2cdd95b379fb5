"""Kernels in containers: what they are given, and how they end. The docker engine is a fake."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import docker
import pytest
from docker.errors import APIError, ImageNotFound

from jupyter_aml.domain.errors import Invalid, NotFound, Unreachable
from jupyter_aml.kernels import container
from jupyter_aml.kernels.container import Container, Wanted, remove_orphans, start
from jupyter_aml.kernels.home import Home


class FakeContainer:
    def __init__(self, *, labels=None, why_not=None):
        self.labels, self._why_not = labels or {}, why_not
        self.attrs = {"State": {"Pid": 0}}
        self.signals, self.removed = [], False
        self._end = threading.Event()
        self._code = 0

    def start(self):
        if self._why_not is not None:
            raise APIError("400", SimpleNamespace(status_code=400), self._why_not)

    def reload(self):
        self.attrs["State"]["Pid"] = 4711

    def logs(self, **_):
        self._end.wait(10)
        yield b"a word\n"

    def wait(self):
        return {"StatusCode": self._code}

    def kill(self, signal):
        self.signals.append(signal)
        if signal != "SIGINT":
            self.end(137)

    def end(self, code):
        self._code = code
        self._end.set()

    def remove(self, force):
        self.removed = True


class FakeEngine:
    def __init__(self, *there, images=("sha256:1",)):
        self.images = self.containers = self
        self._images, self._there = images, there
        self.made = FakeContainer()
        self.given = None
        self.closed = False

    def get(self, image):
        if image not in self._images:
            raise ImageNotFound("no such image")

    def create(self, image, command, **given):
        self.given = {"image": image, "command": command, **given}
        return self.made

    def close(self):
        self.closed = True

    def list(self, **_):
        return [*self._there]


@pytest.fixture
def engine(monkeypatch):
    """The engine that is asked."""
    fake = FakeEngine()
    monkeypatch.setattr(container, "connect", lambda url: fake)
    return fake


@pytest.fixture
def wanted(tmp_path):
    return Wanted(
        kernel="k1",
        home=Home(
            secrets=Path("/nowhere"),
            label="vision:3",
            workspace="lab",
            interpreter="/opt/env/bin/python",
            image="sha256:1",
            variables={"COLOR": "blue"},
            root=tmp_path,
            socket=f"{tmp_path}/engine.sock",
            pythonpath=(tmp_path / "lib",),
            docker={"shmSize": "1g"},
        ),
        command=["/opt/env/bin/python", "-m", "ipykernel_launcher"],
        given={"HTTPS_PROXY": "http://proxy", "SECRET": "x", "PATH": "/server/bin"},
        connection_file="/run/user/kernel-k1.json",
        cwd="/home/ada/notebooks",
    )


def test_a_container_sees_the_notebooks_folder_the_root_and_its_own_connection_file(
    engine, wanted, tmp_path
):
    started = start(wanted, url="")

    engine.made.end(0)
    assert started.pid == 4711
    seen = {one["Target"]: one["ReadOnly"] for one in engine.given["mounts"]}
    assert seen == {
        "/home/ada/notebooks": False,
        str(tmp_path): False,
        "/run/user/kernel-k1.json": True,
    }
    assert all(one["Source"] == one["Target"] for one in engine.given["mounts"])
    assert engine.given["user"] == f"{os.getuid()}:{os.getgid()}"
    assert (engine.given["init"], engine.given["shm_size"]) == (True, "1g")


def test_the_variables_of_the_server_stay_outside(engine, wanted):
    start(wanted, url="")

    engine.made.end(0)
    given = engine.given["environment"]
    assert (given["COLOR"], given["HTTPS_PROXY"]) == ("blue", "http://proxy")
    assert given["AML_ENVIRONMENT"] == "vision:3"
    assert "SECRET" not in given
    assert "PATH" not in given


def test_it_is_signalled_and_waited_for_like_a_process(engine, wanted):
    started = start(wanted, url="")

    started.send_signal(signal.SIGINT)
    assert started.poll() is None
    started.terminate()

    assert started.wait(10) == 137
    assert started.poll() == 137
    started.kill()
    assert engine.made.signals == ["SIGINT", "SIGTERM"]
    assert engine.made.removed


def test_an_image_that_is_gone_is_said(engine, wanted):
    engine._images = ()

    with pytest.raises(NotFound, match="image of environment vision:3 is gone"):
        start(wanted, url="")


def test_a_container_that_cannot_start_is_removed_and_says_why(engine, wanted):
    engine.made = FakeContainer(why_not="exec: python: no such file")

    with pytest.raises(Invalid, match=r"vision:3 cannot be started: .*exec: python: no such file"):
        start(wanted, url="")
    assert engine.made.removed
    assert engine.closed


def test_an_engine_that_does_not_answer_is_said(wanted, tmp_path):
    with pytest.raises(Unreachable, match="docker engine does not answer"):
        start(wanted, url=f"unix://{tmp_path}/nobody.sock")
    gc.collect()


def test_a_socket_on_which_nobody_listens_is_said(wanted, tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/left.sock")

    with pytest.raises(Unreachable, match=r"does not answer: start docker.*left.sock"):
        start(wanted, url=f"unix://{tmp_path}/left.sock")
    gc.collect()


def test_options_of_the_definition_hold_for_its_kernels(engine, wanted):
    docker = {"shmSize": "1g", "arguments": ["--memory", "512m", "-e", "COLOR=red", "-e SIZE=big"]}

    start(replace(wanted, home=replace(wanted.home, docker=docker)), url="")

    engine.made.end(0)
    assert (engine.given["mem_limit"], engine.given["memswap_limit"]) == ("512m", "512m")
    given = engine.given["environment"]
    assert (given["COLOR"], given["SIZE"]) == ("blue", "big")
    assert engine.given["labels"]["aml.environment"] == "vision:3"


@pytest.mark.parametrize("argument", ["--network=none", "--privileged=true"])
def test_options_that_a_kernel_cannot_have_are_named(engine, wanted, argument):
    home = replace(wanted.home, docker={"arguments": [argument]})

    with pytest.raises(Invalid, match=argument.partition("=")[0]):
        start(replace(wanted, home=home), url="")

    assert (engine.given, engine.closed) == (None, True)


def test_containers_of_a_server_that_is_gone_are_removed_and_no_others(engine, tmp_path):
    gone = FakeContainer(labels={"aml.server": "999999999:1"})
    mine = FakeContainer(labels={"aml.server": container._myself()})
    engine._there = (gone, mine)
    (tmp_path / ".container-kernels").touch()

    assert remove_orphans(tmp_path, url="") == 1

    assert (gone.removed, mine.removed) == (True, False)
    # One lives, so that somebody must look again.
    assert (tmp_path / ".container-kernels").exists()


def test_a_root_without_containers_asks_no_engine(monkeypatch, tmp_path):
    monkeypatch.setattr(docker, "from_env", lambda: pytest.fail("was asked"))

    assert remove_orphans(tmp_path, url="") == 0


def test_a_container_that_nobody_can_watch_counts_as_ended():
    broken = FakeContainer()

    def logs(**_):
        raise APIError("500")

    broken.logs = logs

    assert Container(broken, lambda: None).wait(10) == 1
