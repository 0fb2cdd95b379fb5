"""What is asked of the engine about environments and kernels, and how a build is followed."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jupyter_aml.client.builds import Build
from jupyter_aml.client.client import Client
from jupyter_aml.client.door import Door, LogPiece
from jupyter_aml.client.transport import Address, Answer
from jupyter_aml.domain.errors import NotFound
from jupyter_aml.wire.environments import WireEnvironment

Asked = tuple[str, str, dict[str, Any], Any]


class Recorder:
    """A transport that keeps what is asked and answers with nothing."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def request(
        self, method: str, path: str, *, query: Any = None, body: Any = None, again: bool = False
    ) -> Answer:
        given = {name: value for name, value in (query or {}).items() if value not in (None, [])}
        self.asked.append((method, path, given, body))
        return Answer(200, {"X-Aml-Offset": "2", "X-Aml-Size": "9"}, b"{}")


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        (lambda c: c.environments.list("w"), ("GET", "environments", {"workspace": "w"}, None)),
        (lambda c: c.environments.add({"name": "x"}), ("POST", "environments", {}, {"name": "x"})),
        (
            lambda c: c.environments.get("w", "a.b-c"),
            ("GET", "environments/a.b-c", {"workspace": "w"}, None),
        ),
        (
            lambda c: c.environments.get("w", "x", "2"),
            ("GET", "environments/x", {"workspace": "w", "version": "2"}, None),
        ),
        (
            lambda c: c.environments.remove("w", "x", "2"),
            ("DELETE", "environments/x", {"workspace": "w", "version": "2"}, None),
        ),
        (
            lambda c: c.environments.build("x", {"again": True}),
            ("POST", "environments/x/build", {}, {"again": True}),
        ),
        (
            lambda c: c.environments.build_state("w", "x", "2", extras=["ipykernel"], wait=5),
            (
                "GET",
                "environments/x/build",
                {"workspace": "w", "version": "2", "extra": ["ipykernel"], "wait": 5},
                None,
            ),
        ),
        (
            lambda c: c.environments.lock("w", "x"),
            ("GET", "environments/x/lock", {"workspace": "w"}, None),
        ),
        (
            lambda c: c.environments.check({"name": "x"}),
            ("POST", "environment-check", {}, {"name": "x"}),
        ),
        (
            lambda c: c.environments.prune({"dryRun": True}),
            ("POST", "environment-prune", {}, {"dryRun": True}),
        ),
        (lambda c: c.kernels.list(), ("GET", "kernels", {}, None)),
        (
            lambda c: c.kernels.add({"environment": "x"}),
            ("POST", "kernels", {}, {"environment": "x"}),
        ),
        (lambda c: c.kernels.remove("aml-x"), ("DELETE", "kernels/aml-x", {}, None)),
    ],
)
def test_every_call_asks_what_the_reference_says(
    call: Callable[[Client], Any], asked: Asked
) -> None:
    client, recorder = Client(Address(socket="/nowhere")), Recorder()
    client.environments._door = client.kernels._door = Door(cast(Any, recorder))

    call(client)

    assert recorder.asked == [asked]


def test_a_piece_of_a_build_log_knows_where_it_lies() -> None:
    client, recorder = Client(Address(socket="/nowhere")), Recorder()
    client.environments._door = client.kernels._door = Door(cast(Any, recorder))

    piece = client.environments.log("w", "x", "2", offset=2)

    assert (piece.offset, piece.size) == (2, 9)
    assert recorder.asked[0][2]["offset"] == 2


class Engine:
    """Answers as an engine that builds: one state and one log for each look."""

    def __init__(self, *looks: tuple[str, str | None, bytes | None], now: bytes | None) -> None:
        self.looks, self.now = list(looks), now

    def build(self, *_: Any) -> dict[str, Any]:
        return {"state": "building", "reason": None}

    def build_state(self, *_: Any, wait: float) -> dict[str, Any]:
        state, reason, self.now = self.looks.pop(0)
        return {"state": state, "reason": reason}

    def log(self, *_: Any, offset: int = 0) -> LogPiece:
        if self.now is None:
            raise NotFound("was not built yet")
        # Never more than four bytes at once, as a long log is read.
        return LogPiece(self.now[offset : offset + 4], offset, len(self.now))


def a_build(
    *looks: tuple[str, str | None, bytes | None], now: bytes | None = None, state: str = "failed"
) -> Build:
    found = {"workspace": "w", "name": "x", "version": "2", "state": state}
    return Build(
        cast(Client, SimpleNamespace(environments=Engine(*looks, now=now))),
        cast(WireEnvironment, found),
    )


def test_a_build_is_followed_to_its_end_and_each_step_said_once() -> None:
    said: list[str] = []
    build = a_build(
        ("building", "resolving", None),
        ("building", "resolving", None),
        ("building", "3 of 9 packages", None),
        ("ready", None, None),
    )

    ended = build.follow(said.append)

    assert ended["state"] == "ready"
    assert said == ["resolving", "3 of 9 packages"]


def heard(build: Build) -> str:
    pieces: list[str] = []
    build.start()
    build.follow(lambda line: None, pieces.append)
    return "".join(pieces)


def test_a_log_is_heard_from_its_beginning_and_not_that_of_the_build_before() -> None:
    build = a_build(
        ("building", None, b"of the last build\n"),
        ("building", None, b"resolv"),
        ("building", None, "resolving é".encode()[:-1]),
        ("ready", None, "resolving é\ndone".encode()),
        now=b"of the last build\n",
    )

    assert heard(build) == "resolving é\ndone"


def test_what_a_build_under_way_has_said_before_is_heard_too() -> None:
    build = a_build(("ready", None, b"one\ntwo"), now=b"one\n", state="building")

    assert heard(build) == "one\ntwo"


def test_one_that_fails_again_in_the_same_way_says_so_again() -> None:
    build = a_build(("failed", "no such package", b"no\n"), now=b"no\n")

    assert heard(build) == "no\n"


def test_one_that_was_ready_has_nothing_to_say() -> None:
    build = a_build(("ready", None, b"done\n"), now=b"done\n", state="ready")

    assert heard(build) == ""


def test_the_end_of_a_log_is_its_last_lines_and_empty_where_there_is_none() -> None:
    build = a_build(("failed", None, b"one\ntwo\nthree\n"))
    build.follow(lambda line: None)

    assert build.log_end(2) == "two\nthree"
    assert a_build().log_end(2) == ""
