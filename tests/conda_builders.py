"""A conda builder on a channel of our own, for the tests that build with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.conda.builder import CondaBuilder
from jupyter_aml.environments.protocol import Build, Kind, Materialised, Wish
from jupyter_aml.testing.builds import Heard


class FakePip:
    """Stands where the pip builder would, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Wish] = []
        self.error: Exception | None = None

    @property
    def kind(self) -> Kind:
        return "pip"

    def accepts(self, wish: Wish) -> bool:
        return True

    async def ensure(self, wish: Wish, *, build: Build) -> Materialised:
        self.asked.append(wish)
        if self.error is not None:
            raise self.error
        return Materialised(kind="pip", interpreter=sys.executable, warnings=("its own",))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "environments")


@pytest.fixture
def pip() -> FakePip:
    return FakePip()


@pytest.fixture
def builder(cache: Cache, channel: str, pip: FakePip) -> CondaBuilder:
    return CondaBuilder(cache, client="py-rattler", channels=(channel,), pip_fallback=pip)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def locked(lock: str) -> dict[str, str]:
    """Name and version of each package in a lock; pip's count where both have one."""
    found: dict[str, str] = {}
    for line in lock.splitlines():
        if "==" in line and "://" not in line:
            name, _, version = line.partition("==")
            found[name] = version
        elif not line.startswith("#"):
            stem = line.partition("#")[0].rpartition("/")[2].removesuffix(".conda")
            name, version, _ = stem.rsplit("-", 2)
            found[name] = version
    return found
