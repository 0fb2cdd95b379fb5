"""IPython in the process of a test, which leaves nothing behind when the test is over."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@contextmanager
def an_ipython(config: Config | None = None) -> Iterator[InteractiveShell]:
    """The shell of the process, until the body ends."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    try:
        yield shell
    finally:
        # IPython keeps every shell until the process ends, with all that its cells have made.
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
        InteractiveShell.clear_instance()
