"""TensorBoard is started on the logs of runs, and ended; the real one is not needed for that."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.tensorboard import Tensorboard

# It takes TensorBoard's arguments, and lists the files that it sees.
STAND_IN = """
import http.server, os, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = [os.path.relpath(os.path.join(here, name), given["--logdir"])
                 for here, _, names in os.walk(given["--logdir"], followlinks=True)
                 for name in names]
        self.send_response(200)
        self.end_headers()
        self.wfile.write("\\n".join(sorted(found)).encode())
http.server.HTTPServer(("localhost", int(given["--port"])), Handler).serve_forever()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "tensorboard"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "main.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.syspath_prepend(package.parent)


@pytest.fixture
def run(ws: Workspace) -> Run:
    Path("src").mkdir()
    Path("src/s.py").write_text("open('logs/events.out.tfevents.1', 'w').write('x')")
    run = Experiment(ws, "boarded").submit(ScriptRunConfig("src", script="s.py"))
    run.wait_for_completion()
    return run


def a_port() -> int:
    with socket.create_server(("localhost", 0)) as server:
        return int(server.getsockname()[1])


def read(address: str) -> list[str]:
    opened = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=60)
    with opened as answer:
        return str(answer.read().decode()).splitlines()


def test_the_logs_of_runs_are_shown_until_it_is_stopped(
    installed: None, run: Run, tmp_path: Path
) -> None:
    board = Tensorboard([run], local_root=tmp_path / "board", port=a_port())

    address = board.start()
    seen = read(address)
    again = board.start()
    board.stop()

    assert address == again
    assert f"{run.id}/events.out.tfevents.1" in seen
    with pytest.raises(OSError, match="refused"):
        read(address)


def test_a_port_that_is_taken_is_said(installed: None, run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("localhost", 0))  # Taken, and nobody answers there.

        board = Tensorboard(run, port=taken.getsockname()[1])

        with pytest.raises(UserErrorException, match=r"TensorBoard did not start: .*in use"):
            board.start()


def test_what_is_missing_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_aml.sdk.tensorboard.tensorboard.find_spec", lambda name: None)

    with pytest.raises(UserErrorException, match="pip install tensorboard"):
        Tensorboard([run]).start()
    with pytest.raises(UserErrorException, match="expected runs of experiments, not 'x'"):
        Tensorboard(["x"])  # type: ignore[list-item]
    with pytest.raises(UserErrorException, match="called the same"):
        Tensorboard([run, run])
