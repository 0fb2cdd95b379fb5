"""All builders of a root, in the order in which they are asked."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.conda.builder import CondaBuilder
from jupyter_aml.environments.docker.builder import DockerBuilder
from jupyter_aml.environments.pip.builder import PipBuilder
from jupyter_aml.environments.protocol import EnvironmentBuilder
from jupyter_aml.environments.user_managed import UserManaged


def builders(
    folder: Path,
    *,
    strict: bool = False,
    allow_sources: bool = False,
    conda_client: str | None = None,
    conda_channels: tuple[str, ...] = (),
    conda_fallback: Literal["pip", "refuse"] = "pip",
    docker_url: str | None = None,
) -> list[EnvironmentBuilder]:
    """The builders that keep what they build in this folder."""
    cache = Cache(folder)
    pip = PipBuilder(cache, strict=strict, allow_sources=allow_sources)
    conda = CondaBuilder(
        cache,
        client=conda_client,
        channels=conda_channels,
        fallback=conda_fallback,
        pip_fallback=pip,
        strict=strict,
        allow_sources=allow_sources,
    )
    docker = DockerBuilder(
        cache,
        url=docker_url,
        strict=strict,
        allow_sources=allow_sources,
        conda_fallback=conda_fallback,
    )
    return [docker, UserManaged(), conda, pip]
