"""Asks an engine inside the test as a handler does: with bodies that wire has decoded."""

from __future__ import annotations

from typing import Any

from jupyter_aml.engine.engine import Engine
from jupyter_aml.wire.changes import decode_patch
from jupyter_aml.wire.submissions import decode_submission


async def submit(engine: Engine, body: dict[str, Any]) -> Any:
    return await engine.runs.submit(decode_submission(body))


async def patch(engine: Engine, run_id: str, body: dict[str, Any]) -> Any:
    return await engine.runs.patch(run_id, decode_patch(body))
