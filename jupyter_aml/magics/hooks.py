"""Hangs our completion into IPython: a hook for `%aml` lines, a matcher for `r = %aml` lines."""

from __future__ import annotations

from typing import Any

from IPython.core.completer import SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.error import TryNext

from jupyter_aml.magics.completion import complete
from jupyter_aml.magics.session import Session
from jupyter_aml.magics.verbs import Verbs


class Hooks:
    """The two ways in which IPython asks for completions."""

    def __init__(self, ip: Any, session: Session, verbs: Verbs) -> None:
        self._ip, self.session, self._verbs = ip, session, verbs

        @context_matcher(identifier="jupyter_aml")  # type: ignore[untyped-decorator,unused-ignore]
        def matcher(context: Any) -> SimpleMatcherResult:
            return self._match(context)

        self._matcher = matcher

    def add(self) -> None:
        """Take part in completion."""
        for key in ("%aml", "%%aml"):
            self._ip.set_hook("complete_command", self._hook, str_key=key)
        self._ip.Completer.custom_matchers.insert(0, self._matcher)

    def remove(self) -> None:
        """Take part no more."""
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
