"""Puts a run on the page, and once more when it has ended."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.widgets.bundle import bundle
from jupyter_aml.widgets.html import Show
from jupyter_aml.widgets.plain import clean
from jupyter_aml.widgets.shown import Shown


class View:
    """One output that shows a run."""

    def __init__(self, run: Shown, show: Show) -> None:
        self._run, self._show = run, show
        self._handle: Any = None
        forms = self._forms()
        if "IPython" not in sys.modules:
            print(forms["text/plain"])
            return
        from IPython import display

        show_forms: Any = display.display
        self._handle = show_forms(forms, raw=True, display_id=True)

    def refresh(self) -> None:
        """Show the run as it is now, in the same place."""
        if self._handle is not None:
            self._handle.update(self._forms(), raw=True)

    def _forms(self) -> dict[str, Any]:
        try:
            return bundle(self._run, show=self._show)
        except AmlError as error:
            # An output must not fail because the server is away.
            return {"text/plain": clean(f"Run {self._run.id}: cannot be shown now: {error}")}
