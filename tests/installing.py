"""Copies of the repository and new virtual environments, for tests of what gets installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

# What a build makes or what is no part of the source; node_modules is linked, not copied.
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", "__pycache__", "node_modules", "lib", "dist", "static", "*.log"
)


def copy_of_the_repository(folder: Path) -> Path:
    """Return a copy in which a build disturbs nobody; fetched node packages are linked into it."""
    copy = shutil.copytree(REPOSITORY, folder, ignore=LEFT_OUT, symlinks=True)
    shutil.rmtree(copy / "jupyter_aml" / "labextension", ignore_errors=True)
    fetched = REPOSITORY / "labextension" / "node_modules"
    if fetched.is_dir():
        shutil.copytree(
            fetched, copy / "labextension" / "node_modules", copy_function=_link, symlinks=True
        )
    return copy


def new_environment(folder: Path) -> Path:
    """Make a virtual environment, and return its folder of programs."""
    venv.create(folder, with_pip=True)
    return folder / "bin"


def environment_of(programs: Path, *, home: Path) -> dict[str, str]:
    """Return the variables of a shell in which this virtual environment is active."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "JUPYTER", "AML_", "VIRTUAL_ENV"))
    }
    return kept | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "VIRTUAL_ENV": str(programs.parent),
    }


def run(command: list[str], **options: object) -> str:
    """Return what a command prints; where it fails, the error holds what it said."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, **options,
    )  # type: ignore[call-overload]  # fmt: skip
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-8000:]}"
    return str(done.stdout)


def borrow_packages(programs: Path) -> None:
    """Let an environment use the packages of this one, but not what is installed editable here."""
    site = next((programs.parent / "lib").glob("python3*/site-packages"))
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(here) + "\n")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
