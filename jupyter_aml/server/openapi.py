"""/aml/openapi.json: the interface as a machine reads it, made from the routes themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado.web import RequestHandler, authenticated

from jupyter_aml._version import __version__
from jupyter_aml.server.base import AmlHandler
from jupyter_aml.server.query import Query, Text
from jupyter_aml.server.schema import Schemas
from jupyter_aml.wire.events import WireEvent, WireSubscribe
from jupyter_aml.wire.protocol import WireProblem

Rule = tuple[str, type[RequestHandler], dict[str, Any]]

_PARAMETER = re.compile(r"\{(\+?)(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One method of a route: what it takes and what it answers."""

    answer: Any = None
    """A type of JSON, `bytes`, or None for no content."""
    status: int = 200
    query: tuple[Query, ...] = ()
    body: Any = None
    other: tuple[tuple[int, Any], ...] = ()
    """Further good answers: status and type."""
    also: tuple[str, ...] = ()
    """Media types in which the answer is given, too, to who accepts them."""


@dataclass(frozen=True, slots=True)
class Route:
    """A path below `aml/`, its handler and its methods.

    `{id}` stands for one part of the path, `{+name}` for all that is left.
    """

    path: str
    handler: type[RequestHandler]
    calls: dict[str, Call]
    on_socket_only: bool = False

    @property
    def pattern(self) -> str:
        """The path as a regular expression."""
        return "aml/" + _PARAMETER.sub(
            lambda match: "(.+)" if match[1] else "([^/]+)", self.path.replace(".", r"\.")
        )


class OpenApiHandler(AmlHandler):
    """/aml/openapi.json"""

    def initialize(self, document: dict[str, Any]) -> None:
        """Take the document that all requests share."""
        self._document = document

    @authenticated
    @authorized
    async def get(self) -> None:
        """Return the document."""
        self.reply(self._document)


ROUTES = (Route("openapi.json", OpenApiHandler, {"get": Call(answer=dict[str, object])}),)


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    schemas = Schemas()
    paths = {
        "/aml/" + _PARAMETER.sub(r"{\2}", route.path): {
            method: _operation(route, method, call, schemas) for method, call in route.calls.items()
        }
        for route in routes
    }
    schemas.of(WireSubscribe)
    schemas.of(WireEvent)
    return {
        "openapi": "3.1.0",
        "info": {"title": "jupyter_aml", "version": __version__},
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.components.items()))},
    }


def _operation(route: Route, method: str, call: Call, schemas: Schemas) -> dict[str, Any]:
    verb = getattr(route.handler, method)
    path_parameters = [
        {"name": match[2], "in": "path", "required": True, "schema": {"type": "string"}}
        for match in _PARAMETER.finditer(route.path)
    ]
    answers = ((call.status, call.answer), *call.other)
    good = {str(status): _answer(kind, schemas) for status, kind in answers}
    for media_type in call.also:
        good[str(call.status)]["content"][media_type] = {}
    operation: dict[str, Any] = {
        "operationId": f"{method}-{re.sub(r'[^a-z]+', '-', route.path.lower()).strip('-')}",
        "summary": (verb.__doc__ or "").strip().splitlines()[0],
        "parameters": path_parameters + [_parameter(each) for each in call.query],
        "responses": {
            **good,
            "default": _answer(WireProblem, schemas, "An error"),
        },
    }
    if call.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas.of(call.body)}},
        }
    return operation


def _parameter(query: Query) -> dict[str, Any]:
    many = isinstance(query, Text) and query.repeatable
    schema = query.schema()
    return {
        "name": query.name,
        "in": "query",
        "description": query.about,
        "schema": {"type": "array", "items": schema} if many else schema,
    }


def _answer(kind: Any, schemas: Schemas, about: str = "Done") -> dict[str, Any]:
    if kind is None:
        return {"description": about}
    if kind is bytes:
        return {"description": about, "content": {"*/*": {}}}
    return {"description": about, "content": {"application/json": {"schema": schemas.of(kind)}}}
