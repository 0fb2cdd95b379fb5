"""What pip was told on this machine: many have their index written down for pip alone."""

from __future__ import annotations

import configparser
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def told(name: str) -> tuple[str, ...]:
    """The values of an option such as `find-links`: from pip's variable, else its nearest file."""
    variable = os.environ.get(f"PIP_{name.replace('-', '_').upper()}")
    if variable:
        return tuple(variable.split())
    for file in _files():
        settings = configparser.ConfigParser(interpolation=None, strict=False)
        with contextlib.suppress(OSError, configparser.Error, UnicodeDecodeError):
            settings.read(file, encoding="utf-8")
            for section in ("install", "global"):
                values = settings.get(section, name, fallback="").split()
                if values:
                    return tuple(values)
    return ()


def find_links() -> tuple[str, ...]:
    """The places of `find-links` that are there: pip passes over a folder that is not, uv fails."""
    links = (os.path.expanduser(link) for link in told("find-links"))
    return tuple(link for link in links if "://" in link or os.path.exists(link))


def _files() -> Iterator[Path]:
    """pip's files, the one that overrides the others first."""
    named = os.environ.get("PIP_CONFIG_FILE")
    if named:
        yield Path(named)
    if named == os.devnull:
        return
    yield Path(sys.prefix, "pip.conf")
    yield Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "pip", "pip.conf")
    yield Path.home() / ".pip" / "pip.conf"
    yield Path("/etc/pip.conf")
