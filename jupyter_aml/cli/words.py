"""Words of the shell as values; their mistakes are told as argparse tells its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk._submit import command_line


class Values:
    """How words become values."""

    def __init__(self) -> None:
        self.text: Callable[[str], Any] = str
        self.pair, self.parameter, self.span = map(
            _type, (command_line.pair, command_line.parameter, command_line.span)
        )


def _type(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return partial(_typed, read)


def _typed(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except Invalid as error:
        raise argparse.ArgumentTypeError(str(error)) from None


WORDS = Values()
