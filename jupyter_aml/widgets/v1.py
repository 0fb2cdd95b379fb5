"""A run in the form in which SDK v1's widget was given it."""

from __future__ import annotations

from typing import Any

from jupyter_aml.widgets.card import card
from jupyter_aml.widgets.plain import duration
from jupyter_aml.wire.contents import WireMetrics
from jupyter_aml.wire.runs import WireRun


def widget_data(run: Any, settings: Any) -> dict[str, Any]:
    """The run as it is now, with the keys of SDK v1; raises what the client raises."""
    seen = card(run)
    log = seen["log"]
    children = run.client.runs.page(
        workspace=seen["run"]["workspace"], filter=f'parent:"{seen["run"]["runId"]}"'
    )["runs"]
    return {
        "status": seen["run"]["status"],
        "workbench_run_details_uri": run.get_portal_url(),
        "run_id": seen["run"]["runId"],
        "run_properties": {**_properties(seen["run"]), "log_files": run.get_details()["logFiles"]},
        "child_runs": [_properties(child) for child in children],
        "children_metrics": {},
        "run_metrics": _metrics(seen["run"]["runId"], seen["metrics"]),
        "run_logs": "" if log is None else log["text"],
        "graph": {},
        "widget_settings": dict(settings or {}),
        "loading": False,
    }


def _properties(run: WireRun) -> dict[str, Any]:
    return {
        "run_id": run["runId"],
        "run_number": run["number"],
        "run_type": run["type"],
        "status": run["status"],
        "created_utc": run["createdAt"],
        "end_time_utc": run["endedAt"],
        "run_duration": duration(run),
        "script_name": run["script"],
        "arguments": " ".join(run["arguments"]),
        "properties": dict(run["properties"]),
        "tags": dict(run["tags"]),
    }


def _metrics(run_id: str, metrics: WireMetrics | None) -> list[dict[str, Any]]:
    """Each series with its steps; of a long one as many points as a card draws."""
    series = {} if metrics is None else metrics["series"]
    return [
        {
            "name": name, "run_id": run_id, "categories": [*one["x"]],
            "series": [{"data": [*one["y"]]}],
        }
        for name, one in sorted(series.items())
    ]  # fmt: skip
