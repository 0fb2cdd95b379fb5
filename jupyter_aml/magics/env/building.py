"""Follows a build below a cell: one line that is written over, and why it failed if it did."""

from __future__ import annotations

from typing import Any

from jupyter_aml.client import Client
from jupyter_aml.client.builds import Build
from jupyter_aml.widgets.plain import clean, console, short, size
from jupyter_aml.wire.environments import WireEnvironment

_SHOWN_LINES = 20


class BuildFailed(Exception):
    """An environment that was to be built could not be. `log` is the end of what was done."""

    def __init__(self, label: str, reason: str, log: str) -> None:
        self.label, self.reason, self.log = label, clean(reason), console(log)
        super().__init__(f"environment {label} could not be built: {self.reason}")

    def _render_traceback_(self) -> list[str]:
        return [*([self.log] if self.log else []), f"BuildFailed: {self}"]


class Line:
    """A line of output that says what is done now; each text takes the place of the last."""

    def __init__(self) -> None:
        self._length = 0

    def say(self, text: str) -> None:
        """Write over what stands there."""
        shown = short(clean(text).replace("\n", " "), 100)
        print(f"\r{shown.ljust(self._length)}", end="", flush=True)
        self._length = len(shown)

    def clear(self) -> None:
        """Leave nothing of it."""
        if self._length:
            print(f"\r{' ' * self._length}\r", end="", flush=True)
        self._length = 0


def build(
    client: Client, found: WireEnvironment, *, again: bool = False, detach: bool = False
) -> None:
    """Build an environment and follow it; an interrupt detaches. Raises BuildFailed."""
    under_way = Build(client, found)
    line = Line()
    try:
        state = under_way.start(again=again)
        if detach and state["state"] == "building":
            print(f"{under_way.label} is being built: `%aml env build {under_way.label}` follows")
            return
        state = under_way.follow(line.say)
    except KeyboardInterrupt:
        line.clear()
        print(f"Detached: the build goes on. `%aml env build {under_way.label}` follows it again.")
        return
    line.clear()
    _tell(client, found, under_way, state)


def _tell(client: Client, found: WireEnvironment, under_way: Build, state: Any) -> None:
    if state["state"] == "failed":
        reason = state["reason"] or "the log says why"
        raise BuildFailed(under_way.label, reason, under_way.log_end(_SHOWN_LINES))
    if state["state"] != "ready":
        reason = "the server ended before it was done; build it again"
        raise BuildFailed(under_way.label, reason, under_way.log_end(_SHOWN_LINES))
    for warning in state["warnings"]:
        print(f"warning: {clean(warning)}")
    there = client.environments.get(found["workspace"], found["name"], found["version"])
    takes = "" if there["size"] is None else f", {size(there['size'])}"
    print(f"{under_way.label} is ready{takes}")
