"""What every engine answers over HTTP: the real one, and those that tests put in its place."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import pytest

from jupyter_aml.client import find
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.engine.settings import Settings
from jupyter_aml.server import forward, holder
from jupyter_aml.server.socket import EngineSocket
from jupyter_aml.testing.jupyter import until
from tests import described
from tests.conftest import a_root
from tests.server.fake import FakeEngine as ServerFake
from tests.unit.magics.engine import FakeEngine as MagicsFake
from tests.unit.magics.engine import an_engine

LONG = 60.0
LOG = "logs/user_logs/std_log.txt"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        """The body; None where there is none."""
        return json.loads(self.data) if self.data else None

    @property
    def problem(self) -> tuple[int, str]:
        """The status and the kind of an error."""
        return self.status, self.json["error"]


class Door:
    """The socket of an engine; each answer must be as the routes describe it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """Send a request as it is."""
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        line = HTTPConnection("localhost")
        line.sock = socket.socket(socket.AF_UNIX)
        try:
            line.sock.settimeout(LONG)
            line.sock.connect(str(self.path))
            target = f"/aml/{path}" + (f"?{urlencode(query)}" if query else "")
            line.request(method, target, raw)
            found = line.getresponse()
            answer = Answer(found.status, dict(found.headers), found.read())
        finally:
            line.close()
        told = None if answer.data[:1] not in (b"{", b"[") else answer.json
        assert described.wrong_in_answer(method, path, answer.status, told) == []
        return answer


def a_run(script: str = "import signal; signal.pause()", **different: Any) -> dict[str, Any]:
    """A run that goes on until it is cancelled."""
    return {
        "experiment": "trial",
        "script": "main.py",
        "source": {"files": {"main.py": script}},
        "job": {"command": ["main.py"], "interpreter": sys.executable, "grace": 0.5},
        **different,
    }


class Says(Protocol):
    """Makes a run that has printed a text and completed; returns its id."""

    def __call__(self, text: str) -> str: ...


