"""Arguments of a query string: read by the handlers and described by the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tornado.web import RequestHandler

from jupyter_aml.domain.errors import Invalid


@dataclass(frozen=True, slots=True)
class Text:
    """One text, or all texts of a name that may be repeated."""

    name: str
    about: str
    repeatable: bool = False

    def read(self, handler: RequestHandler) -> str | None:
        """Return the text, or None where it is not given or empty."""
        return handler.get_query_argument(self.name, None, strip=False) or None

    def read_all(self, handler: RequestHandler) -> list[str]:
        """Return every text given under this name."""
        return handler.get_query_arguments(self.name, strip=False)

    def schema(self) -> dict[str, Any]:
        """Describe the argument as JSON schema."""
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within bounds."""

    name: str
    about: str
    low: int
    high: int
    default: int | None = None

    def read(self, handler: RequestHandler) -> int | None:
        """Return the number or its default; raises Invalid."""
        text = handler.get_query_argument(self.name, None)
        if text is None:
            return self.default
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise Invalid(f"{self.name}={text[:40]!r} is not a whole number")
        if not self.low <= int(text) <= self.high:
            raise Invalid(f"{self.name}={text} is not between {self.low} and {self.high}")
        return int(text)

    def given(self, handler: RequestHandler) -> int:
        """Like `read`, for a number that has a default."""
        value = self.read(handler)
        assert value is not None
        return value

    def schema(self) -> dict[str, Any]:
        """Describe the argument as JSON schema."""
        plain = {} if self.default is None else {"default": self.default}
        return {"type": "integer", "minimum": self.low, "maximum": self.high, **plain}


Query = Text | Number
