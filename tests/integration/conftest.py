"""What tests of the SDK share: a workspace in a folder that is their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Workspace


@pytest.fixture
def ws(aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path) -> Iterator[Workspace]:
    os.chdir(tmp_path)
    try:
        yield Workspace.from_config()
    finally:
        os.chdir("/")
