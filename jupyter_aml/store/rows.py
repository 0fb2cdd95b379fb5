"""A run as rows, and rows as runs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from jupyter_aml.domain.run import Run
from jupyter_aml.store.schema import run_bodies, run_labels, run_metrics, runs
from jupyter_aml.wire.coding import decode_run, encode_run, encode_time

_MANY = 500

TAG, PARAM, ENVIRONMENT, PROPERTY, TYPE = "tag", "param", "env", "property", "type"


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
    connection.execute(insert(runs), [_columns(run) for run in new])
    keys = _keys(connection, [run.id for run in new])
    pairs = [(keys[run.id], run) for run in new]
    connection.execute(insert(run_bodies), [{"run": pk, "body": _body(run)} for pk, run in pairs])
    _fill_labels(connection, pairs)
    metrics = [row for pk, run in pairs for row in metric_rows(pk, run.metrics)]
    if metrics:
        connection.execute(insert(run_metrics), metrics)


def rewrite_run(connection: Connection, pk: int, before: Run, after: Run) -> None:
    """Make the rows of one run say what `after` says."""
    rewrite_runs(connection, [(pk, before, after)])


def rewrite_runs(connection: Connection, changed: Sequence[tuple[int, Run, Run]]) -> None:
    """Make the rows of runs say what they have become: key, before and after."""
    if not changed:
        return
    rows = [{"key": pk, **_columns(after)} for pk, _, after in changed]
    bodies = [{"key": pk, "body": _body(after)} for pk, _, after in changed]
    connection.execute(update(runs).where(runs.c.pk == bindparam("key")), rows)
    connection.execute(update(run_bodies).where(run_bodies.c.run == bindparam("key")), bodies)
    labelled = [(pk, after) for pk, before, after in changed if _labels_differ(before, after)]
    if labelled:
        gone = delete(run_labels).where(run_labels.c.run == bindparam("key"))
        connection.execute(gone, [{"key": pk} for pk, _ in labelled])
        _fill_labels(connection, labelled)
    measured = [(pk, after) for pk, before, after in changed if before.metrics != after.metrics]
    if measured:
        gone = delete(run_metrics).where(run_metrics.c.run == bindparam("key"))
        connection.execute(gone, [{"key": pk} for pk, _ in measured])
        metrics = [row for pk, after in measured for row in metric_rows(pk, after.metrics)]
        if metrics:
            connection.execute(insert(run_metrics), metrics)


def write_metrics(connection: Connection, pk: int, values: Mapping[str, float | str]) -> None:
    """Put these values in the place of the ones of the same names."""
    rows = metric_rows(pk, values)
    if not rows:
        return
    gone = delete(run_metrics).where(
        run_metrics.c.run == pk, run_metrics.c.key == bindparam("gone")
    )
    connection.execute(gone, [{"gone": row["key"]} for row in rows])
    connection.execute(insert(run_metrics), rows)


def metric_rows(pk: int, values: Mapping[str, float | str]) -> list[dict[str, Any]]:
    """The rows of these metrics; not-a-number is NULL, so that it is neither small nor great."""
    # By key, as two names may be one once they are storable.
    rows = (_metric(pk, name, value) for name, value in values.items())
    return list({row["key"]: row for row in rows}.values())


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
            data = json.loads(body)
            data["seq"], data["metrics"] = seq, metrics.get(pk, {})
            found[pk] = decode_run(data)
    return [found[pk] for pk in keys if pk in found]


def _labels_differ(before: Run, after: Run) -> bool:
    return (before.tags, before.parameters, before.properties) != (
        after.tags, after.parameters, after.properties,
    )  # fmt: skip


def _metric(pk: int, name: str, value: float | str) -> dict[str, Any]:
    text = storable(value) if isinstance(value, str) else None
    number = None if isinstance(value, str) or value != value else float(value)
    return {"run": pk, "key": storable(name), "value": number, "text": text}


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
        metrics[pk][key] = value if text is None else text
    return metrics


def _keys(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    keys: dict[str, int] = {}
    for start in range(0, len(ids), _MANY):
        some = ids[start : start + _MANY]
        rows = connection.execute(select(runs.c.id, runs.c.pk).where(runs.c.id.in_(some)))
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
        connection.execute(insert(run_labels), rows)


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
