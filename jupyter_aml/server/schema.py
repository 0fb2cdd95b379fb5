"""JSON schema of the types in `wire/`, so that the OpenAPI document cannot tell another story."""

from __future__ import annotations

import types
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints
from typing import is_typeddict as is_object

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}


class Schemas:
    """Collects the schema of every type that is mentioned."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type; objects become references to `components`."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if is_object(kind):
            self._add(kind)
            return {"$ref": f"#/components/schemas/{kind.__name__}"}
        arguments, origin = get_args(kind), get_origin(kind)
        if origin in (Required, NotRequired):
            return self.of(arguments[0])
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(each) for each in arguments]}
        raise TypeError(f"{kind!r} has no schema")

    def _add(self, kind: Any) -> None:
        if kind.__name__ in self.components:
            return
        schema = self.components[kind.__name__] = {"type": "object"}
        hints = get_type_hints(kind, include_extras=True)
        schema["properties"] = {name: self.of(hint) for name, hint in hints.items()}
        required = [name for name, hint in hints.items() if _is_required(kind, name, hint)]
        if required:
            schema["required"] = required
        if kind.__doc__:
            schema["description"] = " ".join(kind.__doc__.split())


def _is_required(kind: Any, name: str, hint: Any) -> bool:
    # `__required_keys__` does not see through annotations that are strings.
    if get_origin(hint) is NotRequired:
        return False
    return name in kind.__required_keys__ or get_origin(hint) is Required
