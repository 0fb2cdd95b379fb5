"""The live view for front ends without our renderer: the kernel feeds it once a second."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from jupyter_aml.client.patience import quietly
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.widgets.card import card
from jupyter_aml.widgets.shown import Shown
from jupyter_aml.wire.stored import WireCard

SCRIPT = Path(__file__).parent / "static" / "run.js"
_PERIOD = 1.0
_PATIENCE = 60


class RunWidget(anywidget.AnyWidget):
    """Draws the trait `card`; the page sends `{type: 'cancel'}` when the user asks for it."""

    card = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(self, run: Shown, seen: WireCard, script: str) -> None:
        super().__init__(card=seen, _esm=script)
        self._run = run
        self._closed = threading.Event()
        self.on_msg(self._receive)
        if not RunStatus(seen["run"]["status"]).is_final:
            given = (weakref.ref(self), self._closed, run)
            threading.Thread(target=follow, args=given, name="aml-widget", daemon=True).start()

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


def make(run: Shown, seen: WireCard) -> RunWidget:
    """Return a widget that follows the run; raises FileNotFoundError without built assets."""
    return RunWidget(run, seen, SCRIPT.read_text(encoding="utf-8"))


def follow(view: Callable[[], RunWidget | None], closed: threading.Event, run: Shown) -> None:
    """Feed the view once a second until the run has ended, the view is gone or closed.

    The thread holds the widget only while it draws, so that a forgotten one can go.
    """
    silent = 0
    while silent < _PATIENCE and not closed.wait(_PERIOD):
        problem = ""
        try:
            with quietly():
                seen = card(run)
            silent = 0
        except AmlError as error:
            silent, seen, problem = silent + 1, None, str(error)
        widget = view()
        if widget is None:
            return
        widget.problem = problem
        if seen is not None:
            widget.card = dict(seen)
            if RunStatus(seen["run"]["status"]).is_final:
                return
        del widget
