"""Pieces of static HTML: inert, with no style sheet of their own, readable on light and dark."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from jupyter_aml.widgets import svg
from jupyter_aml.widgets.plain import inert, short

CELL = "padding:2px 12px 2px 0;text-align:left;vertical-align:top;border:0"
FAINT = "opacity:.7"
_TABLE = "border-collapse:collapse;margin:4px 0;color:inherit;font-size:inherit"
"""A page may colour its tables by itself; what stands around this one decides."""


def grid(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, marked: Collection[int] = ()
) -> str:
    """A table of texts; columns that are marked stand out."""
    lines = [
        "<tr>" + "".join(_field(text, place in marked) for place, text in enumerate(row)) + "</tr>"
        for row in rows
    ]
    head = "".join(f'<th style="{CELL};{FAINT}">{inert(short(text))}</th>' for text in heads)
    return (
        f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def facts(told: Mapping[str, str], links: Mapping[str, tuple[str, str]]) -> str:
    """A table of one row, as SDK v1 showed things: texts, then links by head: text and address."""
    heads = [*told, *links]
    shown = [inert(text) for text in told.values()]
    shown += [
        f'<a href="{inert(address)}" target="_blank" rel="noopener">{inert(text)}</a>'
        for text, address in links.values()
    ]
    head = "".join(f'<th style="{CELL};{FAINT}">{inert(each)}</th>' for each in heads)
    row = "".join(f'<td style="{CELL}">{each}</td>' for each in shown)
    return f'<table style="{_TABLE}"><tr>{head}</tr><tr>{row}</tr></table>'


def picture(name: str, shape: str) -> str:
    """An SVG picture as an image, inside of which nothing can run."""
    width, height = svg.size(shape)
    return (
        f'<img alt="{inert(name)}" width="{width}" height="{height}" '
        f'style="margin:4px 8px 4px 0" src="{svg.data_url(shape)}">'
    )


def _field(text: str, is_marked: bool) -> str:
    look = ";background:rgba(230,159,0,.22);font-weight:bold" if is_marked else ""
    return f'<td style="{CELL}{look}">{inert(text)}</td>'


def more(total: int, shown: int) -> str:
    """What is said below things of which not all are shown."""
    return f'<div style="{FAINT}">and {total - shown} more</div>' if total > shown else ""
