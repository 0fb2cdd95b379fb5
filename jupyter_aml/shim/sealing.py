"""Shared environments are not installed into: a pip that says what to do instead."""

from __future__ import annotations

import os
from pathlib import Path

_TEXT = """\
This environment is shared by runs and kernels, so packages are not installed into it.
Add what is missing to its definition and build it again, in a cell:

    %%aml env NAME
    dependencies:
      - pip:
        - THE-PACKAGE
"""
_MODULE = f'''"""Stands where pip would: this environment is managed by jupyter_aml."""

import sys

TEXT = """{_TEXT}"""


def main() -> int:
    """Say what to do instead."""
    if "--version" in sys.argv[1:]:
        print("pip of a managed environment: installs nothing")
        return 0
    sys.stderr.write(TEXT)
    return 1


if __name__ == "__main__":
    sys.exit(main())
'''


def seal(home: Path, *, has_pip: bool) -> None:
    """Make `pip install` in this virtual environment say what to do instead, and fail.

    pip itself ignores EXTERNALLY-MANAGED in virtual environments, so a module of its name is
    put where pip would be. One that the definition asks for stays.
    """
    for library in home.glob("lib/python3*"):
        (library / "EXTERNALLY-MANAGED").write_text(
            "[externally-managed]\nError=" + _TEXT.replace("\n", "\n ").rstrip() + "\n"
        )
        if not has_pip:
            package = library / "site-packages" / "pip"
            package.mkdir(exist_ok=True)
            (package / "__init__.py").write_text(f'"""{_TEXT}"""\n')
            (package / "__main__.py").write_text(_MODULE)
    if has_pip:
        return
    for name in ("pip", "pip3"):
        script = home / "bin" / name
        script.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m pip "$@"\n')
        os.chmod(script, 0o755)
