"""The files in binder/ make a server in which the quickstart runs, as a BinderHub would do it."""

from __future__ import annotations

import resource
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from jupyter_aml.testing.jupyter import JupyterServer
from tests.conftest import REPOSITORY, a_folder, a_root, jupyter_folders
from tests.installing import copy_of_the_repository, environment_of, new_environment, run

MEMORY = 2 * 1024**3
BASE_URL = "/user/demo/"


@pytest.fixture(scope="module")
def server() -> Iterator[JupyterServer]:
    """JupyterLab as Binder starts it, in an environment made by following binder/."""
    with a_folder() as folder, a_root() as root:
        copy = copy_of_the_repository(folder / "repo")
        programs = new_environment(folder / "venv")
        # Images have a Node.js, but one that is too old for the build.
        an_old_node(programs)
        env = environment_of(programs, home=folder)
        requirements = str(copy / "binder" / "requirements.txt")
        run([str(programs / "pip"), "install", "-r", requirements], env=env, cwd=copy)
        run([str(copy / "binder" / "postBuild")], env=env, cwd=copy)
        with JupyterServer(
            copy,
            runtime=folder / "runtime",
            app="jupyterlab",
            python=str(programs / "python"),
            options=[f"--ServerApp.base_url={BASE_URL}"],
            env={**env, **jupyter_folders(folder, root)},
            preexec=limit_memory,
        ) as started:
            yield started


def an_old_node(programs: Path) -> None:
    (programs / "node").write_text("#!/bin/sh\necho v18.20.4\n")
    (programs / "node").chmod(0o755)


def limit_memory() -> None:
    # Each process of the server gets the whole; the test adds them up. Of what is only reserved, as
    # pyarrow's allocator does by the gigabyte, a machine has none to give.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


@contextmanager
def peak_memory(pid: int) -> Iterator[list[int]]:
    """Yield a list whose one item grows to the most that a process tree held, in bytes."""
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            peak[0] = max(peak[0], memory_of(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def memory_of(pid: int) -> int:
    """Bytes of a process and all that it started, shared pages counted once."""
    top = psutil.Process(pid)
    found = 0
    for each in [top, *top.children(recursive=True)]:
        # One that ends while we look holds nothing any more.
        with suppress(psutil.NoSuchProcess):
            found += each.memory_full_info().pss
    return found


def test_the_server_answers_below_its_base_url(server: JupyterServer) -> None:
    assert server.url.endswith(BASE_URL)
    assert server.get("aml/status")["kind"] == "jupyter"


def test_the_lab_page_opens_with_our_extension(server: JupyterServer) -> None:
    address = f"{server.url}lab/tree/notebooks/01_quickstart.ipynb?token={server.token}"

    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address) as answer:
        page = answer.read().decode()

    assert '"name": "jupyter-aml"' in page


def test_the_quickstart_runs_in_the_memory_of_a_binder(server: JupyterServer) -> None:
    with peak_memory(server.pid) as peak:
        server.execute(server.folder / "notebooks" / "01_quickstart.ipynb")

    runs = server.get("aml/runs?sort=createdAt")["runs"]
    assert [run["status"] for run in runs] == ["Completed", "Completed"]
    assert 0 < peak[0] < MEMORY


OTHERS = sorted(
    path.name
    for path in (REPOSITORY / "notebooks").glob("*.ipynb")
    if "quickstart" not in path.name
)


@pytest.mark.parametrize("notebook", OTHERS)
def test_every_other_notebook_runs_there_too(server: JupyterServer, notebook: str) -> None:
    server.execute(server.folder / "notebooks" / notebook)


def test_the_table_of_notebooks_names_each_and_their_numbers_have_no_gap() -> None:
    names = sorted(path.name for path in (REPOSITORY / "notebooks").glob("*.ipynb"))

    table = (REPOSITORY / "notebooks" / "README.md").read_text(encoding="utf-8")

    assert [name[:2] for name in names] == [f"{at:02}" for at in range(1, len(names) + 1)]
    assert [name for name in names if f"({name})" not in table] == []
