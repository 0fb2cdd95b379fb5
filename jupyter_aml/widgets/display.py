"""Puts runs on the page: as a cell's value, by request, and once more when they have ended."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.widgets.bundle import bundle
from jupyter_aml.widgets.html import Show
from jupyter_aml.widgets.plain import clean

if TYPE_CHECKING:
    from jupyter_aml.sdk.core import Run

Wish = Literal["full", "mini", "none"]


class View:
    """One output that shows a run."""

    def __init__(self, run: Run, show: Show) -> None:
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


class Views:
    """How runs are shown in one shell. What a magic wishes holds for the cell at work."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._wish: tuple[str, int, Wish] | None = None

    def prefer(self, run: Run, show: Wish) -> None:
        """Let the run, as this cell's value, be shown in this way."""
        self._wish = (run.id, self._shell.execution_count, show)

    def open(self, run: Run, show: Wish) -> View | None:
        """Show the run now, unless nothing is wished."""
        return None if show == "none" else View(run, show)

    def display(self, run: Run) -> None:
        """Show a run that is a cell's value."""
        self.open(run, self._wished(run))

    def _wished(self, run: Run) -> Wish:
        if self._wish is None:
            return "full"
        run_id, count, show = self._wish
        return show if (run_id, count) == (run.id, self._shell.execution_count) else "full"


def register(shell: Any) -> Views:
    """Let runs show themselves as cards in this shell."""
    from jupyter_aml.sdk.core import Run

    views = Views(shell)
    shell.display_formatter.ipython_display_formatter.for_type(Run, views.display)
    return views
