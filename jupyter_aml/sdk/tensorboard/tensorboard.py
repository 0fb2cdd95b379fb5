"""Starts TensorBoard of this environment, and keeps what it shows as new as the runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.run import Run

_PATIENCE, _LOOK, _EVERY = 60.0, 0.1, 5.0


class Tensorboard:
    """TensorBoard of runs: those whose files are on this machine are shown as they are written."""

    LOGS_ARTIFACT_PREFIX = "logs/"

    def __init__(
        self,
        runs: Run | Sequence[Run],
        local_root: str | os.PathLike[str] | None = None,
        port: int = 6006,
        use_display_name: bool = False,
    ) -> None:
        """Raises UserErrorException for what is no run, and for a name that two of them have."""
        self._runs = [*runs] if isinstance(runs, Sequence) else [runs]
        self._names = [_name(run, use_display_name) for run in self._runs]
        if len({*self._names}) < len(self._names):
            raise UserErrorException(
                "two of these runs are called the same: leave use_display_name out"
            )
        self._root, self._port = local_root, port
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()

    def start(self, start_browser: bool = False) -> str:
        """Start it, and return its address once it answers.

        Raises UserErrorException where TensorBoard is not installed, or ends at once: its port is
        taken, say.
        """
        if self._process is not None:
            return self._url
        if find_spec("tensorboard") is None:
            raise UserErrorException(
                "TensorBoard is not installed in this environment: pip install tensorboard"
            )
        root = Path(self._root or tempfile.mkdtemp(prefix="aml-tensorboard-")).absolute()
        root.mkdir(parents=True, exist_ok=True)
        self._stopped.clear()
        self._lay(root)
        log = root / ".tensorboard.log"
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tensorboard.main", "--logdir", str(root), "--host",
                 "localhost", "--port", str(self._port), "--reload_interval", "5"],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
        self._wait(log)
        print(self._url)
        if start_browser:
            import webbrowser

            webbrowser.open(self._url)
        return self._url

    def stop(self) -> None:
        """End it."""
        self._stopped.set()
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait()

    # ---- inside -----------------------------------------------------------------------------

    @property
    def _url(self) -> str:
        return f"http://localhost:{self._port}"

    def _lay(self, root: Path) -> None:
        """Link the logs of runs that are on this machine, and begin to fetch those of others."""
        far: list[tuple[Run, Path]] = []
        for run, name in zip(self._runs, self._names, strict=True):
            place, target = _logs(run), root / name
            if place is None:
                far.append((run, target))
            elif not target.is_symlink():
                target.symlink_to(place, target_is_directory=True)
        if far:
            threading.Thread(target=self._follow, args=(far,), daemon=True).start()

    def _follow(self, far: Sequence[tuple[Run, Path]]) -> None:
        while True:
            for run, target in far:
                try:
                    run.download_files(self.LOGS_ARTIFACT_PREFIX, str(target))
                except AmlError:
                    continue  # The engine is away for a while; the next look finds it again.
            if self._stopped.wait(_EVERY):
                return

    def _wait(self, log: Path) -> None:
        deadline = time.monotonic() + _PATIENCE
        assert self._process is not None
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("localhost", self._port), timeout=1).close()
                return
            except OSError:
                time.sleep(_LOOK)
        lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        self.stop()
        raise UserErrorException(f"TensorBoard did not start: {lines[-1]}")


def _name(run: Run, use_display_name: bool) -> str:
    if not hasattr(run, "download_files"):
        raise UserErrorException(f"runs: expected runs of experiments, not {run!r:.80}")
    name = str((use_display_name and run.display_name) or run.id)
    return name.replace(os.sep, "_")


def _logs(run: Run) -> Path | None:
    """The folder of a run's logs, where it is on this machine."""
    workspace = run.experiment.workspace
    if workspace.client.is_elsewhere:
        return None
    root = Path(workspace.client.status()["root"])
    place = root / "workspaces" / workspace.name / "runs" / str(run.id) / "work" / "logs"
    return place if place.parent.is_dir() else None
