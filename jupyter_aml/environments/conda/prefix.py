"""A conda prefix after its packages are there: what is in it, its variables, its seal."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from jupyter_aml.environments.conda.solver import Package
from jupyter_aml.shim.sealing import seal

_PATIENCE = 60.0
_NOT_OURS = ("_", "SHLVL", "PWD", "OLDPWD", "PATH", "BASH_ENV", "PS1")
_SOURCE = """
for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
  if [ -f "$script" ]; then . "$script" >&2; fi
done
exec env -0
"""
_FROZEN = "This environment is managed by jupyter_aml: change its definition and build it again."


def records(home: Path) -> list[Path]:
    """The files in which a prefix says what is installed in it."""
    return sorted((home / "conda-meta").glob("*.json"))


def packages(home: Path) -> tuple[Package, ...]:
    """What is installed in a prefix."""
    return tuple(_package(json.loads(one.read_text(encoding="utf-8"))) for one in records(home))


def interpreter(home: Path) -> Path:
    """Where its Python is."""
    return home / "bin" / "python"


def scripts_not_run(home: Path) -> tuple[str, ...]:
    """The packages that bring a program to be run after their installation."""
    ending = "-post-link.sh"
    names = (one.name for one in (home / "bin").glob(f".*{ending}"))
    return tuple(sorted(one.removeprefix(".").removesuffix(ending) for one in names))


def size(home: Path) -> int:
    """Bytes that only this prefix takes, with what a cache of packages keeps for it alone."""
    total = 0
    for where, _, names in os.walk(home):
        for name in names:
            stat = os.lstat(os.path.join(where, name))
            if stat.st_nlink <= 2:
                total += stat.st_blocks * 512
    return total


def close(home: Path) -> None:
    """Make installations into the prefix say what to do instead."""
    for mark in home.glob("lib/python3*/EXTERNALLY-MANAGED"):
        # It may be a link to the file of the package in the cache, which must stay as it is.
        mark.unlink(missing_ok=True)
    for library in home.glob("lib/python3*"):
        (library / "site-packages").mkdir(exist_ok=True)
    seal(home, has_pip=any(home.glob("lib/python3*/site-packages/pip/__init__.py")))
    (home / "conda-meta" / "frozen").write_text(json.dumps({"message": _FROZEN}))


def variables(home: Path) -> tuple[dict[str, str], str | None]:
    """What a process in the prefix needs set, and a warning where that is not the whole of it.

    Runs the activation scripts of its packages in a shell, and blocks while they run.
    """
    plain = {
        "CONDA_PREFIX": str(home),
        "CONDA_DEFAULT_ENV": str(home),
        "CONDA_SHLVL": "1",
        "PATH": os.pathsep.join((str(home / "bin"), *_outer_path())),
        **_declared(home),
    }
    if not any(home.glob("etc/conda/activate.d/*.sh")):
        return plain, None
    try:
        return plain | _sourced(plain), None
    except (OSError, subprocess.SubprocessError) as error:
        reason = "took too long" if isinstance(error, subprocess.TimeoutExpired) else "failed"
        return plain, f"an activation script of the conda environment {reason}, and is left out"


def _sourced(plain: dict[str, str]) -> dict[str, str]:
    shell = shutil.which("bash") or "/bin/sh"
    options = ["--noprofile", "--norc"] if shell.endswith("bash") else []
    base = {name: value for name, value in os.environ.items() if name in ("HOME", "USER", "LANG")}
    before = base | plain
    child = subprocess.Popen(
        [shell, *options, "-c", _SOURCE],
        env=before,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        out, _ = child.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, 9)
        child.communicate()
        raise
    if child.returncode != 0:
        raise subprocess.SubprocessError
    pairs = (one.partition("=") for one in out.decode(errors="surrogateescape").split("\0") if one)
    after = {name: value for name, _, value in pairs}
    changed = {
        name: value
        for name, value in after.items()
        if before.get(name) != value and name not in _NOT_OURS
    }
    return changed | {"PATH": after.get("PATH", plain["PATH"])}


def _declared(home: Path) -> dict[str, str]:
    """Variables that packages declare without a script."""
    declared: dict[str, str] = {}
    for file in sorted(home.glob("etc/conda/env_vars.d/*.json")):
        with contextlib.suppress(OSError, ValueError):
            data: Any = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(data, dict):
                declared |= {str(name): str(value) for name, value in data.items()}
    return declared


def _outer_path() -> list[str]:
    """PATH without the folders of the environments that this process itself lives in."""
    own = [
        os.path.join(os.environ[name], "bin")
        for name in ("VIRTUAL_ENV", "CONDA_PREFIX")
        if os.environ.get(name)
    ]
    return [one for one in os.environ.get("PATH", os.defpath).split(os.pathsep) if one not in own]


def _package(record: dict[str, Any]) -> Package:
    digest = record.get("sha256") or record.get("md5") or ""
    url = record.get("url") or record.get("fn") or ""
    return Package(str(record["name"]), str(record["version"]), str(url), str(digest))
