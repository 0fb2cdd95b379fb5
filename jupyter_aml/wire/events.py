"""What goes over the socket."""

from __future__ import annotations

import sys
from typing import Any, Literal, TypedDict

from jupyter_aml.wire.contents import WireMetrics
from jupyter_aml.wire.environments import WireEnvironment
from jupyter_aml.wire.protocol import WireProblem, WireStatus
from jupyter_aml.wire.runs import WireRun

if sys.version_info >= (3, 11):
    from typing import NotRequired


class WireSubscribe(TypedDict):
    """Client to server. Topics: `run` (with runId), and with a workspace `runs`, `environments`
    and `registered`.

    `logs` maps a log name to the byte from which to send; a log that is not named is not sent.
    `metrics` is a cursor, `seq` the newest `run.seq` the client has seen. With `parentId` the topic
    `runs` is about the children of that run alone. `turn` comes back with the metrics, so that what
    an earlier subscription had sent already is not taken for what this one sends.
    """

    type: Literal["subscribe", "unsubscribe"]
    topic: Literal["run", "runs", "environments", "registered"]
    runId: NotRequired[str]
    workspace: NotRequired[str]
    parentId: NotRequired[str]
    seq: NotRequired[int]
    logs: NotRequired[dict[str, int]]
    metrics: NotRequired[int]
    turn: NotRequired[int]


class WireHello(TypedDict):
    """First message of a socket."""

    type: Literal["hello"]
    status: WireStatus


class WireRunEvent(TypedDict):
    """A run changed (`run` and `runs` topics)."""

    type: Literal["run"]
    run: WireRun


class WireReasonsEvent(TypedDict):
    """Why runs wait has changed, as when a queue moves up: the new `run.reason` by id.

    It is computed when it is told: `run.seq` stays as it is.
    """

    type: Literal["reasons"]
    reasons: dict[str, str]


class WireDeletedEvent(TypedDict):
    """A run is gone."""

    type: Literal["deleted"]
    runId: str
    seq: int


class WireLogEvent(TypedDict):
    """A piece of a log; `offset` and `end` are bytes of the file, `text` is decoded UTF-8."""

    type: Literal["log"]
    runId: str
    name: str
    offset: int
    end: int
    text: str


class WireMetricsEvent(TypedDict):
    """Points of a run: with `replace` all there is of the names in it (thinned out), else newer
    ones to append. Of very many names several messages follow each other.

    `metrics.series[...].count` and `last` always speak of the whole series; `turn` is that of the
    subscription, where it had one.
    """

    type: Literal["metrics"]
    replace: bool
    metrics: WireMetrics
    turn: NotRequired[int]


class WireEnvironmentEvent(TypedDict):
    """A version of an environment is new or changed, as while it is built."""

    type: Literal["environment"]
    environment: WireEnvironment


class WireEnvironmentGoneEvent(TypedDict):
    """A version of an environment was deleted."""

    type: Literal["environmentGone"]
    workspace: str
    name: str
    version: str


class WireRegisteredEvent(TypedDict):
    """What is registered is new, changed or gone, or a target's nodes are: ask for it again."""

    type: Literal["registered"]
    noun: Literal["datastore", "dataset", "model", "compute"]
    workspace: str
    name: str


class WireFilesEvent(TypedDict):
    """The list of files of a run changed: ask for it again."""

    type: Literal["files"]
    runId: str


class WireGapEvent(TypedDict):
    """This listener was too slow and events of the run were dropped: ask again by REST."""

    type: Literal["gap"]
    runId: str


class WireProblemEvent(TypedDict):
    """A subscription could not be served."""

    type: Literal["problem"]
    runId: str | None
    problem: WireProblem


WireEvent = (
    WireHello | WireRunEvent | WireReasonsEvent | WireDeletedEvent | WireLogEvent
    | WireMetricsEvent | WireEnvironmentEvent | WireEnvironmentGoneEvent | WireRegisteredEvent
    | WireFilesEvent | WireGapEvent | WireProblemEvent
)  # fmt: skip


class Shared(dict[str, Any]):
    """An event that many hear: whoever sends it first keeps its text for the others."""

    text: str | None = None
