"""Waiting for an engine: it is said once, and it ends."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.client import patience
from jupyter_aml.client.client import Client
from jupyter_aml.client.patience import Restart, Silent, quietly
from jupyter_aml.client.transport import Address
from jupyter_aml.domain.errors import NotFound, Unreachable
from jupyter_aml.magics.run import waiting as magics_waiting
from jupyter_aml.sdk._run import waiting
from jupyter_aml.sdk._run.log import Log


@pytest.fixture
def mute() -> Iterator[Path]:
    """A socket that takes connections in and never says a word."""
    with tempfile.TemporaryDirectory(prefix="aml") as name, socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{name}/s")
        door.listen()
        yield Path(name) / "s"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SAY_AFTER", 0.0)
    monkeypatch.setattr(patience, "_LOOK", 0.01)


def test_who_does_not_answer_is_named_and_given_up(
    mute: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client(Address(socket=str(mute), root="/the/root"), longest=0.05)

    with pytest.raises(Silent, match=r"the engine of /the/root \(process \d+\) has not answered"):
        client.status()
    with pytest.raises(Silent):
        client.status()

    assert capsys.readouterr().err.count("waiting for the engine of /the/root (process ") == 1


def test_an_engine_behind_a_url_is_waited_for_in_the_same_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(Silent, match=f"the engine of {url} has not answered"):
            Client(Address(url=url), longest=0.05).status()

    assert f"waiting for the engine of {url}" in capsys.readouterr().err


def test_a_request_that_was_not_answered_in_time_is_not_sent_twice(mute: Path) -> None:
    client = Client(Address(socket=str(mute)), lambda: pytest.fail("nobody else is asked"))
    client._transport._longest = 0.05

    with pytest.raises(Silent):
        client.runs.cancel("a_1_00")


def test_an_engine_with_too_long_a_line_before_it_is_waited_for(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="aml") as name, socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{name}/s")
        door.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(f"{name}/s")

            with pytest.raises(Silent, match=r"the engine of .* has not answered"):
                Client(Address(socket=f"{name}/s"), longest=0.05).status()


def test_who_looks_in_the_background_says_nothing(
    mute: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def look() -> None:
        with quietly(), pytest.raises(Silent):
            Client(Address(socket=str(mute)), longest=0.05).status()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert capsys.readouterr().err == ""


def test_an_engine_that_is_restarted_is_waited_for_and_no_longer_than_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = Unreachable("the engine went away")
    patient, impatient = Restart(60.0), Restart(0.0)

    patient.missed(gone)
    patient.missed(gone)

    assert capsys.readouterr().err.count("the engine went away; the run goes on") == 1
    with pytest.raises(Unreachable, match="went away"):
        impatient.missed(gone)


@pytest.mark.parametrize("follow", ["sdk", "log", "magics"])
@pytest.mark.parametrize("has_log", [True, False])
@pytest.mark.parametrize("hours", [0, 5])
def test_who_follows_a_run_outlasts_a_restart_also_after_hours(
    monkeypatch: pytest.MonkeyPatch, follow: str, has_log: bool, hours: int
) -> None:
    run = Restarted(monkeypatch, hours, has_log=has_log)

    if follow == "sdk":
        assert waiting.until_ended(run)["status"] == "Completed"  # type: ignore[arg-type]
    elif follow == "log":
        assert list(Log(run).coming_pieces()) == []  # type: ignore[arg-type]
    else:
        seen = magics_waiting.wait(run, run.look)
        assert seen is not None and seen["status"] == "Completed"


class Restarted:
    """A run that goes on for hours, whose engine is away once before the run ends."""

    id = "a_1_00"

    def __init__(self, monkeypatch: pytest.MonkeyPatch, hours: int, *, has_log: bool) -> None:
        self._clock = 0.0
        self._left = [*(["Running"] * hours), None, "Completed"]
        monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: self._clock))
        self.client = SimpleNamespace(runs=SimpleNamespace(log=self._log))
        self._has_log = has_log

    def look(self) -> Any:
        status = self._left.pop(0)
        if status is None:
            raise Unreachable("it is being restarted")
        is_over = status == "Completed"
        self._clock += 0 if is_over else 3600.0
        return {"status": status, "endedAt": "2026-01-01T00:00:00Z" if is_over else None}

    def _log(self, *_: object, **__: object) -> Any:
        if not self._has_log:
            raise NotFound("nothing has been written yet")
        return SimpleNamespace(data=b"", offset=0, size=0)
