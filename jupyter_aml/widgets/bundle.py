"""The MIME bundle of a run: each front end takes the best form that it knows."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from typing import Any

from jupyter_aml.widgets.card import card
from jupyter_aml.widgets.html import Show, html, text
from jupyter_aml.widgets.shown import Shown
from jupyter_aml.wire.stored import RUN_MIME, WireBundle, WireCard

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
_VERSION = 1


def bundle(run: Shown, *, show: Show = "full", widget: bool | None = None) -> dict[str, Any]:
    """Return the forms of the run as it is now; raises what the client raises.

    The live view of the kernel is added only where the front end has no renderer of ours, or
    where `widget` says so: in a converted notebook it would displace the static form.
    """
    seen = card(run)
    data: WireBundle = {
        "version": _VERSION,
        "runId": seen["run"]["runId"],
        "workspace": seen["run"]["workspace"],
        "show": show,
        "snapshot": seen,
    }
    now = datetime.now(timezone.utc)
    forms: dict[str, Any] = {
        RUN_MIME: data,
        "text/html": html(seen, show=show, now=now),
        "text/plain": text(seen["run"], now=now),
    }
    if needs_widget() if widget is None else widget:
        forms.update(_widget(run, seen))
    return forms


def needs_widget() -> bool:
    """Whether the front end cannot have our renderer; `AML_WIDGET=1` or `0` decides it."""
    told = os.environ.get("AML_WIDGET")
    if told in ("0", "1"):
        return told == "1"
    shell = _shell()
    in_vscode = "VSCODE_PID" in os.environ or (
        shell is not None and "__vsc_ipynb_file__" in shell.user_ns
    )
    return in_vscode or "google.colab" in sys.modules


def _shell() -> Any:
    # A process that has not imported IPython is no notebook.
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _widget(run: Shown, seen: WireCard) -> dict[str, Any]:
    from jupyter_aml.widgets.run_widget import SCRIPT, make

    if not SCRIPT.is_file():
        # A checkout without its built assets still shows the static form.
        return {}
    model = make(run, seen)
    return {WIDGET_MIME: {"version_major": 2, "version_minor": 0, "model_id": model.model_id}}
