"""Real Jupyter servers for tests and demonstrations: started, asked, and ended by their pid."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from nbformat import NotebookNode

T = TypeVar("T")

# A proxy that the environment names is for the world outside, never for this machine.
_OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class KernelDied(RuntimeError):
    """A kernel ended while a notebook ran in it."""


class JupyterServer:
    """One Jupyter server of its own process, with a random token and a runtime folder to itself.

    `app` is the module to run: `jupyter_server`, `jupyterlab` or `notebook`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        runtime: Path,
        app: str = "jupyter_server",
        python: str = sys.executable,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        log: IO[bytes] | None = None,
        preexec: Callable[[], None] | None = None,
    ) -> None:
        self.folder = folder
        self.token = secrets.token_hex(24)
        self._runtime = runtime
        # The command line is readable by everybody, so the token goes by the environment.
        given = {**(os.environ if env is None else env), "JUPYTER_TOKEN": self.token}

        def spawn(port: int) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                [
                    *(python, "-m", app, "--no-browser", "--ServerApp.ip=127.0.0.1"),
                    *(f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}"),
                    *(["--allow-root"] if os.geteuid() == 0 else []),
                    *options,
                ],
                env={**given, "JUPYTER_RUNTIME_DIR": str(runtime)},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=preexec,
            )

        self._spawn = spawn
        self.process = spawn(_some_port())
        self._info: dict[str, Any] = {}

    def __enter__(self) -> JupyterServer:
        try:
            return self.wait()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self.process.pid

    @property
    def url(self) -> str:
        """Where it answers, with the base URL and a slash at the end."""
        return str(self._info["url"])

    def wait(self, *, seconds: float = 60) -> JupyterServer:
        """Return once the server answers; raises TimeoutError, or RuntimeError if it has ended."""
        self._info = until(self._announced, seconds=seconds, what="the server to announce itself")
        until(self._answers, seconds=seconds, what=f"{self.url} to answer")
        return self

    def stop(self, *, seconds: float = 20) -> None:
        """End the server, and its kernels with it."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """End the server as a crash does; what it has started lives on."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> JupyterServer:
        """Start a server that has ended at the same address, with the same token."""
        self.process = self._spawn(self._info["port"])
        return self.wait()

    def get(self, path: str) -> Any:
        """Decode the JSON answer of GET `path`; raises urllib's HTTPError."""
        return self._ask("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Decode the JSON answer of POST `path`; raises urllib's HTTPError."""
        return self._ask("POST", path, body)

    def delete(self, path: str) -> None:
        """Delete what stands at a path of the server."""
        self._ask("DELETE", path)

    def execute(self, notebook: Path, *, timeout: float = 600) -> NotebookNode:
        """Run a notebook in a kernel session of this server, as JupyterLab does.

        Returns it with its outputs; raises nbclient's CellExecutionError at the first failing cell,
        and KernelDied where the kernel ends meanwhile.
        """
        # Heavy, and only needed here; both come with jupyter_server.
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import DeadKernelError

        cells = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
        client = NotebookClient(cells, km=self._kernel_for(notebook), timeout=timeout)
        try:
            return client.execute()
        except DeadKernelError:
            cell = f"code cell {max(1, client.code_cells_executed)} of {notebook.name}"
            raise KernelDied(f"the kernel died in {cell}") from None
        finally:
            if client.kc is not None:
                client.kc.stop_channels()

    def _kernel_for(self, notebook: Path) -> Any:
        import psutil
        from jupyter_client.manager import AsyncKernelManager

        class ServersKernel(AsyncKernelManager):
            """A kernel that the server started and will end; here it is only talked to."""

            has_kernel = True
            process: psutil.Process

            async def _async_is_alive(self) -> bool:
                """Whether it is the one that was begun with: a dead one the server replaces."""
                with contextlib.suppress(psutil.NoSuchProcess):
                    is_zombie = self.process.status() == psutil.STATUS_ZOMBIE
                    return bool(self.process.is_running() and not is_zombie)
                return False

        session = self.post(
            "api/sessions",
            {
                "path": notebook.name,
                "name": notebook.name,
                "type": "notebook",
                "kernel": {"name": "python3"},
            },
        )
        file = self._runtime / f"kernel-{session['kernel']['id']}.json"
        until(file.exists, seconds=60, what=f"{file} to appear")
        manager = ServersKernel(owns_kernel=False)
        manager.load_connection_file(str(file))
        manager.process = until(lambda: self._process_of(file), seconds=60, what="the kernel")
        return manager

    def _process_of(self, file: Path) -> Any:
        """The process below the server that was started with this connection file, if any."""
        import psutil

        for process in psutil.Process(self.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if any(file.name in word for word in process.cmdline()):
                    return process
        return None

    def _announced(self) -> dict[str, Any] | None:
        if self.process.poll() is not None:
            raise RuntimeError(f"the Jupyter server ended with code {self.process.returncode}")
        try:
            # A half-written file is not JSON yet.
            found = json.loads((self._runtime / f"jpserver-{self.pid}.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _answers(self) -> bool:
        try:
            self.get("api/status")
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError):
                raise
            return False
        return True

    def _ask(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=verb,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with _OPEN(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")


def until(look: Callable[[], T | None], *, seconds: float, what: str) -> T:
    """Return the first answer of `look` that is true; raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)


def _some_port() -> int:
    # Not probed first: the server itself moves on to another port where this one is taken.
    return 20000 + secrets.randbelow(20000)
