"""A root has one engine; other servers pass on, and take over when it goes."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import socket as sockets

import pytest
from tornado.httpclient import HTTPClientError
from tornado.simple_httpclient import HTTPStreamClosedError

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.settings import Settings
from jupyter_aml.server import holder, seat
from jupyter_aml.server.base import SEAT
from jupyter_aml.server.headless import serve
from jupyter_aml.server.socket import EngineSocket
from jupyter_aml.wire.submissions import decode_submission
from tests.server.conftest import hung_up, until
from tests.server.fake import FakeEngine

LOG = logging.getLogger("test")


class Other:
    """A server that was there first."""

    def __init__(self, engine, socket):
        self.engine, self.socket = engine, socket

    async def go(self):
        await self.socket.close()
        await self.engine.close()


@pytest.fixture
def jp_server_config(request, jp_server_config):
    if "other" in request.fixturenames:
        request.getfixturevalue("other")
    return jp_server_config


@pytest.fixture
def other(root, fake_engines, jp_asyncio_loop):
    async def begin():
        engine = FakeEngine(Settings(root=root), "jupyter")
        return Other(engine, await EngineSocket.open(engine))

    other = jp_asyncio_loop.run_until_complete(begin())
    yield other
    if not other.engine.closed:
        jp_asyncio_loop.run_until_complete(other.go())


@pytest.fixture
def follower(other, server, jp_asyncio_loop):
    """The seat of a server that follows the other one."""
    found = server.web_app.settings[SEAT]
    settled = jp_asyncio_loop.run_until_complete(found.settled(seat.Deadline(5)))
    assert isinstance(settled, holder.Holder)
    return found


async def test_requests_go_to_the_server_that_holds_the_root(ask, other, follower):
    body = {"experiment": "e", "runId": "r", "type": "azureml.interactive"}

    status, answer = await ask("POST", "runs", body=body)

    assert (status, answer["runId"]) == (201, "r")
    assert other.engine.asked == [("submit", decode_submission(body).read())]


async def test_an_error_of_the_other_server_is_passed_on(ask, other, follower, server):
    token = server.identity_provider.token
    other.engine.problem = Invalid("no such sort")

    status, answer = await ask("GET", "runs", params={"sort": "x", "token": token})

    assert (status, answer) == (422, {"error": "Invalid", "message": "no such sort"})
    assert other.engine.asked[0][1]["sort"] == "x"


async def test_nothing_is_an_answer_too(ask, other, follower):
    assert await ask("DELETE", "runs", "r") == (204, None)


async def test_files_are_passed_on_with_all_that_protects_the_browser(jp_fetch, other, follower):
    path = other.engine.folder.outputs / "Größe.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(range(256)) * 40_000)

    whole = await jp_fetch("aml/runs/r/files/outputs/Größe.bin")
    part = await jp_fetch("aml/runs/r/files/outputs/Größe.bin", headers={"Range": "bytes=9-10"})

    assert whole.body == path.read_bytes()
    assert whole.headers["Content-Security-Policy"].startswith("sandbox; ")
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe.bin" in whole.headers["Content-Disposition"]
    assert (part.code, part.body) == (206, b"\x09\x0a")


async def test_who_may_not_is_stopped_before_anything_is_passed_on(
    other, follower, http_server_client, jp_base_url
):
    with pytest.raises(HTTPClientError) as refused:
        await http_server_client.fetch(f"{jp_base_url}aml/status")

    assert (refused.value.code, other.engine.asked) == (403, [])


async def test_a_traversal_is_refused_through_two_servers(
    other, follower, http_server_client, jp_base_url, jp_auth_header
):
    for name in ("..%2f..%2fsecret", "../../secret", "%2e%2e/secret"):
        with pytest.raises(HTTPClientError) as refused:
            await http_server_client.fetch(
                f"{jp_base_url}aml/runs/r/files/{name}", headers=jp_auth_header
            )

        assert (refused.value.code, other.engine.asked) == (403, [])


async def test_events_are_passed_on(jp_ws_fetch, other, follower):
    page = await jp_ws_fetch("aml", "events")

    hello = json.loads(await page.read_message())
    await page.write_message('{"type": "subscribe", "topic": "run", "runId": "r"}')
    event = json.loads(await page.read_message())

    assert hello == {"type": "hello", "status": other.engine.status()}
    assert (event["type"], event["run"]["runId"]) == ("run", "r")
    await hung_up(page)
    await until(lambda: not other.engine.listeners)


async def test_a_server_that_goes_leaves_its_root_to_the_next(
    ask, jp_ws_fetch, other, follower, fake_engines, root
):
    page = await jp_ws_fetch("aml", "events")
    await page.read_message()

    await other.go()

    assert (await ask("GET", "runs", "r"))[0] == 200
    assert fake_engines[-1].asked == [("run", "r")]
    assert await page.read_message() is None
    assert page.close_code == 1012
    page.close()
    assert holder.read(root).kind == "jupyter"


async def test_while_nobody_answers_a_request_waits_and_then_says_so(
    ask, other, follower, root, monkeypatch
):
    monkeypatch.setattr("jupyter_aml.server.base.GAP", 0.2)

    # It hangs up but keeps the lock, as one does that is about to end.
    await other.socket.close()
    status, answer = await ask("GET", "runs", "r")

    assert (status, answer["error"]) == (503, "Unreachable")


async def test_a_headless_engine_yields_to_a_jupyter_server(
    root,
):
    headless = asyncio.create_task(serve(Settings(root=root), LOG, opener=FakeEngine.open))
    await until(lambda: holder.read(root))

    second = seat.Seat(Settings(root=root), LOG, listen=EngineSocket.open, opener=FakeEngine.open)
    second.start()
    engine = await second.settled(seat.Deadline(10))

    assert engine.kind == "jupyter"
    assert await headless == 0
    await second.close()


async def test_a_jupyter_server_does_not_yield(other, follower, root):
    from jupyter_aml.server import forward

    assert not await forward.ask_to_yield(holder.read(root))
    assert not other.engine.closed


async def test_a_second_headless_engine_leaves_at_once_and_names_the_holder(other, root, caplog):
    caplog.set_level("INFO")

    assert await serve(Settings(root=root), LOG, opener=FakeEngine.open) == 0

    assert f"{holder.read(root)}" in caplog.text
    assert not other.engine.closed


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"pid": "1"}', "\udcff", '{"pid": 1, "socket": 5}']
)
async def test_an_illegible_engine_json_is_nobodys_word(root, text):
    holder.own(root)
    (root / "engine.json").write_text(text, errors="surrogateescape")

    assert holder.read(root) is None


async def test_a_killed_engine_leaves_a_socket_that_the_next_one_removes(root):
    engine = FakeEngine(Settings(root=root), "headless")
    with sockets.socket(sockets.AF_UNIX) as stale:
        stale.bind(str(holder.socket_path(root)))

    socket = await EngineSocket.open(engine)

    assert holder.read(root).socket == engine.socket
    await socket.close()
    await engine.close()
    assert holder.read(root) is None


async def test_a_root_with_a_long_path_has_a_socket_elsewhere(tmp_path):
    root = tmp_path / ("deep" * 40)
    engine = FakeEngine(Settings(root=root), "headless")

    socket = await EngineSocket.open(engine)

    assert len(engine.socket) <= holder.LONGEST_SOCKET
    assert holder.read(root).socket == engine.socket
    await socket.close()
    await engine.close()


async def test_the_end_of_an_engine_leaves_the_word_of_the_next_one(root):
    engine = FakeEngine(Settings(root=root), "headless")
    socket = await EngineSocket.open(engine)
    said = holder.read(root)
    later = holder.Holder(**{**{n: getattr(said, n) for n in said.__slots__}, "epoch": 99})
    holder.write(root, later)

    await socket.close()
    await engine.close()

    assert holder.read(root) == later


async def test_another_user_gets_nothing_from_the_socket(root, monkeypatch):
    engine = FakeEngine(Settings(root=root), "headless")
    socket = await EngineSocket.open(engine)
    monkeypatch.setattr("jupyter_aml.server.socket.peer_uid", lambda end: 12345)

    reader, writer = await asyncio.open_unix_connection(engine.socket)
    writer.write(b"GET /aml/runs/r HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 403")
    assert engine.asked == []
    writer.close()
    await socket.close()
    await engine.close()


async def test_a_server_that_is_stopped_and_not_ended_is_not_waited_for_for_ever(
    ask, other, follower, monkeypatch
):
    monkeypatch.setattr("jupyter_aml.server.forward.PATIENCE", 0.1)
    never = asyncio.Event()
    monkeypatch.setattr(other.engine.runs, "get", lambda run_id: never.wait())

    status, answer = await ask("GET", "runs", "r")

    assert (status, answer["error"]) == (503, "Unreachable")
    never.set()


class Odd:
    """A holder that answers as it is told, and keeps what it was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, b""

    async def __call__(self, reader, writer):
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return  # Whoever only looks whether somebody is there.
        self.asked += asked
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
def odd(root, follower, monkeypatch, jp_asyncio_loop):
    """The holder, from now on, that a follower passes requests on to."""
    place = Odd(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    path = root / "odd.sock"
    listening = jp_asyncio_loop.run_until_complete(asyncio.start_unix_server(place, path))
    told = dataclasses.replace(holder.read(root), socket=str(path))
    monkeypatch.setattr(follower, "_state", told)
    yield place
    listening.close()


@pytest.mark.parametrize(
    "half",
    [b"Content-Length: 100\r\n\r\nxxxxxxxxxx", b"Transfer-Encoding: chunked\r\n\r\n3\r\nxxx\r\n"],
)
async def test_half_an_answer_of_the_holder_is_not_passed_on_as_a_whole_one(jp_fetch, odd, half):
    odd.answer = b"HTTP/1.1 200 OK\r\n" + half

    with pytest.raises(HTTPClientError) as broken:
        await jp_fetch("aml", "runs", "r")

    # The line is cut at once; a client that waits for the rest would wait for ever.
    assert isinstance(broken.value, HTTPStreamClosedError)


async def test_neither_token_nor_cookie_reaches_the_holder(
    http_server_client, jp_base_url, jp_auth_header, odd
):
    token = jp_auth_header["Authorization"].split()[1]
    url = f"{jp_base_url}aml/runs?workspace=w&token={token}&_xsrf=secret-mark"
    headers = {**jp_auth_header, "Cookie": "name=secret-cookie", "Origin": "http://localhost"}

    answer = await http_server_client.fetch(url, headers=headers)

    assert answer.code == 200
    assert odd.asked.startswith(b"GET /aml/runs?workspace=w HTTP/1.1")
    for secret in (token.encode(), b"secret-", b"Origin", b"Authorization", b"Cookie"):
        assert secret not in odd.asked
