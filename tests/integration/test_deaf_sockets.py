"""Pages that subscribe to the list and read nothing keep no page that reads from its news."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import WebSocketClientConnection

from jupyter_aml.domain.run import Run
from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.settings import Settings
from jupyter_aml.server import forward, holder
from jupyter_aml.server.handlers import events
from jupyter_aml.server.socket import EngineSocket
from jupyter_aml.wire.changes import decode_patch
from jupyter_aml.wire.runs import WireRun
from tests.asking import submit

pytestmark = pytest.mark.anyio

DEAF = 100
ASKED = {"experiment": "e", "type": "azureml.interactive", "source": {}}
WISH = json.dumps({"type": "subscribe", "topic": "runs", "workspace": "default", "seq": 0})
UPGRADE = b"""GET /aml/events HTTP/1.1\r
Host: localhost\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
\r
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_hundred_deaf_sockets_read_the_index_once_and_hold_up_nobody(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await Engine.open(Settings(root=aml_root), kind="headless")
    socket = await EngineSocket.open(engine)
    read = engine._ledger.changed_since
    asked = []

    async def counted(*question: Any) -> Any:
        asked.append(question)
        return await read(*question)

    monkeypatch.setattr(engine._ledger, "changed_since", counted)
    try:
        held = holder.read(aml_root)
        assert held is not None
        wish = {"type": "subscribe", "topic": "runs", "workspace": "default", "seq": 0}
        deaf = [await forward.open_socket(held) for _ in range(DEAF)]
        for each in deaf:
            await each.write_message(json.dumps(wish))
        reader = await forward.open_socket(held)
        await reader.write_message(json.dumps({**wish, "seq": 1}))
        async with asyncio.timeout(60):
            while len(asked) < 2:
                await asyncio.sleep(0)
        assert len(asked) == 2

        sent: Any = await submit(
            engine, {"experiment": "e", "type": "azureml.interactive", "source": {}}
        )

        async with asyncio.timeout(60):
            while (event := json.loads(await reader.read_message() or "{}")).get("type") != "run":
                assert event
        assert event["run"]["runId"] == sent["runId"]
        for each in [*deaf, reader]:
            await hang_up(each)
    finally:
        await socket.close()
        await engine.close()


async def test_a_hundred_pages_hear_of_a_run_by_one_text(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await Engine.open(Settings(root=aml_root), kind="headless")
    socket = await EngineSocket.open(engine)
    tell = engine.runs.told
    told: list[str] = []

    def counted(run: Run, *, metrics: int = 0) -> WireRun:
        told.append(run.id)
        return tell(run, metrics=metrics)

    try:
        held = holder.read(aml_root)
        assert held is not None
        pages = [await forward.open_socket(held) for _ in range(DEAF)]
        await submit(engine, ASKED)
        monkeypatch.setattr(engine.runs, "told", counted)

        for page in pages:
            await page.write_message(WISH)

        async with asyncio.timeout(60):
            for page in pages:
                while json.loads(await page.read_message() or "{}")["type"] != "run":
                    pass
        assert len(told) == 1
        for page in pages:
            await hang_up(page)
    finally:
        await socket.close()
        await engine.close()


async def test_a_page_that_does_not_read_is_let_go_and_one_that_reads_stays(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await Engine.open(Settings(root=aml_root), kind="headless")
    socket = await EngineSocket.open(engine)
    monkeypatch.setattr(events, "PATIENCE", 1.0)
    monkeypatch.setattr(events, "SLOWEST", 1_000_000_000)
    try:
        held = holder.read(aml_root)
        assert held is not None
        reader = await forward.open_socket(held)
        _, writer = await asyncio.open_unix_connection(held.socket, limit=1)
        writer.write(UPGRADE)
        writer.write(frame(WISH.encode()))
        await reader.write_message(WISH)
        heard = asyncio.create_task(last_word(reader))
        sent = await submit(engine, ASKED)
        async with asyncio.timeout(60):
            while engine._feed.listeners < 2:
                await asyncio.sleep(0)
            while engine._feed.listeners > 1:
                patch = {"description": "x" * 20_000, "tags": {"n": os.urandom(4).hex()}}
                await engine.runs.patch(sent["runId"], decode_patch(patch))

        await engine.runs.patch(sent["runId"], decode_patch({"displayName": "last"}))
        assert await asyncio.wait_for(heard, 60) == "last"
        writer.close()
        await hang_up(reader)
    finally:
        await socket.close()
        await engine.close()


async def hang_up(page: WebSocketClientConnection) -> None:
    """Close a socket, and wait until it is closed."""
    page.close()
    while await page.read_message() is not None:
        pass


async def last_word(page: WebSocketClientConnection) -> str | None:
    """Read until a run is named "last" or the socket closes; returns what the run is called."""
    name = None
    while name != "last" and (message := await page.read_message()) is not None:
        event = json.loads(message)
        name = event["run"]["displayName"] if event["type"] == "run" else None
    return name


def frame(data: bytes) -> bytes:
    """A text frame of a client, masked with zeros."""
    return bytes([0x81, 0x80 | len(data)]) + bytes(4) + data