class HttpContract:
    """Subclass it, and give it a `door` and a way to make a run that `says` something."""

    def test_a_run_that_is_sent_is_answered_found_and_listed(self, door: Door) -> None:
        sent = door.ask("POST", "runs", a_run(runId="sent_1", displayName="one"))

        found, page = door.ask("GET", "runs/sent_1"), door.ask("GET", "runs").json
        assert (sent.status, found.status) == (201, 200)
        for run in (sent.json, found.json):
            assert (run["runId"], run["experiment"]) == ("sent_1", "trial")
        assert "sent_1" in [run["runId"] for run in page["runs"]]
        assert page["total"] == sum(page["experiments"].values()) >= 1

    def test_a_run_that_is_sent_twice_is_one(self, door: Door) -> None:
        first = door.ask("POST", "runs", a_run(runId="twice_1"))
        again = door.ask("POST", "runs", a_run(runId="twice_1"))

        assert (again.status, again.json["number"]) == (201, first.json["number"])
        ids = [run["runId"] for run in door.ask("GET", "runs").json["runs"]]
        assert ids.count("twice_1") == 1

    def test_a_run_that_is_only_tried_is_none(self, door: Door) -> None:
        tried = door.ask("POST", "runs", a_run(runId="tried_1", dryRun=True))

        assert (tried.status, tried.json["target"]) == (200, "local")
        ids = [run["runId"] for run in door.ask("GET", "runs").json["runs"]]
        assert "tried_1" not in ids

    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            ({}, (422, "Invalid")),
            (a_run(experiment="a/b"), (422, "Invalid")),
            (a_run(runId="../x"), (422, "Invalid")),
            (a_run(job={"command": []}), (422, "Invalid")),
            (a_run(job={"command": "main.py"}), (422, "Invalid")),
            (a_run(job={"command": ["x"], "timeout": -1}), (422, "Invalid")),
            (a_run(type="nonsense"), (422, "Invalid")),
            (a_run(source={"files": []}), (422, "Invalid")),
            (a_run(tags=["a"]), (422, "Invalid")),
            (b"[]", (400, "BadRequest")),
            (b"{", (400, "BadRequest")),
        ],
    )
    def test_what_is_no_run_is_refused_in_a_sentence(
        self, door: Door, body: Any, problem: tuple[int, str]
    ) -> None:
        before = door.ask("GET", "runs").json["total"]

        refused = door.ask("POST", "runs", body)

        assert refused.problem == problem
        assert len(refused.json["message"]) > 10
        assert door.ask("GET", "runs").json["total"] == before

    @pytest.mark.parametrize(
        ("method", "rest"),
        [
            ("GET", ""),
            ("GET", "/metrics"),
            ("GET", "/files"),
            ("GET", f"/{LOG}"),
            ("GET", "/files/outputs/x"),
            ("POST", "/cancel"),
            ("POST", "/look"),
            ("PATCH", ""),
            ("DELETE", ""),
        ],
    )
    def test_a_run_that_is_not_there_is_named(self, door: Door, method: str, rest: str) -> None:
        body = {} if method in ("POST", "PATCH") else None

        missing = door.ask(method, f"runs/missing{rest}", body)

        assert missing.problem == (404, "NotFound")
        assert missing.json["message"].startswith("there is no run 'missing'")

    def test_a_run_that_is_cancelled_ends_as_that_and_stays_so(self, door: Door) -> None:
        door.ask("POST", "runs", a_run(runId="cancelled_1"))

        asked = door.ask("POST", "runs/cancelled_1/cancel")
        ended = ends(door, "cancelled_1")
        again = door.ask("POST", "runs/cancelled_1/cancel")

        assert (asked.status, again.status) == (202, 202)
        assert asked.json["status"] in ("CancelRequested", "Canceled")
        assert (ended["status"], again.json["status"]) == ("Canceled", "Canceled")

    def test_a_run_that_has_completed_is_not_cancelled(self, door: Door, says: Says) -> None:
        run_id = says("done")

        assert door.ask("POST", f"runs/{run_id}/cancel").json["status"] == "Completed"

    def test_only_a_run_that_has_ended_is_deleted(self, door: Door) -> None:
        door.ask("POST", "runs", a_run(runId="deleted_1"))

        early = door.ask("DELETE", "runs/deleted_1")
        door.ask("POST", "runs/deleted_1/cancel")
        ends(door, "deleted_1")
        late = door.ask("DELETE", "runs/deleted_1")

        assert early.problem == (409, "IllegalMove")
        assert (late.status, late.data) == (204, b"")
        assert door.ask("GET", "runs/deleted_1").status == 404

    def test_a_log_comes_in_pieces_that_say_where_they_lie(self, door: Door, says: Says) -> None:
        about = f"runs/{says('one two three')}"

        pieces = {
            "whole": door.ask("GET", f"{about}/{LOG}"),
            "from 4": door.ask("GET", f"{about}/{LOG}", offset=4),
            "3 from 4": door.ask("GET", f"{about}/{LOG}", offset=4, limit=3),
            "the last 5": door.ask("GET", f"{about}/{LOG}", tail=5),
            "more than there is": door.ask("GET", f"{about}/{LOG}", tail=500),
            "its end": door.ask("GET", f"{about}/{LOG}", offset=13),
        }

        told = {
            what: (piece.data, piece.headers["X-Aml-Offset"], piece.headers["X-Aml-Size"])
            for what, piece in pieces.items()
        }
        assert told == {
            "whole": (b"one two three", "0", "13"),
            "from 4": (b"two three", "4", "13"),
            "3 from 4": (b"two", "4", "13"),
            "the last 5": (b"three", "8", "13"),
            "more than there is": (b"one two three", "0", "13"),
            "its end": (b"", "13", "13"),
        }

    def test_a_log_or_a_file_that_is_not_there_is_named(self, door: Door, says: Says) -> None:
        about = f"runs/{says('x')}"

        for name in ("logs/user_logs/none.txt", "files/outputs/none"):
            missing = door.ask("GET", f"{about}/{name}")
            assert missing.problem == (404, "NotFound")
            assert missing.json["message"].endswith(f"has no file {name.partition('/')[2]!r}")

    def test_a_name_that_is_changed_stays_changed(self, door: Door) -> None:
        door.ask("POST", "runs", a_run(runId="named_1"))

        changed = door.ask("PATCH", "runs/named_1", {"displayName": "other"})

        assert (changed.status, changed.json["displayName"]) == (200, "other")
        assert door.ask("GET", "runs/named_1").json["displayName"] == "other"

    def test_a_path_that_leads_nowhere_is_told(self, door: Door) -> None:
        for method in ("GET", "POST"):
            assert door.ask(method, "nonsense", {} if method == "POST" else None).problem == (
                404,
                "NotFound",
            )

    @pytest.mark.parametrize("path", ["status", "workspaces", "experiments", "compute", "kernels"])
    def test_what_every_client_asks_is_answered(self, door: Door, path: str) -> None:
        assert door.ask("GET", path).status == 200


