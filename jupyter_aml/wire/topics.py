"""What a listener asks to follow, from JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.topics import (
    ListOfEnvironments,
    ListOfRuns,
    OneRun,
    RegisteredThings,
    Topic,
)


def decode_topic(message: Mapping[str, Any]) -> Topic:
    """The topic of a `WireSubscribe`; raises Invalid with the name of what is wrong."""
    topic = message.get("topic")
    if not isinstance(topic, str) or topic not in _TOPICS:
        raise Invalid(f"there is no topic {topic!r}: there are {', '.join(_TOPICS)}")
    return _TOPICS[topic](message)


def _one_run(message: Mapping[str, Any]) -> Topic:
    return OneRun(
        ids.run_id(str(message.get("runId"))),
        logs=_positions("logs", message.get("logs", {})),
        cursor=_number(message, "metrics"),
        turn=_number(message, "turn"),
    )


def _list_of_runs(message: Mapping[str, Any]) -> Topic:
    parent = message.get("parentId")
    return ListOfRuns(
        ids.workspace_name(str(message.get("workspace"))),
        seq=_number(message, "seq") or 0,
        parent=None if parent is None else ids.run_id(str(parent)),
    )


def _list_of_environments(message: Mapping[str, Any]) -> Topic:
    return ListOfEnvironments(ids.workspace_name(str(message.get("workspace"))))


def _registered_things(message: Mapping[str, Any]) -> Topic:
    return RegisteredThings(ids.workspace_name(str(message.get("workspace"))))


_TOPICS: Mapping[str, Callable[[Mapping[str, Any]], Topic]] = {
    "run": _one_run,
    "runs": _list_of_runs,
    "environments": _list_of_environments,
    "registered": _registered_things,
}


def _number(message: Mapping[str, Any], name: str) -> int | None:
    value = message.get(name)
    if value is not None and type(value) is not int:
        raise Invalid(f"{name} must be a whole number, not {value!r}"[:200])
    return value


def _positions(what: str, data: Any) -> dict[str, int]:
    if not isinstance(data, Mapping) or not all(
        isinstance(key, str) and type(value) is int and value >= 0 for key, value in data.items()
    ):
        raise Invalid(f"{what} must be an object of names and positions")
    return dict(data)
