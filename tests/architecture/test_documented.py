"""Whatever a user can call, type or set has its place in the reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_aml.cli import VERBS
from jupyter_aml.magics.aml import _VERBS as MAGICS
from jupyter_aml.magics.verbs import Group
from jupyter_aml.server.config import AmlConfig
from jupyter_aml.server.routes import ROUTES

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text()


def calls() -> Iterator[str]:
    """Every call as the reference writes it: `GET runs/<id>/files/<name>`."""
    for route in ROUTES:
        path = re.sub(r"{\+?(\w+)}", r"<\1>", route.path)
        for verb in route.calls:
            yield f"WS {path}" if path == "events" else f"{verb.upper()} {path}"


@pytest.mark.parametrize("call", [*calls()])
def test_every_route_is_documented(call: str) -> None:
    assert f"`{call}`" in page("http")


def magics() -> Iterator[str]:
    """Every verb of `%aml` with the verbs that stand below it: `env ls`."""
    for verb in MAGICS:
        yield verb.name
        if issubclass(verb, Group):
            yield from (inner.name for inner in verb.kinds)


@pytest.mark.parametrize("verb", [*dict.fromkeys(magics())])
def test_every_magic_is_documented(verb: str) -> None:
    assert f"aml {verb}" in page("magics")


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_is_documented(verb: str) -> None:
    assert f"`jupyter aml {verb}" in page("cli")


@pytest.mark.parametrize("name", sorted(AmlConfig.class_own_traits(config=True)))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in page("settings")
