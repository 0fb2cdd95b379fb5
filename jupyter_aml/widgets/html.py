"""Draws a run as static HTML: no script, nothing remote, every text escaped."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from jupyter_aml.widgets import svg
from jupyter_aml.widgets.logged import draw
from jupyter_aml.widgets.parts import CELL, FAINT, more, picture
from jupyter_aml.widgets.plain import (
    clean,
    console,
    duration,
    inert,
    measure,
    moment,
    short,
)
from jupyter_aml.wire.causes import cause
from jupyter_aml.wire.contents import WireSeries
from jupyter_aml.wire.runs import WireRun
from jupyter_aml.wire.stored import WireCard

Show = Literal["full", "mini"]

_CHARTS, _DRAWN, _IMAGES, _FILES, _ROWS, _LOG_LINES = 12, 12, 4, 20, 50, 15
_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]+\Z")

# Colours by which a state is known, readable on light and dark.
_COLOURS = {
    "Completed": "#2e8b57",
    "Failed": "#d04437",
    "Canceled": "#8a8f98",
    "Running": "#2f8ac4",
}
_RULE = "border:1px solid rgba(128,136,144,.35)"


def html(card: WireCard, *, show: Show = "full", now: datetime | None = None) -> str:
    """Return the card as one inert HTML element."""
    run = card["run"]
    parts = [_header(run, now), _why(run), _as_of(card)]
    if show == "full":
        parts += [_facts(run), _numbers(card), _charts(card), _values(card), _images(card)]
        parts += [_log(card), _files(card)]
    body = "".join(part for part in parts if part)
    return (
        f'<div style="{_RULE};border-radius:4px;padding:8px 12px;max-width:980px;'
        f'font-family:sans-serif;font-size:13px;line-height:1.45">{body}</div>'
    )


def text(run: WireRun, *, now: datetime | None = None) -> str:
    """Return the run as one paragraph of plain text."""
    took = duration(run, now=now)
    words = [
        f"Run {run['experiment']} #{run['number']} ({run['runId']}): {run['status']}",
        f" on {run['target']}" if run["target"] else "",
        f", {took}" if took else "",
        ".",
    ]
    error = run["error"]
    if run["reason"] and run["endedAt"] is None:
        words.append(f" {run['reason']}.")
    if error:
        words.append(f" {cause(run)}.")
        words.append(f" Hint: {error['hint']}." if error["hint"] else "")
    if run["metrics"]:
        listed = list(run["metrics"].items())[:8]
        words.append(" " + ", ".join(f"{name} = {measure(value)}" for name, value in listed) + ".")
    return clean("".join(words))


def _header(run: WireRun, now: datetime | None) -> str:
    colour = _COLOURS.get(run["status"], "#b8860b")
    took = duration(run, now=now)
    name = f" · {inert(short(run['displayName']))}" if run["displayName"] else ""
    return (
        f"<div><strong>{inert(run['experiment'])} #{run['number']}</strong>{name} "
        f'<span style="color:{colour};font-weight:bold">● {inert(run["status"])}</span>'
        f"{f' · {took}' if took else ''} · {inert(run['target'])} "
        f'<code style="{FAINT}">{inert(run["runId"])}</code></div>'
    )


def _why(run: WireRun) -> str:
    parts = []
    if run["reason"] and run["endedAt"] is None:
        parts.append(f'<div style="{FAINT}">{inert(run["reason"])}</div>')
    error = run["error"]
    if error:
        said = inert(cause(run))
        parts.append(f'<div style="color:{_COLOURS["Failed"]}">{said}</div>')
        parts += [f"<div>{inert(error['hint'])}</div>"] if error["hint"] else []
    parts += [f'<div style="{FAINT}">{inert(each)}</div>' for each in run["warnings"][:5]]
    return "".join(parts)


def _as_of(card: WireCard) -> str:
    """Where the run goes on: nobody is to wait for a picture that does not change."""
    if card["run"]["endedAt"] is not None:
        return ""
    return f'<div style="{FAINT}">As it was at {moment(card["savedAt"])}</div>'


def _facts(run: WireRun) -> str:
    rows = [
        ("Started", moment(run["startedAt"])),
        ("Ended", moment(run["endedAt"])),
        ("Script", " ".join([run["script"] or "", *run["arguments"]]).strip()),
        (
            "Parameters",
            ", ".join(f"{name} = {measure(v)}" for name, v in run["parameters"].items()),
        ),
        ("Tags", ", ".join(f"{name}: {value}" for name, value in run["tags"].items())),
        ("Description", run["description"]),
    ]
    return _table([(name, short(value, 400)) for name, value in rows if value])


def _numbers(card: WireCard) -> str:
    drawn = _series(card)
    rows = [
        (name, measure(value))
        for name, value in card["run"]["metrics"].items()
        if name not in drawn
    ]
    rows += [
        (name, f"{measure(one['last'])} (last of {one['count']})") for name, one in drawn.items()
    ]
    return _titled("Metrics", _table(sorted(rows)[:_ROWS]), len(rows), _ROWS)


def _charts(card: WireCard) -> str:
    drawn = sorted(_series(card).items())
    pictures = [
        (name, shape)
        for name, one in drawn[:_CHARTS]
        if (shape := svg.chart(clean(name), one["x"], one["y"]))
    ]
    images = "".join(picture(f"chart of {short(name)}", shape) for name, shape in pictures)
    return f"<div>{images}</div>{more(len(drawn), _CHARTS)}" if images else ""


def _series(card: WireCard) -> dict[str, WireSeries]:
    metrics = card["metrics"]
    if metrics is None:
        return {}
    return {name: one for name, one in metrics["series"].items() if one["count"] > 1}


def _values(card: WireCard) -> str:
    metrics = card["metrics"]
    if metrics is None:
        return ""
    drawn, rows = [], []
    for name, logged in sorted(metrics["values"].items()):
        if not logged or logged[-1]["kind"] == "image":
            continue
        if shown := draw(name, logged):
            drawn.append(shown)
        elif name not in card["run"]["metrics"]:
            rows.append((name, short(measure(logged[-1]["value"]), 200)))
    return _table(rows[:_ROWS]) + "".join(drawn[:_DRAWN]) + more(len(drawn), _DRAWN)


def _images(card: WireCard) -> str:
    shown = [(name, url) for name, url in card["images"].items() if _IMAGE.match(url)]
    images = "".join(
        f'<img alt="{inert(short(name))}" title="{inert(short(name))}" '
        f'style="max-width:320px;max-height:240px;margin:4px 8px 4px 0" src="{url}">'
        for name, url in shown[:_IMAGES]
    )
    return f"<div>{images}</div>" if images else ""


def _log(card: WireCard) -> str:
    log = card["log"]
    if log is None or not log["text"].strip():
        return ""
    lines = console(log["text"]).rstrip().split("\n")
    shown = "\n".join(short(line, 400) for line in lines[-_LOG_LINES:])
    cut = log["offset"] > 0 or len(lines) > _LOG_LINES
    before = "…\n" if cut else ""
    body = (
        f'<pre style="{_RULE};border-radius:3px;padding:6px;margin:2px 0;overflow-x:auto;'
        f'font-family:monospace;font-size:12px;color:inherit;background:none">{before}{inert(shown)}</pre>'
    )
    return _titled(f"Log: {inert(log['name'])}", body, 0, 0)


def _files(card: WireCard) -> str:
    files = card["files"]
    names = ", ".join(f"<code>{inert(short(file['name']))}</code>" for file in files[:_FILES])
    return _titled("Files", names, len(files), _FILES)


def _titled(title: str, body: str, total: int, shown: int) -> str:
    if not body:
        return ""
    head = f'<div style="{FAINT}">{title}</div>'
    return f'<div style="margin-top:6px">{head}{body}{more(total, shown)}</div>'


def _table(rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    body = "".join(
        f'<tr style="background:none"><td style="{CELL};{FAINT}">{inert(short(name))}</td>'
        f'<td style="{CELL}">{inert(value)}</td></tr>'
        for name, value in rows
    )
    # A page may colour its tables by itself; what stands around this one decides.
    style = "border-collapse:collapse;margin:4px 0;color:inherit;font-size:inherit"
    return f'<table style="{style}"><tbody>{body}</tbody></table>'
