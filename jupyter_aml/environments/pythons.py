"""The Python interpreters of this machine."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from functools import cache

from packaging.version import Version

OLDEST = Version("3.10")
"""Runs need this one or newer."""

_PLACES = (
    "/usr/bin/python3.*", "/usr/local/bin/python3.*", "/opt/homebrew/bin/python3.*",
    "~/.pyenv/versions/*/bin/python3", "~/.local/share/uv/python/*/bin/python3",
    "~/.local/bin/python3.*",
)  # fmt: skip
_NAME = re.compile(r"python3(\.\d+)?\Z")
_PROBE = "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3])"
_PATIENCE = 20.0


def own() -> dict[Version, str]:
    """Version and path of the interpreter of this process, outside its virtual environment."""
    path = getattr(sys, "_base_executable", None) or sys.executable
    return {Version("{}.{}.{}".format(*sys.version_info[:3])): path}


@cache
def found() -> dict[Version, str]:
    """Version and path of each interpreter that can serve, this process's own one first.

    Of several of one version the first counts. Blocks for some 10 ms for each.
    """
    known = own()
    for path in _candidates():
        answer = _ask(path)
        if answer is not None and answer[0] >= OLDEST:
            known.setdefault(*answer)
    return known


def _candidates() -> list[str]:
    on_path = [shutil.which(f"python3.{minor}") for minor in range(10, 20)]
    places = [path for place in _PLACES for path in sorted(glob.glob(os.path.expanduser(place)))]
    paths = [path for path in on_path if path] + places
    # The same program under several names is asked once.
    unique = {os.path.realpath(path): path for path in reversed(paths)}
    return [path for path in unique.values() if _NAME.search(os.path.basename(path))]


def _ask(path: str) -> tuple[Version, str] | None:
    try:
        answer = subprocess.run(
            [path, "-I", "-S", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        ).stdout.decode()
        executable, version = answer.splitlines()
        return Version(version), executable
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
