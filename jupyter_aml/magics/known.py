"""What there is to choose from: a cache that a thread keeps fresh, so that a kernel never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from jupyter_aml.client.patience import quietly
from jupyter_aml.wire.compute import WireCompute, WireComputeKind
from jupyter_aml.wire.datasets import WireDataset
from jupyter_aml.wire.environments import WireEnvironment
from jupyter_aml.wire.models import WireModel
from jupyter_aml.wire.runs import WireRun

_FRESH = 3.0
_PATIENCE = 0.03


@dataclass(frozen=True, slots=True)
class Known:
    """What there was to choose from at the last look."""

    experiments: tuple[str, ...] = ()
    computes: tuple[WireCompute, ...] = field(default=())
    kinds: tuple[WireComputeKind, ...] = field(default=())
    runs: tuple[WireRun, ...] = field(default=())
    environments: tuple[WireEnvironment, ...] = field(default=())
    kernels: tuple[str, ...] = ()
    models: tuple[WireModel, ...] = field(default=())
    datasets: tuple[WireDataset, ...] = field(default=())


class Cache:
    """Holds what is known; looks again in a thread of its own, one at a time."""

    def __init__(self, look: Callable[[], Known | None]) -> None:
        self._look = look
        self._known = Known()
        self._taken_at = float("-inf")
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._done.set()

    def get(self) -> Known:
        """Return what is known at once; the very first time wait 30 ms for it at most."""
        if time.monotonic() - self._taken_at > _FRESH:
            self.refresh()
        if self._taken_at == float("-inf"):
            self._done.wait(_PATIENCE)
        return self._known

    def refresh(self) -> None:
        """Look again in the background."""
        with self._lock:
            if not self._done.is_set():
                return
            self._done.clear()
        threading.Thread(target=self._run, name="aml-completion", daemon=True).start()

    def settled(self, timeout: float) -> bool:
        """Wait until no look is under way."""
        return self._done.wait(timeout)

    def _run(self) -> None:
        try:
            with quietly():
                found = self._look()
            if found is not None:
                self._known = found
        finally:
            self._taken_at = time.monotonic()
            self._done.set()
