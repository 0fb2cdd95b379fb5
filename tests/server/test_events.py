"""One socket carries what its page subscribed to."""

from __future__ import annotations

import json

import pytest

from jupyter_aml.domain.errors import Invalid
from tests.server.conftest import hung_up, until

SUBSCRIBE = {"type": "subscribe", "topic": "run", "runId": "run-1"}


@pytest.fixture
def open_events(engine, jp_ws_fetch, jp_asyncio_loop):
    """Open the event socket and take its hello."""
    opened = []

    async def open_events():
        socket = await jp_ws_fetch("aml", "events")
        opened.append(socket)
        assert (await heard(socket)) == {"type": "hello", "status": engine.status()}
        return socket

    yield open_events
    for socket in opened:
        jp_asyncio_loop.run_until_complete(hung_up(socket))


async def test_a_subscription_is_served(open_events, engine):
    socket = await open_events()

    await socket.write_message(json.dumps(SUBSCRIBE))
    event = await heard(socket)

    assert (event["type"], event["run"]["runId"]) == ("run", "run-1")


async def test_a_subscription_can_be_ended(open_events, engine):
    socket = await open_events()
    await socket.write_message(json.dumps(SUBSCRIBE))
    await heard(socket)

    await socket.write_message(json.dumps({**SUBSCRIBE, "type": "unsubscribe"}))
    await heard(socket)

    assert [listener.subscribed for listener in engine.listeners] == [[]]


@pytest.mark.parametrize("message", ["x", "[]", "{}", '{"type": "cancel"}', b"\x80", "[" * 9999])
async def test_what_is_no_subscription_is_a_problem_and_no_end(open_events, message):
    socket = await open_events()

    await socket.write_message(message, binary=isinstance(message, bytes))
    event = await heard(socket)
    await socket.write_message(json.dumps(SUBSCRIBE))

    assert (event["type"], event["problem"]["error"]) == ("problem", "Invalid")
    assert (await heard(socket))["type"] == "run"


async def test_a_problem_names_its_run(open_events, engine):
    engine.problem = Invalid("no")
    socket = await open_events()

    await socket.write_message(json.dumps(SUBSCRIBE))

    assert await heard(socket) == {
        "type": "problem", "runId": "run-1", "problem": {"error": "Invalid", "message": "no"},
    }  # fmt: skip


async def test_a_closed_page_is_forgotten(open_events, engine):
    socket = await open_events()
    (listener,) = engine.listeners

    socket.close()

    await until(lambda: listener.closed)
    assert engine.listeners == set()


async def test_events_without_numbers_in_json_still_arrive(open_events, engine):
    socket = await open_events()
    (listener,) = engine.listeners

    await listener.events.put({"type": "metrics", "y": [float("nan")]})

    assert await heard(socket) == {"type": "metrics", "y": [None]}


async def test_a_page_that_does_not_read_is_not_served_faster_than_it_reads(open_events, engine):
    socket = await open_events()
    (listener,) = engine.listeners
    for number in range(2000):
        listener.events.put_nowait({"type": "log", "text": "x" * 60_000, "number": number})

    assert (await heard(socket))["number"] == 0

    # What is under way fits into the buffers of two sockets; the rest waits in the listener.
    assert listener.events.qsize() > 1000
    socket.close()
    await until(lambda: listener.closed)


async def test_a_message_that_is_too_long_ends_the_socket(open_events):
    socket = await open_events()

    await socket.write_message("x" * 1_000_000)

    assert await socket.read_message() is None


async def heard(socket):
    return json.loads(await socket.read_message())
