"""What tests of several folders share: roots, environments, a real JupyterLab, a real browser."""

from __future__ import annotations

import errno
import gc
import hashlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.testing.engines import end_engine
from jupyter_aml.testing.jupyter import JupyterServer
from tests.azurite import azurite
from tests.dask_cluster import dask_cluster
from tests.docker_engine import base_image, docker_engine
from tests.postgres import postgres
from tests.skips import pytest_runtest_makereport
from tests.slurm_cluster import slurm, slurm_cluster
from tests.ssh_machine import ssh, ssh_server
from tests.workers import pytest_xdist_make_scheduler

__all__ = [
    "azurite",
    "base_image",
    "dask_cluster", "docker_engine",
    "postgres",
    "pytest_runtest_makereport",
    "pytest_xdist_make_scheduler",
    "slurm",
    "slurm_cluster",
    "ssh",
    "ssh_server",
]  # fmt: skip

REPOSITORY = Path(__file__).parents[1]

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# What the shell of whoever runs the tests has set must neither make a test pass nor make it fail.
for _name in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"):
    os.environ.pop(_name, None)
# A shell starts what it runs in the background deaf to interrupts, and all it starts inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`AML_ORDER` (a number) puts modules, and tests in them, in an order of chance."""
    order = os.environ.get("AML_ORDER")
    if order:
        items.sort(key=lambda item: (_chance(order, str(item.path)), _chance(order, item.nodeid)))


def _chance(order: str, name: str) -> bytes:
    return hashlib.sha256(f"{order} {name}".encode()).digest()


def pytest_collection_finish() -> None:
    """Leave out of each collection of garbage what stays to the end: IPython asks for many."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A running JupyterLab: its server, its folder of notebooks, its root of runs."""

    server: JupyterServer
    folder: Path
    root: Path

    @property
    def url(self) -> str:
        """The base URL, with a slash at the end."""
        return self.server.url

    @property
    def token(self) -> str:
        """What a page or a request gives to be let in."""
        return self.server.token

    def page(self, workspace: str, notebook: str = "") -> str:
        """The address of a notebook in a Lab workspace of its own, so that no tab is restored."""
        tree = f"/tree/{notebook}" if notebook else ""
        return f"{self.url}lab/workspaces/{workspace}{tree}?token={self.token}"


@pytest.fixture
def aml_root() -> Iterator[Path]:
    """A root of its own for one test, with a path short enough for a Unix socket."""
    with a_root() as root:
        yield root


@pytest.fixture
def jupyter_env(aml_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    """Point Jupyter, IPython and AML_ROOT at folders of this test alone."""
    with a_folder() as folder:
        env = jupyter_folders(folder, aml_root)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        yield env


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab with the extension for all tests that only add to it."""
    with a_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def start_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """A function that starts a JupyterLab of this test's own, for tests that end or restart it."""
    with ExitStack() as stack:

        def start(**options: Any) -> Lab:
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            return stack.enter_context(a_lab(folder, **options))

        yield start


# Not for the session: while Playwright is up, asyncio.run is refused in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, headless; where it is missing the test is skipped, and in CI it fails."""
    chromium = find_chromium()
    if chromium is None:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("no Chromium on this machine; `.ci/system-packages` installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield started
        started.close()


def find_chromium() -> str | None:
    """The browser to test with; $AML_CHROMIUM goes before what is on the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("AML_CHROMIUM") or next(filter(None, found), None)


def jupyter_folders(folder: Path, root: Path) -> dict[str, str]:
    """The variables that keep a Jupyter away from the settings of whoever runs the tests."""
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return {
        **{name: str(folder / place) for name, place in places.items()},
        "AML_ROOT": str(root),
    }


@contextmanager
def a_lab(
    notebooks: Path,
    *,
    app: str = "jupyterlab",
    options: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
) -> Iterator[Lab]:
    """A JupyterLab (or `app="notebook"`) that serves this folder, with a root of its own."""
    trait = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}[app]
    with a_folder() as own, a_root() as root, open(own / "server.log", "wb") as log:
        variables = {**os.environ, **jupyter_folders(own, root), **(env or {})}
        with JupyterServer(
            notebooks,
            runtime=own / "runtime",
            app=app,
            env=variables,
            log=log,
            options=[f"--{trait}.expose_app_in_browser=True", *options],
        ) as server:
            yield Lab(server=server, folder=notebooks, root=root)


@contextmanager
def a_root() -> Iterator[Path]:
    """A folder for runs; an engine that was started for it is ended with it."""
    with a_folder() as folder:
        root = folder / "root"
        root.mkdir(mode=0o700)
        yield root
        end_engine(root)
        # One that a client had begun to start takes the root when the other has let go of it.
        deadline = time.monotonic() + 20
        while not _removed(root):
            assert time.monotonic() < deadline, f"somebody goes on writing in {root}"
            time.sleep(0.05)
            end_engine(root)


def _removed(folder: Path) -> bool:
    """Remove a folder with all that is read-only in it; False where somebody writes in it."""
    try:
        for parent, _, _ in os.walk(folder):
            os.chmod(parent, 0o700)
        shutil.rmtree(folder)
    except FileNotFoundError:
        return not folder.exists()
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return False
    return True


@contextmanager
def a_folder() -> Iterator[Path]:
    """A temporary folder with a short path, which goes away with all that is read-only in it."""
    folder = Path(tempfile.mkdtemp(prefix="aml-", dir="/tmp"))
    try:
        yield folder
    finally:
        for parent, _, _ in os.walk(folder):
            os.chmod(parent, 0o700)
        shutil.rmtree(folder)
