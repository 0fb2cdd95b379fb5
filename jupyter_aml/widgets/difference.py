"""All in which two runs differ, as text and as static HTML."""

from __future__ import annotations

from typing import Any

from jupyter_aml.widgets.labels import told_apart
from jupyter_aml.widgets.parts import grid
from jupyter_aml.widgets.plain import cell, clean, columns, inert, short
from jupyter_aml.wire.facts import WireFileChange, WireRunDifference

_ROWS, _FILES, _LINES = 200, 50, 400
_KINDS = (
    ("parameters", "Parameters"), ("metrics", "Metrics"), ("facts", "What was recorded"),
    ("packages", "Packages"),
)  # fmt: skip
_COLOURS = {"+": "#2e8b57", "-": "#d04437", "@": "#2f8ac4"}


def text(found: WireRunDifference) -> str:
    """The difference as plain text, its code as unified diffs."""
    left, right = _names(found)
    parts = []
    for title, rows in _tables(found):
        parts.append("\n".join([f"{title}:", *columns([["", left, right], *rows])]))
    for file in found["files"][:_FILES]:
        parts.append(clean(f"{file['path']}: {file['state']}"))
        if file["diff"]:
            parts.append(clean("\n".join(file["diff"].splitlines()[:_LINES])))
    if not parts:
        return f"{left} and {right} are the same in all that was recorded"
    return "\n\n".join(parts)


def html(found: WireRunDifference) -> str:
    """The difference as one inert HTML element."""
    left, right = _names(found)
    parts = [
        f'<div style="opacity:.7;margin-top:6px">{inert(title)}</div>'
        + grid(["", left, right], rows)
        for title, rows in _tables(found)
    ]
    parts += [_file(file) for file in found["files"][:_FILES]]
    if not parts:
        parts = [f"<div>{inert(text(found))}</div>"]
    style = "font-family:sans-serif;font-size:13px;line-height:1.45;overflow-x:auto"
    return f'<div style="{style}">{"".join(parts)}</div>'


def _names(found: WireRunDifference) -> tuple[str, str]:
    runs = (found["left"], found["right"])
    names = [f"{run['experiment']} #{run['number']}" for run in runs]
    if runs[0]["runId"] != runs[1]["runId"]:
        names = told_apart(runs, names)
    left, right = (clean(short(name, 40)) for name in names)
    return left, right


def _tables(found: WireRunDifference) -> list[tuple[str, list[list[str]]]]:
    changes: Any = found
    tables = []
    for key, title in _KINDS:
        rows = [
            [cell(change["name"]), _shown(change["left"]), _shown(change["right"])]
            for change in changes[key][:_ROWS]
        ]
        if rows:
            tables.append((title, rows))
    return tables


def _shown(value: Any) -> str:
    return "" if value is None else cell(value)


def _file(file: WireFileChange) -> str:
    title = f"<div><code>{inert(file['path'])}</code> {inert(file['state'])}</div>"
    if not file["diff"]:
        return title
    lines = file["diff"].splitlines()
    body = "\n".join(_line(short(line, 400)) for line in lines[:_LINES])
    more = f"\n… and {len(lines) - _LINES} more lines" if len(lines) > _LINES else ""
    return (
        f'{title}<pre style="border:1px solid rgba(128,136,144,.35);border-radius:3px;'
        f'padding:6px;margin:2px 0;overflow-x:auto;font-size:12px;color:inherit;background:none">'
        f"{body}{more}</pre>"
    )


def _line(line: str) -> str:
    colour = _COLOURS.get(line[:1])
    return f'<span style="color:{colour}">{inert(line)}</span>' if colour else inert(line)
