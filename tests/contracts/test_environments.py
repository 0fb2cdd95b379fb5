"""The builders keep the promises of every builder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.pip.builder import PipBuilder
from jupyter_aml.environments.protocol import Wish
from jupyter_aml.testing.builds import conda_wish
from jupyter_aml.testing.environment_contracts import EnvironmentBuilderContract
from tests.index import Index, serving


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        index.add("hello")
        index.add("other", requires=["hello"])
        yield index


class TestPip(EnvironmentBuilderContract):
    @pytest.fixture
    def cache(self, tmp_path: Path) -> Cache:
        return Cache(tmp_path / "environments")

    @pytest.fixture
    def builder(self, cache: Cache, index: Index) -> PipBuilder:
        return PipBuilder(cache)

    @pytest.fixture
    def wish(self) -> Wish:
        return conda_wish({"pip": ["hello"]})

    @pytest.fixture
    def other_wish(self) -> Wish:
        return conda_wish({"pip": ["other"]})

    @pytest.fixture
    def bad_wish(self) -> Wish:
        return conda_wish({"pip": ["hello>=2", "hello<2"]})
