"""The one list of routes, of those that each module of handlers declares."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from jupyter_aml.server import openapi
from jupyter_aml.server.base import AmlHandler
from jupyter_aml.server.handlers import (
    compute,
    datasets,
    datastores,
    difference,
    engine,
    environments,
    events,
    experiments,
    files,
    kernels,
    logs,
    metrics,
    models,
    repeats,
    run_data,
    runs,
    secrets,
    sources,
    status,
    target_kernels,
    tokens,
    workspaces,
)
from jupyter_aml.server.openapi import OpenApiHandler, Rule, document

ROUTES = (
    *status.ROUTES,
    *workspaces.ROUTES,
    *tokens.ROUTES,
    *experiments.ROUTES,
    *compute.ROUTES,
    *target_kernels.ROUTES,
    *environments.ROUTES,
    *models.ROUTES,
    *datastores.ROUTES,
    *datasets.ROUTES,
    *secrets.ROUTES,
    *sources.ROUTES,
    *runs.ROUTES,
    *repeats.ROUTES,
    *run_data.ROUTES,
    *metrics.ROUTES,
    *logs.ROUTES,
    *difference.ROUTES,
    *files.ROUTES,
    *kernels.ROUTES,
    *events.ROUTES,
    *engine.ROUTES,
    *openapi.ROUTES,
)


class NowhereHandler(AmlHandler):
    """Everything else below /aml/"""

    @authenticated
    @authorized
    async def get(self, rest: str) -> None:
        """Say that there is no such route."""
        raise HTTPError(404, "there is no such route; /aml/openapi.json lists them all")

    @authenticated
    @authorized
    async def post(self, rest: str) -> None:
        """Say that there is no such route."""
        raise HTTPError(404, "there is no such route; /aml/openapi.json lists them all")


def rules(base_url: str, *, on_socket: bool = False) -> list[Rule]:
    """Return the routes as tornado takes them, below a base URL."""
    here = [route for route in ROUTES if on_socket or not route.on_socket_only]
    told = {"document": document(here)}
    found: list[Rule] = [
        (base_url + route.pattern, route.handler, told if route.handler is OpenApiHandler else {})
        for route in here
    ]
    return [*found, (base_url + "aml/(.*)", NowhereHandler, {})]
