"""Parameters of a stored procedure, as SqlDataReference takes them."""

from __future__ import annotations

from enum import Enum


class StoredProcedureParameterType(Enum):
    """The types of such parameters."""

    String = "String"
    Int = "Int"
    Decimal = "Decimal"
    Guid = "Guid"
    Boolean = "Boolean"
    Date = "Date"


class StoredProcedureParameter:
    """A parameter by name; without a type it is a text."""

    def __init__(
        self, name: str, value: str, type: StoredProcedureParameterType | None = None
    ) -> None:
        self.name, self.value = name, value
        self.type = type or StoredProcedureParameterType.String
