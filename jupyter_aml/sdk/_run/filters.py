"""Asks for runs by what they are: SDK v1's filters as the words of the engine's filter line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_aml.client import Client
    from jupyter_aml.wire.runs import WireRun, WireRunPage

_PAGE = 500
_FIRST = 50
"""Runs come newest first, and most who list them look at the first few only."""

Labels = Mapping[str, Any] | str | None


def line(
    *,
    parent: str | None = None,
    type: str | None = None,
    tags: Labels = None,
    properties: Labels = None,
    status: str | None = None,
) -> str:
    """The filter line of these wishes; `tags` and `properties` are a name, or names with values."""
    words = [
        f"{name}:{_quoted(value)}"
        for name, value in (("parent", parent), ("type", type), ("status", status))
        if value is not None
    ]
    for kind, labels in (("tag", tags), ("property", properties)):
        for key, value in named(labels).items():
            words.append(
                f"{kind}:{_quoted(key)}"
                if value is None
                else f"{kind}.{_quoted(key)}:{_quoted(value)}"
            )
    return " ".join(words)


def named(labels: Labels) -> dict[str, str | None]:
    """Labels by name; None stands for whatever value."""
    if isinstance(labels, str):
        return {labels: None}
    return {
        str(key): None if value is None else str(value) for key, value in (labels or {}).items()
    }


def fits(
    seen: WireRun, *, type: str | None, tags: Labels, properties: Labels, status: str | None
) -> bool:
    """Whether a run is one of those, said of a run that is at hand."""
    return (
        type in (None, seen["type"])
        and status in (None, seen["status"])
        and _has(seen["tags"], tags)
        and _has(seen["properties"], properties)
    )


def pages(client: Client, **query: Any) -> Iterator[WireRunPage]:
    """The list of runs, a page at a time."""
    after, limit = None, _FIRST
    while True:
        page = client.runs.page(limit=limit, after=after, **query)
        yield page
        after, limit = page["next"], _PAGE
        if after is None:
            return


def _has(there: Mapping[str, str], labels: Labels) -> bool:
    return all(key in there and value in (None, there[key]) for key, value in named(labels).items())


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
