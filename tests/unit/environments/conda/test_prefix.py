"""A conda prefix that is closed after its packages were linked into it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_aml.environments.conda import prefix


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for folder in ("bin", "conda-meta", "lib/python3.12/site-packages"):
        (home / folder).mkdir(parents=True)
    return home


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_the_seal_of_a_prefix_is_not_written_into_the_cache_of_packages(
    home: Path, tmp_path: Path, link: object
) -> None:
    """Other prefixes, and those of the user, are linked to the same files."""
    cached = tmp_path / "pkgs" / "EXTERNALLY-MANAGED"
    cached.parent.mkdir()
    cached.write_text("of the package")
    assert callable(link)
    link(cached, home / "lib/python3.12/EXTERNALLY-MANAGED")

    prefix.close(home)

    assert cached.read_text() == "of the package"
    sealed = home / "lib/python3.12/EXTERNALLY-MANAGED"
    assert sealed.read_text().startswith("[externally-managed]\nError=This environment is shared")


def test_pip_in_a_closed_prefix_says_what_to_do_unless_the_definition_has_it(home: Path) -> None:
    prefix.close(home)

    module = home / "lib/python3.12/site-packages/pip/__main__.py"
    done = subprocess.run(
        [sys.executable, str(module), "install", "six"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Add what is missing to its definition and build it again" in done.stderr


def test_a_pip_that_the_definition_asks_for_stays(home: Path) -> None:
    own = home / "lib/python3.12/site-packages/pip/__init__.py"
    own.parent.mkdir()
    own.write_text("mine = True")

    prefix.close(home)

    assert own.read_text() == "mine = True"
    assert not (home / "bin/pip").exists()
