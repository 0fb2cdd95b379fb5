"""The interpreter as the user has it: checked, never written to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from jupyter_aml.domain.errors import Invalid, NotFound
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
        definition = wish.definition
        return definition.is_user_managed or definition.base_conda_environment is not None

    async def discard(self, environment: Materialised) -> None:
        """Nothing is ours to remove."""

    async def ensure(self, wish: Wish, *, build: Build) -> Materialised:
        """Return the interpreter, or raise Invalid saying what is wrong with it."""
        base = wish.definition.base_conda_environment
        wanted = wish.definition.interpreter if base is None else conda_interpreter(base)
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


def conda_interpreter(name: str) -> str:
    """The Python of an existing conda environment, by its name or path; raises NotFound."""
    prefixes = [Path(name).expanduser()] if "/" in name else _conda_prefixes()
    for prefix in prefixes:
        python = prefix / "bin" / "python"
        if ("/" in name or prefix.name == name) and (prefix / "conda-meta").is_dir():
            return str(python)
    names = sorted({prefix.name for prefix in prefixes})
    there = f"there is: {', '.join(names)}" if names else "none was found on this machine"
    raise NotFound(f"there is no conda environment {name!r}; {there}")


def _conda_prefixes() -> list[Path]:
    """The conda environments of this machine, as far as conda itself keeps account of them."""
    listed: list[str] = []
    with contextlib.suppress(OSError):
        text = (Path.home() / ".conda" / "environments.txt").read_text(encoding="utf-8")
        listed = text.split("\n")
    roots = [Path(os.environ[name]).parent.parent for name in ("CONDA_EXE", "MAMBA_EXE")
             if os.environ.get(name)]  # fmt: skip
    roots += [
        Path.home() / name for name in ("miniconda3", "anaconda3", "miniforge3", "micromamba")
    ]
    found = [Path(line.strip()) for line in listed if line.strip()]
    for root in roots:
        with contextlib.suppress(OSError):
            found += [path for path in (root / "envs").iterdir() if path.is_dir()]
    return found
