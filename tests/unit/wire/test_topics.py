"""What a page asks to follow is a value before the engine hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import RunId, WorkspaceName
from jupyter_aml.domain.topics import (
    ListOfEnvironments,
    ListOfRuns,
    OneRun,
    RegisteredThings,
    Topic,
)
from jupyter_aml.wire.topics import decode_topic

SPACE = WorkspaceName("default")


@pytest.mark.parametrize(
    ("message", "topic"),
    [
        ({"topic": "run", "runId": "a_1"}, OneRun(RunId("a_1"))),
        (
            {"topic": "run", "runId": "a_1", "logs": {"x": 3}, "metrics": 0, "turn": 2},
            OneRun(RunId("a_1"), logs={"x": 3}, cursor=0, turn=2),
        ),
        ({"topic": "runs", "workspace": "default"}, ListOfRuns(SPACE)),
        (
            {"topic": "runs", "workspace": "default", "seq": 7, "parentId": "a_1"},
            ListOfRuns(SPACE, seq=7, parent=RunId("a_1")),
        ),
        ({"topic": "environments", "workspace": "default"}, ListOfEnvironments(SPACE)),
        ({"topic": "registered", "workspace": "default"}, RegisteredThings(SPACE)),
    ],
)
def test_a_topic_is_read(message: dict[str, Any], topic: Topic) -> None:
    assert decode_topic({"type": "subscribe", **message}) == topic


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({}, "there is no topic None"),
        ({"topic": "jobs"}, "there is no topic 'jobs': there are run, runs, environments"),
        ({"topic": ["run"]}, "there is no topic"),
        ({"topic": "run", "runId": "../x"}, "../x"),
        ({"topic": "run", "runId": "a", "metrics": 1.5}, "metrics must be a whole number"),
        ({"topic": "run", "runId": "a", "turn": True}, "turn must be a whole number"),
        ({"topic": "run", "runId": "a", "logs": {"x": -1}}, "logs must be an object of names"),
        ({"topic": "runs", "workspace": "default", "seq": "1"}, "seq must be a whole number"),
        ({"topic": "runs", "workspace": "a/b"}, "a/b"),
    ],
)
def test_what_is_none_is_told(message: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as problem:
        decode_topic(message)

    assert said in str(problem.value)
