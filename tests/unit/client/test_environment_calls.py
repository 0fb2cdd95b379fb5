"""What is asked of the engine about environments and kernels, and how a build is followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from jupyter_aml import wire
from jupyter_aml.client.builds import Build
from jupyter_aml.client.calls import Client, LogPiece
from jupyter_aml.client.transport import Address, Answer
from jupyter_aml.domain.errors import NotFound

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
        (lambda c: c.environments("w"), ("GET", "environments", {"workspace": "w"}, None)),
        (lambda c: c.add_environment({"name": "x"}), ("POST", "environments", {}, {"name": "x"})),
        (
            lambda c: c.environment("w", "a.b-c"),
            ("GET", "environments/a.b-c", {"workspace": "w"}, None),
        ),
        (
            lambda c: c.environment("w", "x", "2"),
            ("GET", "environments/x", {"workspace": "w", "version": "2"}, None),
        ),
        (
            lambda c: c.remove_environment("w", "x", "2"),
            ("DELETE", "environments/x", {"workspace": "w", "version": "2"}, None),
        ),
        (
            lambda c: c.build_environment("x", {"again": True}),
            ("POST", "environments/x/build", {}, {"again": True}),
        ),
        (
            lambda c: c.build_state("w", "x", "2", extras=["ipykernel"], wait=5),
            (
                "GET",
                "environments/x/build",
                {"workspace": "w", "version": "2", "extra": ["ipykernel"], "wait": 5},
                None,
            ),
        ),
        (
            lambda c: c.environment_lock("w", "x"),
            ("GET", "environments/x/lock", {"workspace": "w"}, None),
        ),
        (
            lambda c: c.check_environment({"name": "x"}),
            ("POST", "environment-check", {}, {"name": "x"}),
        ),
        (
            lambda c: c.prune_environments({"dryRun": True}),
            ("POST", "environment-prune", {}, {"dryRun": True}),
        ),
        (lambda c: c.kernels(), ("GET", "kernels", {}, None)),
        (
            lambda c: c.add_kernel({"environment": "x"}),
            ("POST", "kernels", {}, {"environment": "x"}),
        ),
        (lambda c: c.remove_kernel("aml-x"), ("DELETE", "kernels/aml-x", {}, None)),
    ],
)
def test_every_call_asks_what_the_reference_says(
    call: Callable[[Client], Any], asked: Asked
) -> None:
    client, recorder = Client(Address(socket="/nowhere")), Recorder()
    client._transport = cast(Any, recorder)

    call(client)

    assert recorder.asked == [asked]


def test_a_piece_of_a_build_log_knows_where_it_lies() -> None:
    client, recorder = Client(Address(socket="/nowhere")), Recorder()
    client._transport = cast(Any, recorder)

    piece = client.build_log("w", "x", "2", offset=2)

    assert (piece.offset, piece.size) == (2, 9)
    assert recorder.asked[0][2]["offset"] == 2


class Engine:
    """Answers as an engine that builds: one state and one log for each look."""

    def __init__(self, *looks: tuple[str, str | None, bytes | None]) -> None:
        self.looks, self.now = list(looks), (b"of the last build\n" if looks else None)

    def build_state(self, *_: Any, wait: float) -> dict[str, Any]:
        state, reason, self.now = self.looks.pop(0)
        return {"state": state, "reason": reason}

    def build_log(self, *_: Any, offset: int = 0) -> LogPiece:
        if self.now is None:
            raise NotFound("was not built yet")
        # Never more than four bytes at once, as a long log is read.
        return LogPiece(self.now[offset : offset + 4], offset, len(self.now))


def a_build(*looks: tuple[str, str | None, bytes | None]) -> Build:
    found = {"workspace": "w", "name": "x", "version": "2"}
    return Build(cast(Client, Engine(*looks)), cast(wire.WireEnvironment, found))


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


def test_the_log_is_heard_once_also_where_a_build_writes_over_the_last_one() -> None:
    heard: list[str] = []
    build = a_build(
        ("building", None, b"of the last build\n"),
        ("building", None, b"resolv"),
        ("building", None, "resolving é".encode()[:-1]),
        ("failed", "no such package", "resolving é\nno".encode()),
    )

    build.follow(lambda line: None, heard.append)

    assert "".join(heard) == "of the last build\nresolving é\nno"


def test_the_end_of_a_log_is_its_last_lines_and_empty_where_there_is_none() -> None:
    build = a_build(("failed", None, b"one\ntwo\nthree\n"))
    build.follow(lambda line: None)

    assert build.log_end(2) == "two\nthree"
    assert a_build().log_end(2) == ""
