"""Versions of environments are found by labels, which outlive a restart and never a deletion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.engine.engine import Engine
from tests.asking import label, register
from tests.integration.test_engine import an_engine

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def two_versions(engine: Engine) -> None:
    for package in ("tqdm", "rich"):
        conda = {"dependencies": [{"pip": [package]}]}
        definition: dict[str, Any] = {"name": "demo", "python": {"condaDependencies": conda}}
        await register(engine, {"definition": definition})


async def test_a_label_moves_to_the_version_that_gets_it_and_stays_there(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await two_versions(engine)
        first = {"version": "1", "labels": ["Production", "Tested"]}
        await label(engine, "demo", first)
        await label(engine, "demo", {"version": "2", "labels": ["Production"]})

    async with an_engine(aml_root) as engine:
        assert await engine.environments.labels("default", "demo") == {
            "Production": "2", "Tested": "1", "Latest": "2",
        }  # fmt: skip


async def test_a_label_goes_with_its_version(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await two_versions(engine)
        await label(engine, "demo", {"version": "2", "labels": ["Production"]})
        await label(engine, "demo", {"version": "1", "labels": ["Old"]})

        await engine.environments.remove("default", "demo", "2")
        assert await engine.environments.labels("default", "demo") == {"Old": "1", "Latest": "1"}
        await engine.environments.remove("default", "demo")

        with pytest.raises(NotFound, match="no environment 'demo'"):
            await engine.environments.labels("default", "demo")
        await two_versions(engine)
        assert await engine.environments.labels("default", "demo") == {"Latest": "2"}


@pytest.mark.parametrize(
    ("body", "error", "told"),
    [
        ({"version": "9", "labels": ["a"]}, NotFound, "no version '9'"),
        ({"version": "1", "labels": ["Latest"]}, Invalid, "always belongs to the newest"),
        ({"version": "1", "labels": ["a/b"]}, Invalid, "'a/b' cannot be the name of a label"),
        ({"version": "1", "labels": [7]}, Invalid, "7 cannot be the name of a label"),
        ({"version": "1", "labels": []}, Invalid, "labels: expected"),
        ({"labels": ["a"]}, Invalid, "version: expected"),
    ],
)
async def test_a_label_that_cannot_be_is_refused(
    aml_root: Path, body: dict[str, Any], error: type[Exception], told: str
) -> None:
    async with an_engine(aml_root) as engine:
        await two_versions(engine)

        with pytest.raises(error, match=told):
            await label(engine, "demo", body)
        assert await engine.environments.labels("default", "demo") == {"Latest": "2"}
