"""A Jupyter server with the extension, on a root of its own."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

# As names of this folder, not as a plugin: its autouse fixtures would reach all other tests too.
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPClientError

from jupyter_aml.server.app import AmlExtension
from jupyter_aml.server.base import SEAT
from tests.server.fake import FakeEngine


@pytest.fixture
def root(tmp_path, monkeypatch):
    path = tmp_path / "aml"
    monkeypatch.setenv("AML_ROOT", str(path))
    monkeypatch.setenv("PYTHONPATH", "")
    return path


@pytest.fixture
def jp_server_config(root, fake_engines):
    return {"ServerApp": {"jpserver_extensions": {"jupyter_aml": True}}}


@pytest.fixture
def fake_engines(monkeypatch):
    """Servers open fake engines; the list holds all that were opened."""
    opened = []

    async def opener(settings, kind):
        engine = FakeEngine(settings, kind)
        opened.append(engine)
        return engine

    monkeypatch.setattr(AmlExtension, "opener", staticmethod(opener))
    return opened


@pytest.fixture
def server(jp_serverapp, http_server):
    """A running server with the extension."""
    return jp_serverapp


@pytest.fixture
def engine(server, fake_engines, jp_asyncio_loop):
    """The fake engine that the server opened."""
    jp_asyncio_loop.run_until_complete(until(lambda: server.web_app.settings[SEAT].holds_engine))
    return fake_engines[0]


@pytest.fixture
def ask(server, jp_fetch):
    """Send a request and return status and JSON, whatever the status."""

    async def ask(method, *parts, body=None, raw=None, **more):
        given = raw if raw is not None else None if body is None else json.dumps(body)
        if method in ("POST", "PATCH", "PUT") and given is None:
            given = ""
        try:
            answer = await jp_fetch("aml", *parts, method=method, body=given, **more)
        except HTTPClientError as error:
            answer = error.response
        text = answer.body.decode()
        return answer.code, json.loads(text) if text else None

    return ask


async def until(condition, seconds=10):
    """Wait until something has become true, and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not become true in time"
        await asyncio.sleep(0.01)
    return found


async def hung_up(socket):
    """Close the socket and read what was under way, until the other side has closed it too."""
    socket.close()
    while socket.protocol is not None and await socket.read_message() is not None:
        pass
