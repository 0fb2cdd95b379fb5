"""A real server of blobs: Azurite, from the npm registry, on a port of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

VERSION = "3.35.0"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""What Azurite documents as its account; it is no secret."""
DEADLINE = 60.0


@dataclass(frozen=True)
class Azurite:
    """Where it answers. An account of any name is at `url/<name>`, with `KEY` for all."""

    url: str

    @property
    def endpoints(self) -> str:
        """The setting that sends all accounts there."""
        return f"*={self.url}/{{account}}"


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A server of blobs with the accounts `devstoreaccount1` and `az_store_acct`."""
    program = _installed()
    folder = tmp_path_factory.mktemp("azurite")
    port = _free_port()
    accounts = f"{ACCOUNT}:{KEY};az_store_acct:{KEY}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [_node(), str(program), "--blobHost", "127.0.0.1", "--blobPort", str(port),
             "--location", str(folder), "--skipApiVersionCheck", "--disableTelemetry"],
            env={**os.environ, "AZURITE_ACCOUNTS": accounts},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait(port, process, folder / "log")
        yield Azurite(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(DEADLINE)


def _node() -> str:
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("no Node.js on this machine")
    return found


def _installed() -> Path:
    """The program, installed once in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "jupyter-aml-tests" / f"azurite-{VERSION}"
    program = folder / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.is_file():
            npm = shutil.which("npm")
            if npm is None:
                pytest.skip("no npm on this machine")
            # Without scripts: nothing of what is fetched runs while it is installed.
            subprocess.run(
                [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit",
                 "--no-fund", f"azurite@{VERSION}"],
                check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=280,
            )  # fmt: skip
    return program


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            gone = process.poll() is not None or time.monotonic() > deadline
            if gone:
                raise AssertionError(f"Azurite does not answer:\n{log.read_text()}") from None
            time.sleep(0.05)
