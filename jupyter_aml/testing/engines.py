"""Ends the engine that a test has started without knowing its process."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from jupyter_aml.compute.proc import is_alive, send


def end_engine(root: Path, number: int = signal.SIGTERM, *, limit: float = 60.0) -> None:
    """Signal the process that holds the root, and return once it is gone; nobody there is fine."""
    try:
        told = json.loads((root / "engine.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    pid, start = int(told["pid"]), str(told["start"])
    if pid == os.getpid():
        return  # An engine inside of the test itself is closed by the test.
    send(pid, start, number)
    deadline = time.monotonic() + limit
    while is_alive(pid, start):
        if time.monotonic() > deadline:
            raise TimeoutError(f"engine {pid} of {root} does not end")
        time.sleep(0.01)
