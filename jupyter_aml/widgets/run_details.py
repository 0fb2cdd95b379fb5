"""`RunDetails(run).show()`, as SDK v1 had it."""

from __future__ import annotations

from typing import Any

from jupyter_aml.widgets.display import View
from jupyter_aml.widgets.v1 import widget_data


class RunDetails:
    """Show one run: live where the front end can, else as it is now."""

    def __init__(self, run_instance: Any) -> None:
        self._run = run_instance

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Display the run and return at once; both arguments are SDK v1's and change nothing."""
        View(self._run, "full")

    def get_widget_data(self, widget_settings: Any = None) -> dict[str, Any]:
        """What SDK v1's widget was given to draw, as it is now."""
        return widget_data(self._run, widget_settings)
