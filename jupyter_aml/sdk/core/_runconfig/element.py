"""What every part of a run configuration shares: names that are checked, and a JSON form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from jupyter_aml.domain.near import near
from jupyter_aml.sdk.exceptions import UserErrorException

Kind = TypeVar("Kind", bound="Element")


class Element:
    """A part of a run configuration. Its file holds it by the names of its attributes."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that the class has; AttributeError for any other."""
        if not name.startswith("_") and name not in self._names():
            close = near(name, self._names())
            there = ", ".join(sorted(self._names()))
            cure = f"did you mean {close[0]!r}?" if close else f"there are {there}"
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}; {cure}")
        super().__setattr__(name, value)

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return tuple(name for name in cls.__annotations__ if not name.startswith("_"))

    def _to_json(self) -> dict[str, Any]:
        return {camel(name): told(getattr(self, name)) for name in self._names()}

    @classmethod
    def _from_json(cls: type[Kind], data: Any, where: str) -> Kind:
        """Read what a file holds; raises UserErrorException naming the place."""
        made = cls()
        if data is None:
            return made
        if not isinstance(data, Mapping):
            raise UserErrorException(f"{where}: expected names with values, got {data!r}")
        for key, value in data.items():
            name = snake(str(key))
            if name not in cls._names():
                close = near(name, cls._names())
                cure = f"; did you mean {camel(close[0])!r}?" if close else ""
                raise UserErrorException(f"{where}: there is no {str(key)!r} here{cure}")
            setattr(made, name, made._read(name, value, f"{where}.{key}"))
        return made

    def _read(self, name: str, value: Any, where: str) -> Any:
        """The value of an attribute as a file holds it."""
        there = getattr(self, name)
        return type(there)._from_json(value, where) if isinstance(there, Element) else value

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names())
        return f"{type(self).__name__}({said})"


def told(value: Any) -> Any:
    """A value as a file holds it."""
    if isinstance(value, Element):
        return value._to_json()
    if isinstance(value, Mapping):
        return {str(key): told(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [told(each) for each in value]
    return value


def camel(name: str) -> str:
    """`path_on_compute` as `pathOnCompute`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def snake(name: str) -> str:
    """`pathOnCompute` as `path_on_compute`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)