class EventsContract:
    """What the page hears of a run."""

    def test_who_subscribes_to_a_run_hears_of_it(self, door: Door) -> None:
        door.ask("POST", "runs", a_run(runId="heard_1"))
        found = holder.read(door.path.parent)
        assert found is not None

        async def heard() -> list[Any]:
            page = await forward.open_socket(found)
            wish = {"type": "subscribe", "topic": "run"}
            events = [json.loads(str(await page.read_message()))]
            for run_id in ("heard_1", "missing"):
                await page.write_message(json.dumps({**wish, "runId": run_id}))
            while events[-1]["type"] != "problem":
                events.append(json.loads(str(await page.read_message())))
            assert page.protocol is not None and page.protocol.stream is not None
            line = page.protocol.stream
            page.close()
            # The other side hangs up later than this loop lives.
            line.close()
            return events

        events = asyncio.run(asyncio.wait_for(heard(), LONG))
        assert (events[0]["type"], events[0]["status"]["pid"]) == ("hello", found.pid)
        assert "heard_1" in [event["run"]["runId"] for event in events if event["type"] == "run"]
        assert events[-1]["runId"] == "missing"
        assert events[-1]["problem"]["error"] == "NotFound"


def ends(door: Door, run_id: str) -> Any:
    """The run when it has ended."""

    def look() -> Any:
        run = door.ask("GET", f"runs/{run_id}").json
        return run if run["endedAt"] is not None else None

    return until(look, seconds=LONG, what=f"the end of {run_id}")


@pytest.fixture(scope="module")
def of_a_real_one() -> Iterator[Door]:
    with a_root() as root:
        find(root).close()
        found = holder.read(root)
        assert found is not None
        yield Door(Path(found.socket))


class TestRealEngine(HttpContract, EventsContract):
    @pytest.fixture
    def door(self, of_a_real_one: Door) -> Iterator[Door]:
        yield of_a_real_one
        # What goes on would keep the places of those that come.
        for run in of_a_real_one.ask("GET", "runs").json["runs"]:
            of_a_real_one.ask("POST", f"runs/{run['runId']}/cancel")

    @pytest.fixture
    def says(self, door: Door) -> Says:
        def run(text: str) -> str:
            script = f"print({text!r}, end='')"
            run_id = str(door.ask("POST", "runs", a_run(script)).json["runId"])
            assert ends(door, run_id)["status"] == "Completed"
            return run_id

        return run


class TestFakeBehindTheHandlers(HttpContract, EventsContract):
    @pytest.fixture
    def engine(self) -> Iterator[ServerFake]:
        with a_root() as root, served(root) as engine:
            yield engine

    @pytest.fixture
    def door(self, engine: ServerFake) -> Door:
        return Door(Path(engine.socket))

    @pytest.fixture
    def says(self, door: Door, engine: ServerFake) -> Says:
        def run(text: str) -> str:
            door.ask("POST", "runs", a_run(runId="said_1"))
            engine.folder.logs.mkdir(parents=True)
            engine.folder.console.write_text(text)
            engine.end("said_1", RunStatus.COMPLETED)
            return "said_1"

        return run


@contextmanager
def served(root: Path) -> Iterator[ServerFake]:
    """An engine without runs behind the real handlers, on the socket of a root."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> tuple[ServerFake, EngineSocket]:
        engine = ServerFake(Settings(root=root), "headless")
        return engine, await EngineSocket.open(engine)

    try:
        engine, listening = asyncio.run_coroutine_threadsafe(begin(), loop).result(LONG)
        yield engine
        asyncio.run_coroutine_threadsafe(listening.close(), loop).result(LONG)
        asyncio.run_coroutine_threadsafe(engine.close(), loop).result(LONG)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LONG)
        loop.close()


class TestFakeInMemory(HttpContract):
    """Its clients are notebook and shell, which ask for no events."""

    @pytest.fixture
    def engine(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[MagicsFake]:
        with an_engine(monkeypatch) as engine:
            yield engine

    @pytest.fixture
    def door(self, engine: MagicsFake) -> Door:
        return Door(engine.root / "engine.sock")

    @pytest.fixture
    def says(self, engine: MagicsFake) -> Says:
        def run(text: str) -> str:
            engine.console = text.encode()
            return str(engine.add(status="Completed")["runId"])

        return run
