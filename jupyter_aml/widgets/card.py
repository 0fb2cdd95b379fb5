"""Takes a picture of a run: all that a stored output needs to draw it with no server."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from jupyter_aml.domain.errors import AmlError, NotFound
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.widgets.shown import Shown
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.contents import WireMetrics, WireValue
from jupyter_aml.wire.runs import WireRun
from jupyter_aml.wire.stored import WireCard, WireLogTail

# Of many curves each has fewer points: a notebook holds what it shows at each save.
_POINTS, _FEWEST, _ALL_POINTS = 300, 2, 50_000
_TAIL = 16 * 1024
_FILES = 200
_IMAGES, _IMAGE_SIZE = 4, 200_000
_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}


def card(run: Shown) -> WireCard:
    """Return what there is to see of the run now; raises what the client raises."""
    client = run.client
    seen: WireRun = run.look()
    found: WireCard = {
        "run": seen,
        "metrics": None,
        "log": None,
        "files": [],
        "images": {},
        "savedAt": encode_time(datetime.now(timezone.utc)) or "",
    }
    if seen["startedAt"] is None and seen["endedAt"] is None:
        return found
    points = max(_FEWEST, min(_POINTS, _ALL_POINTS // max(1, len(seen["metrics"]))))
    found["metrics"] = metrics = client.runs.metrics(run.id, points=points)
    found["log"] = _tail(client, run.id)
    found["files"] = files = client.runs.files(run.id, most=_FILES)["files"]
    if seen["endedAt"] is not None:
        found["images"] = _images(client, run.id, metrics, {f["name"]: f["size"] for f in files})
    return found


def _tail(client: Any, run_id: str) -> WireLogTail | None:
    try:
        piece = client.runs.log(run_id, CONSOLE, tail=_TAIL)
    except NotFound:
        return None
    return {
        "name": CONSOLE,
        "offset": piece.offset,
        "text": piece.data.decode("utf-8", "replace"),
        "size": piece.size,
    }


def _images(
    client: Any, run_id: str, metrics: WireMetrics, sizes: Mapping[str, int]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, logged in metrics["values"].items():
        file = _file_of(logged[-1]) if logged else None
        if file is None or sizes.get(file, _IMAGE_SIZE + 1) > _IMAGE_SIZE:
            continue
        url = _data_url(client, run_id, file)
        if url is not None:
            found[name] = url
        if len(found) == _IMAGES:
            break
    return found


def _file_of(value: WireValue) -> str | None:
    held = value["value"]
    file = held.get("file") if value["kind"] == "image" and isinstance(held, dict) else None
    return file if isinstance(file, str) else None


def _data_url(client: Any, run_id: str, file: str) -> str | None:
    try:
        data: bytes = client.runs.file(run_id, file)
    except AmlError:
        # A card without one of its pictures is better than none.
        return None
    for mark, kind in _KINDS.items():
        if data.startswith(mark):
            return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return None
