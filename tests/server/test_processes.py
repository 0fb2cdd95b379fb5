"""Real processes: headless engines and Jupyter servers on one root."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from jupyter_aml.client import find
from jupyter_aml.server import holder
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def jp_server_cleanup():
    """No server lives in this process."""


@pytest.fixture
def start(aml_root, jupyter_env, monkeypatch, tmp_path):
    """Start a process on the root; it is ended with the test."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    started = []

    def start(*command):
        log = (tmp_path / f"{len(started)}.log").open("wb")
        process = subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log)
        process.log = tmp_path / f"{len(started)}.log"
        started.append(process)
        log.close()
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


@pytest.fixture
def serve(start):
    return lambda *more: start("jupyter_aml.cli", "serve", *more)


@pytest.fixture
def jupyter(start, tmp_path):
    """Start a Jupyter server with nothing but our extension."""
    extension = '--ServerApp.jpserver_extensions={"jupyter_aml": True}'
    plain = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--IdentityProvider.token=t"]
    return lambda *more: start(
        "jupyter_server", extension, *plain, f"--ServerApp.root_dir={tmp_path}", *more
    )


def test_a_headless_engine_ends_when_it_is_told_and_leaves_nothing(serve, aml_root):
    process = serve()
    told = until(lambda: holder.read(aml_root), process)

    process.send_signal(signal.SIGTERM)

    assert process.wait(20) == 0
    assert told.kind == "headless"
    assert not (aml_root / "engine.json").exists()
    assert not os.path.exists(told.socket)
    assert len(process.log.read_text().splitlines()) == 2


def test_a_headless_engine_with_nothing_to_do_ends(serve, aml_root):
    process = serve("--set=idle_exit_minutes=0.01")

    assert process.wait(30) == 0
    assert "idle" in process.log.read_text()


def test_a_headless_engine_whose_root_is_deleted_ends_whatever_still_runs(serve, aml_root):
    process = serve()
    until(lambda: holder.read(aml_root), process)
    me = {"pid": os.getpid(), "start": Path("/proc/self/stat").read_text().split()[21]}
    talk = {"experiment": "trial", "type": "azureml.interactive", "process": me}
    client = find(aml_root)
    run_id = client.runs.submit(talk)["runId"]
    record = aml_root / "workspaces" / "default" / "runs" / run_id / "run.json"
    until(lambda: json.loads(record.read_bytes())["status"] == "Running", process)

    shutil.rmtree(aml_root)

    assert process.wait(30) == 0
    assert process.log.read_text().splitlines()[-1].endswith("closed, as its root was deleted")


def test_a_second_headless_engine_names_the_first(serve, aml_root):
    first = serve()
    told = until(lambda: holder.read(aml_root), first)

    second = serve()

    assert second.wait(20) == 0
    assert f"process {told.pid}" in second.log.read_text()
    assert first.poll() is None


def test_a_killed_engine_is_followed_by_the_next(serve, aml_root):
    first = serve()
    old = until(lambda: holder.read(aml_root), first)
    first.kill()
    first.wait()

    second = serve()

    new = until(lambda: other_than(old, aml_root), second)
    assert (new.pid, new.epoch > old.epoch) == (second.pid, True)


def test_a_setting_that_cannot_be_is_one_line(serve):
    process = serve("--set=max_runs=0")

    assert process.wait(20) == 1
    assert process.log.read_text() == "jupyter aml: AmlConfig.max_runs must be more than 0, not 0\n"


def test_a_root_that_cannot_be_written_is_one_line(serve, aml_root):
    aml_root.rmdir()
    aml_root.touch()

    process = serve()

    assert process.wait(20) == 1
    assert len(process.log.read_text().splitlines()) == 1
    aml_root.unlink()


def test_servers_take_over_from_each_other(serve, jupyter, aml_root):
    headless = serve()
    first = until(lambda: holder.read(aml_root), headless)

    one = jupyter()
    second = until(lambda: other_than(first, aml_root), one)
    assert headless.wait(20) == 0
    two = jupyter()
    url = until(lambda: address(two), two)
    assert until(lambda: status(url), two)["pid"] == one.pid

    one.kill()

    third = until(lambda: other_than(second, aml_root), two)
    assert (second.pid, third.pid) == (one.pid, two.pid)
    assert status(url)["pid"] == two.pid


@pytest.mark.parametrize("kind", ["jupyter", "headless"])
def test_a_server_says_which_process_holds_the_root_and_is_stopped(serve, jupyter, aml_root, kind):
    first = jupyter() if kind == "jupyter" else serve()
    held = until(lambda: holder.read(aml_root), first)
    first.send_signal(signal.SIGSTOP)
    second = jupyter()
    url = until(lambda: address(second), second)

    told = until(lambda: refusal(url, "runs"), second)
    first.send_signal(signal.SIGCONT)

    assert f"process {held.pid}" in told
    assert f"it is stopped; `kill -CONT {held.pid}` lets it go on" in told
    assert until(lambda: status(url), second)


def test_runs_outlive_the_server_that_started_them(jupyter, aml_root):
    one = jupyter("--AmlConfig.max_runs=1")
    url = until(lambda: address(one), one)
    until(lambda: status(url), one)
    gate = aml_root / "gate"
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)"
    ids = [ask(url, "runs", body=asked(wait))["runId"] for _ in range(2)]
    # Both are prepared side by side, and whichever is ready first has the place.
    until(lambda: any(ask(url, f"runs/{each}")["status"] == "Running" for each in ids), one)
    assert ask(url, "compute")[0]["slots"] == 1
    first = holder.read(aml_root)

    one.terminate()
    assert one.wait(20) == 0
    headless = until(lambda: other_than(first, aml_root), one, ended=True)
    gate.touch()

    two = jupyter()
    url = until(lambda: address(two), two)
    until(lambda: status(url), two)
    for run_id in ids:
        until(lambda run_id=run_id: ask(url, f"runs/{run_id}")["status"] == "Completed", two)
    assert headless.kind == "headless"


def asked(script):
    job = {"command": ["main.py"], "interpreter": sys.executable, "target": "local", "grace": 0.5}
    files = {"files": {"main.py": script}}
    return {"experiment": "trial", "script": "main.py", "source": files, "job": job}


def address(server):
    """The URL of a server of ours, once it has said it."""
    from jupyter_core.paths import jupyter_runtime_dir

    try:
        with open(f"{jupyter_runtime_dir()}/jpserver-{server.pid}.json") as file:
            return json.load(file)["url"]
    except (OSError, ValueError):
        return None


def ask(url, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{url}aml/{path}", data=data, headers={"Authorization": "token t"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def refusal(url, path):
    """What the server says of the one that holds the root, once it knows that one."""
    try:
        ask(url, path)
    except urllib.error.HTTPError as error:
        message = json.load(error)["message"]
        return None if "started or moved" in message else message
    except OSError:
        return None


def status(url):
    try:
        return ask(url, "status")
    except OSError:
        return None


def other_than(old, root):
    new = holder.read(root)
    return new if new is not None and new != old else None


def until(condition, process, seconds=40, ended=False):
    """Wait until something has become true, while the process lives."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert ended or process.poll() is None, process.log.read_text()
        assert time.monotonic() < end, process.log.read_text()
        time.sleep(0.02)
    return found
