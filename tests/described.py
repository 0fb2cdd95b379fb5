"""Whether what goes over HTTP is as the OpenAPI document of the routes describes it."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from jsonschema import Draft202012Validator

from jupyter_aml.server.openapi import document
from jupyter_aml.server.routes import ROUTES

DOCUMENT = document(ROUTES)


def wrong_in_answer(method: str, path: str, status: int, answer: Any) -> list[str]:
    """What an answer says otherwise than its route; a path has no `/aml/` in front."""
    route = _route(path)
    if route is None or method.lower() not in route.calls:
        return [] if status in (404, 405) else [f"{method} {path} is no route"]
    responses = _described(route.path)[method.lower()]["responses"]
    is_error = status >= 400
    if not is_error and str(status) not in responses:
        return [f"{method} {path} answered {status}, not {', '.join(responses)}"]
    return _wrong(responses["default" if is_error else str(status)], answer, f"{method} {path}")


def wrong_in_request(method: str, path: str, body: Any) -> list[str]:
    """What is asked otherwise than the route takes it."""
    route = _route(path)
    if route is None or method.lower() not in route.calls:
        return [f"{method} {path} is no route"]
    told = _described(route.path)[method.lower()].get("requestBody")
    return [] if told is None else _wrong(told, body or {}, f"the body of {method} {path}")


def _route(path: str) -> Any:
    # The rules are tried in their order, as the server does.
    return next((route for route in ROUTES if re.fullmatch(route.pattern, f"aml/{path}")), None)


def _described(path: str) -> Any:
    return DOCUMENT["paths"]["/aml/" + re.sub(r"\{\+?(\w+)\}", r"{\1}", path)]


def _wrong(told: Any, found: Any, what: str) -> list[str]:
    schema = told.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return []  # Bytes, or nothing.
    found_wrong = _validator(json.dumps(schema)).iter_errors(found)
    return [f"{what}: {error.json_path}: {error.message[-200:]}" for error in found_wrong]


@functools.cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": DOCUMENT["components"]})
