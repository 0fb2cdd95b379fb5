"""Which models are listed, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.model import Model
from jupyter_aml.engine.registry import Registered

Known = Registered[Model]
Labels = tuple[tuple[str, str | None], ...]
"""Keys that must be there, with the value that they must have, or any."""


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """What a listed model must be: all that is said must hold."""

    name: str | None = None
    tags: Labels = ()
    properties: Labels = ()
    run: str | None = None
    framework: str | None = None
    dataset: str | None = None
    """The id or name of a data set that it was made with, or `name:version`."""
    only_newest: bool = False

    def takes(self, known: Known) -> bool:
        """Whether a version is listed."""
        model = known.definition
        return (
            (self.name is None or known.name == self.name)
            and (self.run is None or (model.maker is not None and model.maker.run == self.run))
            and (self.framework is None or _same(self.framework, model.framework))
            and _has(known.tags, self.tags)
            and _has(model.properties, self.properties)
            and (self.dataset is None or self._uses(model, self.dataset))
        )

    def _uses(self, model: Model, wanted: str) -> bool:
        return any(wanted in (use.id, use.name, f"{use.name}:{use.version}") for use in model.data)


def chosen(every: Iterable[Known], choice: ModelChoice) -> list[Known]:
    """Of versions, of which the newest is the first, those that are listed, in that order."""
    found = [known for known in every if not known.is_archived and choice.takes(known)]
    if not choice.only_newest:
        return found
    newest: dict[str, Known] = {}
    for known in found:
        if known.name not in newest or known.number > newest[known.name].number:
            newest[known.name] = known
    return sorted(newest.values(), key=_age, reverse=True)


def page(listed: list[Known], *, after: str | None, most: int) -> tuple[list[Known], str | None]:
    """So many of a list, from behind `after` on, and what the next page begins behind."""
    begin = 0
    if after is not None:
        parts = after.split(" ")
        if len(parts) != 3 or not parts[2].isdecimal():
            raise Invalid(f"after={after[:80]!r} is no end of a page")
        mark = (parts[0], parts[1], int(parts[2]))
        begin = next((at for at, known in enumerate(listed) if _age(known) < mark), len(listed))
    some = listed[begin : begin + most]
    is_last = begin + most >= len(listed)
    return some, None if is_last or not some else " ".join(map(str, _age(some[-1])))


def _age(known: Known) -> tuple[str, str, int]:
    return known.created_at, known.name, known.number


def _has(there: Mapping[str, str], wanted: Labels) -> bool:
    return all(key in there and (value is None or there[key] == value) for key, value in wanted)


def _same(wanted: str, framework: str | None) -> bool:
    return framework is not None and wanted.lower() == framework.lower()
