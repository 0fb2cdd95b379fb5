"""The OpenAPI document says what the routes do, and nothing else."""

from __future__ import annotations

import json
import re
import sys

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from tornado.web import RequestHandler

from jupyter_aml.server.routes import ROUTES
from tests.conftest import REPOSITORY
from tests.described import DOCUMENT

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
BY_PATH = {route.path: route for route in ROUTES}
SIMPLE = [
    (method, route, call)
    for route in ROUTES
    for method, call in route.calls.items()
    if not route.on_socket_only and call.answer not in (None, bytes)
]
BODIES = {
    "datasets": {
        "name": "x",
        "definition": {
            "kind": "file",
            "sources": [{"datastore": "x", "path": "a"}],
            "steps": [{"do": "read", "form": "files"}],
        },
    },
    "datasets/{name}": {"version": "1", "tags": {"a": None}},
    "datastores": {"name": "x", "kind": "Custom", "url": "file:///data"},
    "compute": {"name": "x", "kind": "slurm"},
    "compute/{name}": {"maxNodes": 3, "tags": {"a": None}},
    "compute-check": {"name": "x", "kind": "slurm"},
    "compute-kernels": {
        "id": "x",
        "compute": "x",
        "environment": "x",
        "connectionFile": "/x.json",
        "server": {"pid": 1, "start": "1", "folder": "/x"},
    },
    "compute-kernels/{id}": {"session": {"id": "x", "path": "x.ipynb"}},
    "default-datastore": {"name": "x"},
    "secrets": {"secrets": [{"name": "x", "value": "s"}]},
    "tokens": {"name": "mine", "seconds": 60},
    "workspaces": {"name": "w"},
    "workspaces/{name}": {"tags": {"a": None}, "labels": {"sku": "basic"}},
    "experiments": {"workspace": "default", "name": "e"},
    "experiments/{name}": {"tags": {"a": None}},
    "environments": {"name": "x", "specification": "dependencies: [numpy]"},
    "environments/{name}/build": {"again": True},
    "models": {"name": "x", "source": {"path": "/x.onnx"}},
    "models/{name}": {"tags": {"a": None}},
    "models/{name}/aliases": {"version": "1", "alias": "champion"},
    "environments/{name}/labels": {"version": "1", "labels": ["Good"]},
    "environment-check": {"name": "x", "specification": "dependencies: [numpy]"},
    "environment-prune": {"dryRun": True},
    "model-prune": {"dryRun": True},
    "source-uploads": {"upload": "0123456789", "part": "base", "files": {"a.py": 1}},
    "kernels": {"environment": "x"},
    "prune": {"keep": 10, "dryRun": True},
    "runs": {"experiment": "e", "type": "azureml.interactive"},
    "runs/{id}": {"tags": {"a": None}},
    "runs/{id}/retry": {"parameters": {}},
}


def test_the_document_is_valid():
    validate(DOCUMENT)


async def test_the_server_has_the_routes_of_the_document_and_no_others(server, ask):
    _, told = await ask("GET", "openapi.json")
    base = server.base_url

    there = {
        (as_template(rule.matcher.regex.pattern, base), verb)
        for rule in all_rules(server.web_app)
        for verb in VERBS
        if has(rule.target, verb)
    }

    assert there == {(path, verb) for path, verbs in told["paths"].items() for verb in verbs}


@pytest.mark.parametrize(
    ("method", "route", "call"), SIMPLE, ids=[f"{m} {r.path}" for m, r, _ in SIMPLE]
)
async def test_every_answer_is_as_described(ask, engine, method, route, call):
    path = re.sub(r"\{\w+\}", "x", route.path)
    body = BODIES.get(route.path) if method in ("post", "patch") else None

    status, answer = await ask(method.upper(), *path.split("/"), body=body)

    assert status == call.status
    check(answer, described(route, method, status))


def test_every_handler_stands_in_the_routes_of_its_own_module():
    for route in ROUTES:
        assert route in sys.modules[route.handler.__module__].ROUTES


async def test_every_error_is_as_described(ask, engine):
    status, answer = await ask("GET", "runs", "missing")

    assert status == 404
    check(answer, described(BY_PATH["runs/{id}"], "get", "default"))


def test_every_verb_is_described_in_words():
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            assert operation["summary"].endswith("."), (path, verb)


def test_the_reference_page_lists_every_call():
    page = (REPOSITORY / "docs/reference/http.md").read_text()
    listed = {(verb.lower(), path) for verb, path in re.findall(r"\| `(\w+) ([^`?]+)`", page)}

    for route in ROUTES:
        if not route.on_socket_only:
            path = re.sub(r"\{\+?(\w+)\}", r"<\1>", route.path)
            for verb in route.calls:
                assert ("ws" if path == "events" else verb, path) in listed


def check(answer, schema):
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(whole).validate(json.loads(json.dumps(answer)))


def described(route, method, status):
    path = "/aml/" + re.sub(r"\{\+?(\w+)\}", r"{\1}", route.path)
    answer = DOCUMENT["paths"][path][method]["responses"][str(status)]
    return answer["content"]["application/json"]["schema"]


def all_rules(app):
    for outer in app.default_router.rules:
        for rule in getattr(outer.target, "rules", []):
            if "/aml/" in rule.matcher.regex.pattern and rule.target.__name__ != "NowhereHandler":
                yield rule


def as_template(pattern, base):
    names = iter(
        re.findall(
            r"\{\+?(\w+)\}", next(r.path for r in ROUTES if base + r.pattern + "$" == pattern)
        )
    )
    return re.sub(
        r"\(\[\^/\]\+\)|\(\.\+\)",
        lambda _: "{" + next(names) + "}",
        "/" + pattern.removeprefix(base).removesuffix("$").replace(r"\.", "."),
    )


def has(handler, verb):
    return getattr(handler, verb) is not getattr(RequestHandler, verb) and verb != "options"
