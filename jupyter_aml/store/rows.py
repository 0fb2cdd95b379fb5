"""A run as rows, and rows as runs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, delete, insert, select, update

from jupyter_aml.domain.run import Run
from jupyter_aml.store.schema import run_bodies, run_labels, run_metrics, runs
from jupyter_aml.wire.coding import decode_run, encode_run, encode_time

_MANY = 500

TAG, PARAM, ENVIRONMENT, PROPERTY, TYPE = "tag", "param", "env", "property", "type"

# To build a statement takes longer than to run it, so those of every move are built once.
_A_RUN = (
    select(runs.c.pk, runs.c.seq, run_bodies.c.body)
    .join(run_bodies, run_bodies.c.run == runs.c.pk)
    .where(runs.c.id == bindparam("id"))
)
_ITS_METRICS = (
    select(run_metrics.c.key, run_metrics.c.value, run_metrics.c.text)
    .where(run_metrics.c.run == bindparam("key"))
    .order_by(run_metrics.c.key)
)
_SET_SEQ = update(runs).where(runs.c.pk == bindparam("key")).values(seq=bindparam("to"))
_SET_BODY = update(run_bodies).where(run_bodies.c.run == bindparam("key"))
_SET_BODY = _SET_BODY.values(body=bindparam("body"))
_DROP_LABELS = delete(run_labels).where(run_labels.c.run == bindparam("key"))
_DROP_METRICS = delete(run_metrics).where(run_metrics.c.run == bindparam("key"))
_DROP_METRIC = _DROP_METRICS.where(run_metrics.c.key == bindparam("gone"))
_ADD_RUNS, _ADD_BODIES = insert(runs), insert(run_bodies)
_ADD_LABELS, _ADD_METRICS = insert(run_labels), insert(run_metrics)
_KEYS = select(runs.c.id, runs.c.pk).where(runs.c.id.in_(bindparam("ids", expanding=True)))


def storable(text: str) -> str:
    """The text as a database takes it: without NUL and halves of letters, which none can keep."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def folded(text: str) -> str:
    """The text as plain words are compared."""
    return storable(text).casefold()


