"""Kinds of compute targets that users create or attach, such as `slurm`.

Packages add kinds, and targets of their own, through the entry points `jupyter_aml.compute`: each
names a function that takes `TargetSettings` and returns kinds and targets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from jupyter_aml.compute.target import Target
from jupyter_aml.domain.compute import ComputeDefinition
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean

_LARGEST = 1_000_000_000_000

FieldType = Literal["text", "number", "flag", "choice", "lines", "secret"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a kind: checked, and offered in the form of the sidebar."""

    name: str
    label: str
    type: FieldType = "text"
    help: str = ""
    is_required: bool = False
    choices: tuple[str, ...] = ()
    default: str | float | bool | None = None

    def checked(self, value: Any) -> Any:
        """The value as it is kept; raises Invalid, which names the setting."""
        is_wanted = isinstance(value, _WANTED[self.type])
        if not is_wanted or isinstance(value, bool) is not (self.type == "flag"):
            got = "something else" if self.type == "secret" else repr(value)
            raise Invalid(f"{self.name}: expected {_SAID[self.type]}, got {got}")
        if self.type == "number" and not -_LARGEST <= value <= _LARGEST:
            raise Invalid(f"{self.name}: expected a number from {-_LARGEST:,} to {_LARGEST:,}")
        if self.type == "choice" and value not in self.choices:
            raise Invalid(f"{self.name}: {value!r} is none of {', '.join(self.choices)}")
        if self.type == "lines":
            if not all(isinstance(line, str) for line in value):
                raise Invalid(f"{self.name}: expected a list of texts, got {value!r}")
            return list(value)
        return value


_WANTED: Mapping[FieldType, type | tuple[type, ...]] = {
    "text": str, "choice": str, "secret": str, "number": (int, float), "flag": bool,
    "lines": (list, tuple),
}  # fmt: skip
_SAID: Mapping[FieldType, str] = {
    "text": "text", "choice": "text", "secret": "text", "number": "a number",
    "flag": "true or false", "lines": "a list of texts",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TargetPlace:
    """What a kind is given to open a target with."""

    folder: Path
    """A folder of the target's own, on the disk of the root; it need not be there yet."""
    root: Path
    secret: Callable[[str], str]
    """The value of a setting that is `secret://...`; it blocks."""
    moved: Callable[[], None]
    """To be called when the nodes have changed."""


class Kind:
    """One kind of target. It is made once an engine."""

    name: str
    type: str
    """What SDK v1 calls targets of this kind."""
    label: str
    """What people call it."""
    help: str = ""
    """A sentence for who chooses a kind."""
    settings: tuple[Setting, ...] = ()
    has_nodes: bool = False
    """Whether the numbers of nodes and their size say something of it."""
    is_scaled: bool = True
    """Whether it may be chosen how many nodes it has, where it has nodes."""
    is_known_only: bool = False
    """Whether it is known by its name, and takes no runs here."""
    is_attached: bool = True
    """Whether what it stands for is there before, so that it is attached and not created."""

    @property
    def secrets(self) -> frozenset[str]:
        """The settings that are kept in the vault, whatever their names sound like."""
        return frozenset(each.name for each in self.settings if each.type == "secret")

    def checked(self, definition: ComputeDefinition) -> ComputeDefinition:
        """The definition as it is kept; raises Invalid for a setting that is wrong or missing."""
        known = {setting.name: setting for setting in self.settings}
        for name in definition.settings:
            if name not in known:
                raise Invalid(
                    f"{name}: no setting of a target of kind {self.name!r}"
                    f"{did_you_mean(name, known)}"
                )
        for setting in self.settings:
            if setting.is_required and definition.settings.get(setting.name) in (None, ""):
                raise Invalid(f"{setting.name}: a target of kind {self.name!r} needs it")
        settings = {
            name: known[name].checked(value)
            for name, value in definition.settings.items()
            if value is not None
        }
        return replace(definition, settings=settings)

    async def probe(self, definition: ComputeDefinition, place: TargetPlace) -> str:
        """Connect to it and say in a sentence what is there; raises Invalid or Unreachable."""
        return f"{self.label}: nothing to connect to"

    def open(self, definition: ComputeDefinition, place: TargetPlace) -> Target:
        """Return the target; connects to nothing yet."""
        raise NotImplementedError
