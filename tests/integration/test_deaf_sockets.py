"""Pages that subscribe to the list and read nothing keep no page that reads from its news."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.settings import Settings
from jupyter_aml.server import forward, holder
from jupyter_aml.server.socket import EngineSocket
from tests.asking import submit

pytestmark = pytest.mark.anyio

DEAF = 100


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
            each.close()
    finally:
        await socket.close()
        await engine.close()
