"""The live view for front ends without our renderer: the kernel feeds it once a second."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from jupyter_aml import wire
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.widgets.card import card

SCRIPT = Path(__file__).parent / "static" / "run.js"
_PERIOD = 1.0
_PATIENCE = 60


class RunWidget(anywidget.AnyWidget):
    """Draws the trait `card`; the page sends `{type: 'cancel'}` when the user asks for it."""

    _esm = SCRIPT
    card = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(self, run: Any, seen: wire.WireCard) -> None:
        super().__init__(card=seen)
        self._run = run
        self._closed = threading.Event()
        self.on_msg(self._receive)
        if not RunStatus(seen["run"]["status"]).is_final:
            follow = (weakref.ref(self), self._closed, run)
            threading.Thread(target=_feed, args=follow, name="aml-widget", daemon=True).start()

    def close(self) -> None:
        """Stop following the run."""
        self._closed.set()
        super().close()

    def _receive(self, widget: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "cancel":
            try:
                self._run.cancel()
            except AmlError as error:
                self.problem = str(error)


def _feed(view: weakref.ref[RunWidget], closed: threading.Event, run: Any) -> None:
    # The thread holds the widget only while it draws, so that a forgotten one can go.
    silent = 0
    while silent < _PATIENCE and not closed.wait(_PERIOD):
        try:
            seen = card(run)
        except AmlError as error:
            silent += 1
            if (widget := view()) is not None:
                widget.problem = str(error)
            continue
        silent = 0
        if (widget := view()) is None:
            return
        widget.problem, widget.card = "", seen
        del widget
        if RunStatus(seen["run"]["status"]).is_final:
            return
