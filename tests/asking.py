"""Asks an engine inside the test as a handler does: with bodies that wire has decoded."""

from __future__ import annotations

from typing import Any

from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.feed.feed import Listener
from jupyter_aml.wire.changes import decode_patch
from jupyter_aml.wire.definitions import (
    decode_build,
    decode_environment_pruning,
    decode_new_environment,
    decode_new_labels,
)
from jupyter_aml.wire.submissions import decode_submission
from jupyter_aml.wire.topics import decode_topic


async def submit(engine: Engine, body: dict[str, Any]) -> Any:
    return await engine.runs.submit(decode_submission(body))


async def patch(engine: Engine, run_id: str, body: dict[str, Any]) -> Any:
    return await engine.runs.patch(run_id, decode_patch(body))


async def register(engine: Engine, body: dict[str, Any]) -> Any:
    return await engine.environments.add(decode_new_environment(body))


async def check(engine: Engine, body: dict[str, Any]) -> Any:
    return await engine.environments.check(decode_new_environment(body))


async def build(engine: Engine, name: str, body: dict[str, Any]) -> Any:
    return await engine.environments.build(name, decode_build(body))


async def label(engine: Engine, name: str, body: dict[str, Any]) -> Any:
    return await engine.environments.label(name, decode_new_labels(body))


async def prune(engine: Engine, body: dict[str, Any]) -> Any:
    return await engine.environments.prune(decode_environment_pruning(body))


async def follow(listener: Listener, message: dict[str, Any]) -> None:
    await listener.subscribe(decode_topic(message))


def leave(listener: Listener, message: dict[str, Any]) -> None:
    listener.unsubscribe(decode_topic(message))
