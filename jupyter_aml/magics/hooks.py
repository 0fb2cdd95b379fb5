"""Hangs our completion and our forms of cells into IPython."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from IPython.core.completer import SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.error import TryNext, UsageError
from IPython.core.magic import no_var_expand

from jupyter_aml.magics.cells import pip_lines
from jupyter_aml.magics.cells.forms import Forms
from jupyter_aml.magics.completion import complete
from jupyter_aml.magics.run.submit_file import SubmitFile
from jupyter_aml.magics.session import Session
from jupyter_aml.magics.verbs import Verbs

_BELOW_CODE = "%aml"
"""The line magic that IPython looks for where `%%aml` is not the first line of a cell."""


class Hooks:
    """How IPython asks for completions, in two ways, and for what a cell means."""

    def __init__(self, ip: Any, session: Session, verbs: Verbs) -> None:
        self._ip, self.session, self._verbs = ip, session, verbs
        self._transformations = (Forms(SubmitFile(session).parser), pip_lines.transform)

        @context_matcher(identifier="jupyter_aml")  # type: ignore[untyped-decorator,unused-ignore]
        def matcher(context: Any) -> SimpleMatcherResult:
            return self._match(context)

        self._matcher = matcher

    def add(self) -> None:
        """Take part in completion and in what cells mean."""
        self._ip.input_transformers_cleanup.extend(self._transformations)
        self._ip.register_magic_function(_below_code, "line", _BELOW_CODE)
        self._ip.events.register("post_run_cell", self.session.views.tell)
        for key in ("%aml", "%%aml"):
            self._ip.set_hook("complete_command", self._hook, str_key=key)
        self._ip.Completer.custom_matchers.insert(0, self._matcher)

    def remove(self) -> None:
        """Take part no more."""
        self._ip.magics_manager.magics["line"].pop(_BELOW_CODE, None)
        with suppress(ValueError):
            self._ip.events.unregister("post_run_cell", self.session.views.tell)
        for each in self._transformations:
            with suppress(ValueError):
                self._ip.input_transformers_cleanup.remove(each)
        if self._matcher in self._ip.Completer.custom_matchers:
            self._ip.Completer.custom_matchers.remove(self._matcher)
        for key in ("%aml", "%%aml"):
            self._ip.strdispatchers["complete_command"].strs.pop(key, None)

    def _hook(self, shell: Any, event: Any) -> list[str]:
        found = complete(event.text_until_cursor, self._verbs)
        if found is None:
            raise TryNext
        return found[1]

    def _match(self, context: Any) -> SimpleMatcherResult:
        found = complete(first_line(context), self._verbs)
        if found is None:
            return {"completions": []}
        word, offered = found
        return {
            "completions": [SimpleCompletion(text=text, type="magic") for text in offered],
            "matched_fragment": word,
            "suppress": True,
            "ordered": True,
        }


def first_line(context: Any) -> str:
    """The line up to the cursor, with the lines that continue it by a backslash."""
    rows = context.full_text.split("\n")[: context.cursor_line]
    line = str(context.line_with_cursor)[: context.cursor_position]
    while rows and rows[-1].rstrip().endswith("\\"):
        line = f"{rows.pop().rstrip()[:-1]} {line}"
    return line


@no_var_expand  # type: ignore[untyped-decorator,unused-ignore]
def _below_code(line: str) -> None:
    """Say where `%%aml` belongs."""
    raise UsageError(
        "%%aml is the first line of a cell, below comments only: "
        "move what stands above it into a cell of its own"
    )