def parameter_text(value: Any) -> str:
    """A parameter as a filter spells it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def insert_runs(connection: Connection, new: Sequence[Run]) -> None:
    """Enter runs that are not there, with all that belongs to them."""
    if not new:
        return
    connection.execute(_ADD_RUNS, [_columns(run) for run in new])
    keys = _keys(connection, [run.id for run in new])
    pairs = [(keys[run.id], run) for run in new]
    connection.execute(_ADD_BODIES, [{"run": pk, "body": _body(run)} for pk, run in pairs])
    _fill_labels(connection, pairs)
    metrics = [row for pk, run in pairs for row in metric_rows(pk, run.metrics)]
    if metrics:
        connection.execute(_ADD_METRICS, metrics)


def rewrite_run(connection: Connection, pk: int, before: Run, after: Run) -> None:
    """Make the rows of one run say what `after` says."""
    rewrite_runs(connection, [(pk, before, after)])


def rewrite_runs(connection: Connection, changed: Sequence[tuple[int, Run, Run]]) -> None:
    """Make the rows of runs say what they have become: key, before and after."""
    if not changed:
        return
    _rewrite_columns(connection, changed)
    bodies = [{"key": pk, "body": _body(after)} for pk, _, after in changed]
    connection.execute(_SET_BODY, bodies)
    labelled = [(pk, after) for pk, before, after in changed if _labels_differ(before, after)]
    if labelled:
        connection.execute(_DROP_LABELS, [{"key": pk} for pk, _ in labelled])
        _fill_labels(connection, labelled)
    measured = [(pk, after) for pk, before, after in changed if before.metrics != after.metrics]
    if measured:
        connection.execute(_DROP_METRICS, [{"key": pk} for pk, _ in measured])
        metrics = [row for pk, after in measured for row in metric_rows(pk, after.metrics)]
        if metrics:
            connection.execute(_ADD_METRICS, metrics)


def _rewrite_columns(connection: Connection, changed: Sequence[tuple[int, Run, Run]]) -> None:
    """Write only what differs: each column that is named costs its indexes a write."""
    was = [_columns(before) for _, before, _ in changed]
    now = [_columns(after) for _, _, after in changed]
    names = tuple(
        name for name in now[0] if any(a[name] != b[name] for a, b in zip(was, now, strict=True))
    )
    if names:
        rows = [
            {"key": pk, **{f"new_{name}": columns[name] for name in names}}
            for (pk, _, _), columns in zip(changed, now, strict=True)
        ]
        connection.execute(_set_columns(names), rows)


@cache
def _set_columns(names: tuple[str, ...]) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(runs).where(runs.c.pk == bindparam("key")).values(**values)


def write_metrics(
    connection: Connection, pk: int, seq: int, values: Mapping[str, float | str]
) -> None:
    """Put these values in the place of the ones of the same names, as change `seq`."""
    rows = metric_rows(pk, values)
    if rows:
        connection.execute(_DROP_METRIC, [{"key": pk, "gone": row["key"]} for row in rows])
        connection.execute(_ADD_METRICS, rows)
    connection.execute(_SET_SEQ, {"key": pk, "to": seq})


def as_stored(values: Mapping[str, float | str]) -> dict[str, float | str]:
    """These values as they are read again."""
    return {
        storable(name): storable(value) if isinstance(value, str) else float(value)
        for name, value in values.items()
    }


def metric_rows(pk: int, values: Mapping[str, float | str]) -> list[dict[str, Any]]:
    """The rows of these metrics; not-a-number is NULL, so that it is neither small nor great."""
    # By key, as two names may be one once they are storable.
    return [_metric(pk, name, value) for name, value in as_stored(values).items()]


def read_run(connection: Connection, run_id: str) -> tuple[int, Run] | None:
    """The run of this id with its key, if there is one."""
    row = connection.execute(_A_RUN, {"id": storable(run_id)}).first()
    if row is None:
        return None
    pk, seq, body = row
    metrics = connection.execute(_ITS_METRICS, {"key": pk})
    return pk, _run(seq, body, {key: _value(number, text) for key, number, text in metrics})


def read_runs(connection: Connection, keys: Sequence[int]) -> list[Run]:
    """The runs with these keys, in this order."""
    found: dict[int, Run] = {}
    for start in range(0, len(keys), _MANY):
        some = keys[start : start + _MANY]
        metrics = _read_metrics(connection, some)
        rows = connection.execute(
            select(runs.c.pk, runs.c.seq, run_bodies.c.body)
            .join(run_bodies, run_bodies.c.run == runs.c.pk)
            .where(runs.c.pk.in_(some))
        )
        for pk, seq, body in rows:
            found[pk] = _run(seq, body, metrics.get(pk, {}))
    return [found[pk] for pk in keys if pk in found]


def _run(seq: int, body: str, metrics: Mapping[str, float | str | None]) -> Run:
    return decode_run({**json.loads(body), "seq": seq, "metrics": metrics})


def _value(number: float | None, text: str | None) -> float | str | None:
    return number if text is None else text


def _labels_differ(before: Run, after: Run) -> bool:
    return (before.tags, before.parameters, before.properties) != (
        after.tags, after.parameters, after.properties,
    )  # fmt: skip


def _metric(pk: int, name: str, value: float | str) -> dict[str, Any]:
    text = value if isinstance(value, str) else None
    number = None if isinstance(value, str) or value != value else value
    return {"run": pk, "key": name, "value": number, "text": text}


def _read_metrics(
    connection: Connection, keys: Sequence[int]
) -> Mapping[int, dict[str, float | str | None]]:
    metrics: dict[int, dict[str, float | str | None]] = defaultdict(dict)
    rows = connection.execute(
        select(run_metrics.c.run, run_metrics.c.key, run_metrics.c.value, run_metrics.c.text)
        .where(run_metrics.c.run.in_(keys))
        .order_by(run_metrics.c.run, run_metrics.c.key)
    )
    for pk, key, value, text in rows:
        metrics[pk][key] = _value(value, text)
    return metrics


def _keys(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    keys: dict[str, int] = {}
    for start in range(0, len(ids), _MANY):
        some = ids[start : start + _MANY]
        rows = connection.execute(_KEYS, {"ids": some})
        keys.update((row.id, row.pk) for row in rows)
    return keys


def _columns(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "workspace": run.workspace,
        "experiment": run.experiment,
        "number": run.number,
        "status": run.status.value,
        "attempt": run.attempt,
        "created_at": encode_time(run.created_at),
        "started_at": encode_time(run.started_at),
        "ended_at": encode_time(run.ended_at),
        "name": None if run.display_name is None else storable(run.display_name),
        "parent": run.parent,
        "seq": run.seq,
        "search": _search(run),
    }


def _search(run: Run) -> str:
    tags = [part for tag in run.tags.items() for part in tag]
    words = [run.id, run.display_name or "", run.experiment, run.script or "", *tags]
    return folded("\n".join(words))


def _body(run: Run) -> str:
    data: dict[str, Any] = {**encode_run(run)}
    # These two change more often than the rest, and have their own places.
    del data["seq"], data["metrics"]
    return json.dumps(data, separators=(",", ":"))


def _fill_labels(connection: Connection, pairs: Iterable[tuple[int, Run]]) -> None:
    rows = [row for pk, run in pairs for row in _labels(pk, run)]
    if rows:
        connection.execute(_ADD_LABELS, rows)


def _labels(pk: int, run: Run) -> list[dict[str, Any]]:
    texts = {(TAG, storable(key)): value for key, value in run.tags.items()}
    if run.job is not None and ":" in run.job.environment:
        name, _, version = run.job.environment.rpartition(":")
        texts[ENVIRONMENT, storable(name)] = version
    for key, value in run.parameters.items():
        texts[PARAM, storable(key)] = parameter_text(value)
    for key, value in run.properties.items():
        texts[PROPERTY, storable(key)] = value
    texts[TYPE, run.type] = ""
    return [
        {"run": pk, "kind": kind, "key": key, "value": storable(value)}
        for (kind, key), value in texts.items()
    ]
