"""One real Jupyter server that all attacks go against, and the ways in that an attacker has."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.testing.jupyter import JupyterServer, until
from tests.conftest import REPOSITORY, a_folder, a_root, jupyter_folders

PATIENCE = 20.0
"""Seconds after which a request counts as hung."""
EXTENSIONS = {"jupyter_aml": True, "tests.attacks.careless": True}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Victim:
    """A Jupyter server with the extension: what may be known of it from within and from without."""

    def __init__(self, server: JupyterServer, root: Path, log: Path) -> None:
        self.root, self.log, self.pid, self.token = root, log, server.pid, server.token
        self.folder = server.folder
        url = urlsplit(server.url)
        self.host, self.port, self.base = "127.0.0.1", url.port or 0, url.path
        self._runs = 0

    def bare(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request exactly as it is given, with nothing that lets it in."""
        line = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            line.request(method, self.base + path, body, dict(headers or {}))
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            line.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask as the user of the server."""
        sent = raw if raw is not None or body is None else json.dumps(body).encode()
        allowed = {"Authorization": f"token {self.token}", **(headers or {})}
        return self.bare(method, "aml/" + path, headers=allowed, body=sent)

    def submit(self, script: str, *, job: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Submit a script; returns the run."""
        asked = {"command": ["main.py"], "interpreter": sys.executable, "grace": 0.5}
        body = {"experiment": "attack", "source": {"files": {"main.py": script}}, **more}
        answer = self.ask("POST", "runs", {**body, "job": {**asked, **(job or {})}})
        assert answer.code == 201, answer.body
        return answer.json

    def run(self, script: str, **more: Any) -> Any:
        """Submit a script, and return the run when it has ended."""
        return self.ended(self.submit(script, **more)["runId"])

    def ended(self, run_id: str) -> Any:
        """Return the run when it has ended."""

        def look() -> Any:
            run = self.ask("GET", f"runs/{run_id}").json
            return run if run["endedAt"] else None

        return until(look, seconds=PATIENCE, what=f"run {run_id} to end")

    def folder_of(self, run: Mapping[str, Any]) -> RunFolder:
        """Where a run lies."""
        return RunFolder(self.root / "workspaces" / run["workspace"] / "runs" / run["runId"])

    def console(self, run: Mapping[str, Any]) -> str:
        """What a run has printed."""
        return self.folder_of(run).console.read_text()

    def memory(self) -> int:
        """Bytes that the server holds."""
        pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def spent(self) -> float:
        """Seconds of the processor that the server has taken: they grow with no other's work."""
        fields = Path(f"/proc/{self.pid}/stat").read_bytes().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self) -> int:
        """How many descriptors the server has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def line(self, request: str) -> socket.socket:
        """A connection on which the request was sent, and from which nothing is read yet."""
        line = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.sendall(request.replace("\n", "\r\n").encode())
        return line

    def upgrade(self, headers: Mapping[str, str]) -> socket.socket:
        """Ask to become an event socket."""
        told = {
            "Host": f"{self.host}:{self.port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            **headers,
        }
        lines = "".join(f"{name}: {value}\n" for name, value in told.items())
        return self.line(f"GET {self.base}aml/events HTTP/1.1\n{lines}\n")

    @property
    def let_in(self) -> dict[str, str]:
        """The header that proves a user."""
        return {"Authorization": f"token {self.token}"}


@pytest.fixture(scope="session")
def victim() -> Iterator[Victim]:
    """A server that refuses what is not authenticated, started by a careless user (umask 0)."""
    with a_folder() as own, a_root() as root:
        log, notebooks = own / "server.log", own / "notebooks"
        notebooks.mkdir()
        paths = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
        env = {**os.environ, **jupyter_folders(own, root), "PYTHONPATH": paths.rstrip(os.pathsep)}
        with (
            log.open("wb") as written,
            JupyterServer(
                notebooks,
                runtime=own / "runtime",
                env=env,
                log=written,
                preexec=lambda: os.umask(0) and None,
                options=[
                    f"--ServerApp.jpserver_extensions={EXTENSIONS}",
                    "--ServerApp.allow_unauthenticated_access=False",
                    "--ServerApp.log_level=DEBUG",
                ],
            ) as server,
        ):
            found = Victim(server, root, log)
            until(lambda: found.ask("GET", "status").code == 200, seconds=60, what="the engine")
            yield found
