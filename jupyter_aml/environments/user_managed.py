"""The interpreter as the user has it: checked, never written to."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments.protocol import Build, Kind, Materialised, Wish

_PROBE = "import sys; print(sys.version_info[0], sys.version_info[1])"
_OLDEST = (3, 10)
_PATIENCE = 20.0


class UserManaged:
    """Takes an interpreter as given, after a look that it is a Python we can serve."""

    def __init__(self) -> None:
        # One look per file: path, change time and size say whether it is still the same.
        self._seen: dict[tuple[str, int, int], str] = {}

    @property
    def kind(self) -> Kind:
        """What it builds: nothing."""
        return "user-managed"

    def accepts(self, wish: Wish) -> bool:
        """A wish whose packages are the user's own affair is met by the interpreter it names."""
        return wish.definition.is_user_managed

    async def ensure(self, wish: Wish, *, build: Build) -> Materialised:
        """Return the interpreter, or raise Invalid saying what is wrong with it."""
        wanted = wish.definition.interpreter
        path = shutil.which(os.path.expanduser(wanted))
        if path is None:
            raise Invalid(
                f"there is no program {wanted!r} to run Python with: "
                "give the path of an interpreter"
            )
        stat = os.stat(path)
        key = (path, stat.st_mtime_ns, stat.st_size)
        if key not in self._seen:
            build.say(f"looking at {path}")
            self._seen[key] = await asyncio.to_thread(_version, path)
        return Materialised(kind="user-managed", interpreter=path)


def _version(path: str) -> str:
    """Ask the interpreter for its version. Blocks; whoever waits may leave, the child is reaped."""
    try:
        answer = subprocess.run(
            [path, "-I", "-S", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=True,
        ).stdout
        major, minor = map(int, answer.split())
    except OSError as error:
        raise Invalid(f"{path} cannot be started: {error.strerror}") from error
    except (subprocess.SubprocessError, ValueError) as error:
        raise Invalid(f"{path} is not a Python interpreter") from error
    if (major, minor) < _OLDEST:
        raise Invalid(
            f"{path} is Python {major}.{minor}; runs need Python {_OLDEST[0]}.{_OLDEST[1]} or newer"
        )
    return f"{major}.{minor}"
