"""Builds an environment and tells what happens meanwhile, line by line."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import TYPE_CHECKING

from jupyter_aml.client.client import Client
from jupyter_aml.domain.errors import NotFound

if TYPE_CHECKING:
    from jupyter_aml.wire.environments import WireEnvironment, WireMaterialised

Tell = Callable[[str], None]

_LOOK = 1.0
"""Seconds after which the engine is asked again; it answers at once when the build ends."""


class Build:
    """One build of one version of an environment, which goes on whoever follows it."""

    def __init__(self, client: Client, environment: WireEnvironment) -> None:
        self._client = client
        self._place = (environment["workspace"], environment["name"], environment["version"])
        self._was_building = environment["state"] == "building"
        self._stale = b""
        self.label = f"{environment['name']}:{environment['version']}"

    def start(self, *, again: bool = False) -> WireMaterialised:
        """Begin to build, or join the build under way; `again` resolves anew."""
        if not self._was_building:
            # The log of an earlier build stands there until this one has something to say.
            self._stale = self.log()
        workspace, name, version = self._place
        body = {"workspace": workspace, "version": version, "again": again}
        return self._client.environments.build(name, body)

    def follow(self, say: Tell, log: Tell | None = None) -> WireMaterialised:
        """Return how the build ended; `say` hears each step, `log` every piece of its log."""
        pieces = _Log(self, log, stale=self._stale) if log is not None else None
        said = None
        while True:
            state = self._client.environments.build_state(*self._place, wait=_LOOK)
            if pieces is not None:
                # One that fails twice in the same way has the same log again.
                pieces.hear(is_new=state["state"] == "failed")
            if state["state"] != "building":
                return state
            if state["reason"] and state["reason"] != said:
                said = state["reason"]
                say(said)

    def log(self, offset: int = 0) -> bytes:
        """The log of the last build from a byte on; empty where there was none."""
        found = b""
        try:
            while True:
                piece = self._client.environments.log(*self._place, offset=offset + len(found))
                found += piece.data
                if not piece.data or offset + len(found) >= piece.size:
                    return found
        except NotFound:
            return found

    def log_end(self, lines: int) -> str:
        """The last lines of the log of the last build."""
        text = self.log().decode("utf-8", errors="replace")
        return "\n".join(text.rstrip().splitlines()[-lines:])


class _Log:
    """A log that is followed from its beginning, once it is no longer the stale one."""

    def __init__(self, build: Build, tell: Tell, *, stale: bytes) -> None:
        self._build, self._tell, self._stale = build, tell, stale
        self._read: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def hear(self, *, is_new: bool) -> None:
        """Pass on what is new; `is_new` where the log cannot be the stale one any more."""
        if self._read is None:
            if not is_new and self._build.log() == self._stale:
                return
            self._read = 0
        found = self._build.log(self._read)
        self._read += len(found)
        if found:
            self._tell(self._decoder.decode(found))
