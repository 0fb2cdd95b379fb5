"""The conda builder keeps the promises of every builder."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.conda.builder import CondaBuilder
from jupyter_aml.environments.protocol import Wish
from jupyter_aml.environments.user_managed import UserManaged
from jupyter_aml.testing.builds import conda_wish
from jupyter_aml.testing.environment_contracts import EnvironmentBuilderContract
from tests.channel import channel
from tests.conda_builders import anyio_backend

__all__ = ["anyio_backend", "channel"]


class TestConda(EnvironmentBuilderContract):
    @pytest.fixture
    def cache(self, tmp_path: Path) -> Cache:
        return Cache(tmp_path / "environments")

    @pytest.fixture
    def builder(self, cache: Cache, channel: str) -> CondaBuilder:
        return CondaBuilder(
            cache, client="py-rattler", channels=(channel,), pip_fallback=UserManaged()
        )

    @pytest.fixture
    def wish(self) -> Wish:
        return conda_wish("hello")

    @pytest.fixture
    def other_wish(self) -> Wish:
        return conda_wish("hello", "hello-pure")

    @pytest.fixture
    def bad_wish(self) -> Wish:
        return conda_wish("needs-old-hello", "needs-new-hello")
