"""What every verb of `%aml` is: arguments to read, one call to make, a value to return."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.error import UsageError

from jupyter_aml.domain.near import near
from jupyter_aml.magics import line
from jupyter_aml.sdk._run.references import FORMS

if TYPE_CHECKING:
    from jupyter_aml.magics.session import Session


class HelpShown(Exception):
    """The user asked for help and has got it; nothing is to be run."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError and fills in the notebook's variables."""

    def __init__(self, *, names: Mapping[str, Any], **given: Any) -> None:
        super().__init__(
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **given,
        )
        self._names = names
        self.add_argument("-h", "--help", action="store_true", help="show this and run nothing")

    def read(self, words: list[str]) -> argparse.Namespace:
        """Read the words; `-h` anywhere among the options prints the help and raises HelpShown."""
        if any(word in ("-h", "--help") for word in words[: _end_of_options(words)]):
            print(self.format_help().rstrip())
            raise HelpShown
        # What takes all that is left knows no options behind it.
        takes_all = any(action.nargs == argparse.REMAINDER for action in self._actions)
        parse = self.parse_known_args if takes_all else self.parse_known_intermixed_args
        found, rest = parse(words)
        if rest:
            self._refuse(rest[0])
        return found

    def error(self, message: str) -> NoReturn:
        """One line, as every mistake of the user."""
        raise UsageError(f"{self.prog}: {message} ({self.prog} -h shows how)")

    def name_run(self, name: str = "run", nargs: str | None = None) -> None:
        """Declare the run, or the runs, that the verb is about."""
        told = f"{FORMS}, or a variable that holds a run"
        self.add_argument(name, nargs=nargs, type=self.text, metavar="RUN", help=told)

    @property
    def options(self) -> list[str]:
        """All options, for completion."""
        return sorted(option for action in self._actions for option in action.option_strings)

    def option(self, word: str) -> argparse.Action | None:
        """The option of that spelling."""
        return self._option_string_actions.get(word)

    # ---- types of values: each fills in `$name` first ---------------------------------------

    def text(self, word: str) -> str:
        """A text."""
        return line.expand(word, self._names)

    def span(self, word: str) -> timedelta:
        """A time limit."""
        return line.span(self.text(word))

    def pair(self, word: str) -> tuple[str, str]:
        """A `K=V` of two texts."""
        key, value = line.pair(word)
        return key, self.text(value)

    def parameter(self, word: str) -> tuple[str, Any]:
        """A typed `K=V`."""
        return line.parameter(word, self._names)

    def count(self, word: str) -> int:
        """A whole number from 1 on."""
        text = self.text(word)
        if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) <= 9):
            raise UsageError(f"{self.prog}: {text!r} is not a number from 1 on")
        return int(text)

    def _refuse(self, word: str) -> NoReturn:
        if word.startswith("-"):
            close = near(word.split("=", 1)[0], self.options, 1)
            did = f"; did you mean {close[0]}?" if close else ""
            raise UsageError(f"{self.prog} has no option {word}{did} ({self.prog} -h lists them)")
        raise UsageError(f"{self.prog}: {word!r} is one word too many ({self.prog} -h shows how)")


class Verb:
    """One verb. The class's docstring is its help, the first line its summary."""

    name = ""
    usage = ""
    takes_cell = False
    """Whether it is said as `%%aml`, with a cell."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def summary(self) -> str:
        """One line for the list of verbs."""
        return (self.__doc__ or "").strip().splitlines()[0]

    @property
    def word(self) -> str:
        """What is typed to call it, the last word of its name."""
        return self.name.rpartition(" ")[2]

    @property
    def program(self) -> str:
        """How the verb is called."""
        return f"{'%%' if self.takes_cell else '%'}aml {self.name}"

    def parser(self) -> Parser:
        """A parser that knows this verb's arguments."""
        parser = Parser(
            names=self.session.names,
            prog=self.program,
            usage=f"{self.program} {self.usage}".replace("%", "%%").strip(),
            description=_dedent(self.__doc__ or ""),
        )
        self.arguments(parser)
        return parser

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Offer what may stand behind the positional arguments `before`."""
        return []

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Offer values of an option; None leaves it to others, such as file names."""
        return []

    def __call__(self, args: argparse.Namespace, cell: str) -> Any:
        """Do it; the cell is empty for a line magic."""
        raise NotImplementedError


def unique(pairs: list[tuple[str, Any]], option: str) -> dict[str, Any]:
    """What was given as `K=V`, by key; UsageError for a key that is given twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UsageError(f"{option} {key}=... is given twice")
        found[key] = value
    return found


def _end_of_options(words: list[str]) -> int:
    return words.index("--") if "--" in words else len(words)


def _dedent(text: str) -> str:
    head, _, rest = text.strip().partition("\n")
    return "\n".join([head, *(row.strip() for row in rest.splitlines())])
