"""Builds a virtual environment on an attached machine, and marks it once it is whole.

    python -I -S venvs.py FOLDER FAILURE PYTHON REQUIREMENTS [pip]

Like the shim it needs nobody who started it: the lock that it was handed, open, is held until it
and all that it started have ended. Its output is the log of the build. FOLDER is removed first,
with what an earlier build left; `pip` says that the environment is to have a pip of its own.
Where it fails FOLDER is gone, and FAILURE tells why in a line of JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ENVIRONMENT, MARK = "env", "entry.json"
_TAIL = 4
"""Lines of a program's last words that an error shows."""


class Failed(Exception):
    """It cannot be built, and why."""


def main(folder: Path, failure: Path, python: str, wanted: Path, *, has_pip: bool) -> int:
    """Build it; returns 0 where it is whole."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        _build(folder / ENVIRONMENT, python, wanted, has_pip=has_pip)
        _write(folder / MARK, {"python": python})
    except (Failed, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        why = error if isinstance(error, Failed) else f"{error.strerror} ({error.filename})"
        _write(failure, {"error": str(why)})
        return 1
    return 0


def _build(home: Path, python: str, wanted: Path, *, has_pip: bool) -> None:
    pip = _pip(python)
    said = _run("-m", "venv", "--without-pip", str(home), python=python)
    if said:
        raise Failed(f"{python} makes no virtual environments there: {said}")
    if wanted.read_text(encoding="utf-8").strip():
        said = _run(
            pip, "install", "--disable-pip-version-check", "--no-input", "--no-deps",
            "--progress-bar", "off", "--no-warn-script-location", "--requirement", str(wanted),
            python=str(home / "bin" / "python"),
        )  # fmt: skip
        if said:
            raise Failed(f"pip failed there: {said}")
    # It lies beside this file, which no package is around.
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    __import__("sealing").seal(home, has_pip=has_pip)


def _pip(python: str) -> str:
    """The pip that comes with Python, which runs without being installed."""
    try:
        import ensurepip
    except ImportError:
        folders = []
    else:
        own = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
        folders = [own, sysconfig.get_config_var("WHEEL_PKG_DIR") or own]
    wheels = [wheel for folder in folders for wheel in Path(folder).glob("pip-*.whl")]
    if not wheels:
        raise Failed(
            f"{python} has no ensurepip there, which brings pip: install it (python3-venv on "
            "Debian and Ubuntu), or name another by the setting python"
        )
    return str(wheels[0] / "pip")


def _run(*words: str, python: str) -> str:
    """Run a program and pass on what it says; its last words where it failed, else nothing."""
    print("$ python", *words, flush=True)
    # The lock stays with it should this process be killed.
    child = subprocess.Popen(
        [python, "-I", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, close_fds=False,
    )  # fmt: skip
    tail: list[str] = []
    with child:
        for line in child.stdout or ():
            text = line.decode(errors="replace")
            print(text, end="", flush=True)
            tail = [*tail, text.strip()][-_TAIL:] if text.strip() else tail
    return " ".join(tail or [f"it ended with {child.returncode}"]) if child.returncode else ""


def _write(path: Path, told: dict[str, str]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(told), encoding="utf-8")
    os.replace(draft, path)


if __name__ == "__main__":
    FOLDER, FAILURE, PYTHON, REQUIREMENTS, *MORE = sys.argv[1:]
    sys.exit(main(Path(FOLDER), Path(FAILURE), PYTHON, Path(REQUIREMENTS), has_pip="pip" in MORE))
