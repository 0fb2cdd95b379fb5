"""How runs show themselves in one shell: as a cell's value, and as a magic wishes."""

from __future__ import annotations

from typing import Any, Literal

from jupyter_aml.sdk.core import Run
from jupyter_aml.widgets.display import View

Wish = Literal["full", "mini", "none"]
_MOST_TOLD = 20


class Views:
    """How runs are shown in one shell. What a magic wishes holds for the cell at work."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._wish: tuple[str, int, Wish] | None = None
        self._expected: dict[str, Run] = {}

    def prefer(self, run: Run, show: Wish) -> None:
        """Let the run, as this cell's value, be shown in this way."""
        self._wish = (run.id, self._shell.execution_count, show)

    def expect(self, run: Run) -> None:
        """Say in words that the run is sent, should the cell at work end without showing it."""
        self._expected[run.id] = run

    def tell(self, result: Any) -> None:
        """At the end of a cell: a loop, or a line that is not its last, shows no run."""
        sent, self._expected = list(self._expected.values()), {}
        if str(result.info.raw_cell).rstrip().endswith(";"):
            return
        for run in sent[:_MOST_TOLD]:
            print(f"{run.seen['experiment']} #{run.number} is sent")
        if len(sent) > _MOST_TOLD:
            print(f"and {len(sent) - _MOST_TOLD} more")

    def open(self, run: Run, show: Wish) -> View | None:
        """Show the run now, unless nothing is wished."""
        return None if show == "none" else View(run, show)

    def display(self, run: Run) -> None:
        """Show a run that is a cell's value."""
        self._expected.pop(run.id, None)
        self.open(run, self._wished(run))

    def _wished(self, run: Run) -> Wish:
        if self._wish is None:
            return "full"
        run_id, count, show = self._wish
        return show if (run_id, count) == (run.id, self._shell.execution_count) else "full"


def register(shell: Any) -> Views:
    """Let runs show themselves as cards in this shell."""
    views = Views(shell)
    shell.display_formatter.ipython_display_formatter.for_type(Run, views.display)
    return views
