"""Reads the fields of JSON objects; every error names the field that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_aml.domain.errors import Invalid


class Fields:
    """Reads the fields of one JSON object and names the one that is wrong."""

    def __init__(self, what: str, data: Any) -> None:
        if not isinstance(data, Mapping):
            raise Invalid(f"{what}: expected an object, got {type(data).__name__}")
        self._what, self._data = what, data

    def _wrong(self, name: str, wanted: str) -> Invalid:
        got = type(self._data.get(name)).__name__
        return Invalid(f"{self._what}.{name}: expected {wanted}, got {got}")

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        value = self._data.get(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return value

    def optional(self, name: str) -> str | None:
        """A text, or None where it is null or left out."""
        return None if self._data.get(name) is None else self.text(name)

    def number(self, name: str, default: float | None) -> float | None:
        """A number, or null."""
        value = self._data.get(name, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self._wrong(name, "a number")
        return value

    def whole(self, name: str, default: int | None) -> int | None:
        """A whole number, or null."""
        value = self.number(name, default)
        try:
            return None if value is None else int(value)
        except OverflowError:
            raise self._wrong(name, "a whole number") from None

    def flag(self, name: str) -> bool:
        """True or false, which it is where it is left out."""
        value = self._data.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts, empty where it is left out."""
        value = self._data.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of texts")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        """An object, empty where it is left out."""
        value = self._data.get(name, {})
        if not isinstance(value, Mapping):
            raise self._wrong(name, "an object")
        return value

    def text_map(self, name: str) -> dict[str, str]:
        """An object of texts, empty where it is left out."""
        value = self.mapping(name)
        if not all(isinstance(key, str) and isinstance(item, str) for key, item in value.items()):
            raise self._wrong(name, "an object of texts")
        return dict(value)
