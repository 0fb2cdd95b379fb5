"""Which run is meant: what people write for one, in the shell as in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.domain.near import near
from jupyter_aml.sdk._run import filters

if TYPE_CHECKING:
    from jupyter_aml.client import Client
    from jupyter_aml.wire.runs import WireRun

FORMS = "an id or its beginning, EXPERIMENT#NUMBER, EXPERIMENT#last, #NUMBER, or last"
_RECENT = 100
_PAGE = 500


class References:
    """Finds runs of one workspace by what is written for them.

    `here` is the experiment that `#number` speaks of first; `lists` says how runs are listed.
    """

    def __init__(
        self,
        client: Client,
        workspace: str,
        *,
        here: str | None = None,
        lists: str = "jupyter aml ls",
    ) -> None:
        self._client, self._workspace = client, workspace
        self._here, self._lists = here, lists

    def find(self, text: str) -> WireRun:
        """Return the run; NotFound tells what comes near, Invalid what else may be meant."""
        if text == "last":
            return self.last()
        name, mark, number = text.rpartition("#")
        if mark and number == "last":
            return self.last(name or self._here)
        if mark and number.isascii() and number.isdigit():
            return self._numbered(name, int(number))
        return self._by_id(text)

    def last(self, experiment: str | None = None) -> WireRun:
        """The newest run that is no child of another."""
        query: dict[str, Any] = {} if experiment is None else {"experiment": experiment}
        for page in filters.pages(self._client, workspace=self._workspace, **query):
            for run in page["runs"]:
                if run["parentId"] is None:
                    return run
        raise NotFound(f"{self._where(experiment)} has no runs yet")

    def _numbered(self, name: str, number: int) -> WireRun:
        for experiment in [name] if name else dict.fromkeys([self._here, None]):
            there = self._down_to(experiment, number)
            found = [run for run in there if run["number"] == number and not run["parentId"]]
            if len(found) == 1:
                return found[0]
            if found:
                listed = ", ".join(f"{run['experiment']}#{number}" for run in found[:5])
                raise Invalid(f"#{number} is a run of several experiments: {listed}")
        where = self._where(name or None)
        raise NotFound(f"there is no run #{number} in {where} ({self._lists} lists the runs)")

    def _down_to(self, experiment: str | None, number: int) -> list[WireRun]:
        # Numbers fall in this order, so the search ends with the first page that goes below.
        query: dict[str, Any] = {"sort": "-number", "limit": _PAGE, "workspace": self._workspace}
        if experiment is not None:
            query["experiment"] = experiment
        found: list[WireRun] = []
        while True:
            page = self._client.runs.page(**query)
            found += page["runs"]
            if not page["next"] or not page["runs"] or page["runs"][-1]["number"] < number:
                return found
            query["after"] = page["next"]

    def _by_id(self, text: str) -> WireRun:
        if _is_word(text):
            try:
                return self._client.runs.get(text)
            except NotFound:
                pass  # It may be the beginning of one.
            page = self._client.runs.page(
                workspace=self._workspace, filter=f'"{text}"', limit=_PAGE
            )
            found = [run for run in page["runs"] if run["runId"].startswith(text)]
            if len(found) == 1:
                return found[0]
            if found:
                listed = ", ".join(run["runId"] for run in found[:5])
                raise Invalid(f"{text!r} is the beginning of {len(found)} runs: {listed}")
        recent = self._client.runs.page(workspace=self._workspace, limit=_RECENT)
        close = near(text, [run["runId"] for run in recent["runs"]], 2)
        did = (
            f"; did you mean {' or '.join(close)}?" if close else f" ({self._lists} lists the runs)"
        )
        raise NotFound(f"there is no run {text[:80]!r}{did}")

    def _where(self, experiment: str | None) -> str:
        if experiment is not None:
            return f"experiment {experiment!r}"
        return f"workspace {self._workspace!r}"


def _is_word(text: str) -> bool:
    return all(letter.isalnum() or letter in "_-" for letter in text) and bool(text)
