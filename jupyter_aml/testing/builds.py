"""A listener to builds that remembers, for tests and contract suites."""

from __future__ import annotations

from typing import Any

from jupyter_aml.domain import environment
from jupyter_aml.environments.protocol import Wish


class Heard:
    """Keeps what a build said and logged."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.logged = ""

    def say(self, line: str) -> None:
        """Take a line of progress."""
        self.said.append(line)

    def log(self, text: str) -> None:
        """Take a piece of the log."""
        self.logged += text


def a_wish(*extras: str, name: str = "demo", **sections: Any) -> Wish:
    """A wish; `sections` are those of the JSON form, such as `python={...}`."""
    return Wish(definition=environment.read({"name": name, **sections}), extras=extras)


def conda_wish(
    *dependencies: Any, channels: tuple[str, ...] = (), extras: tuple[str, ...] = ()
) -> Wish:
    """A wish for these entries of a conda specification."""
    conda = {"channels": list(channels), "dependencies": list(dependencies)}
    return a_wish(*extras, python={"condaDependencies": conda})
