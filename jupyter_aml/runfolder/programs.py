"""Programs that stand in for retired ones, found behind all others on the PATH."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from pathlib import Path

from jupyter_aml.runfolder import trust

_AZ = """\
#!/bin/sh
# What notebooks of the retired SDK ask of `az ml`; a real az stands before this one on the PATH.
exec {python} -m jupyter_aml.cli az -- "$@"
"""


def behind(root: str | os.PathLike[str], path: str) -> str:
    """The PATH with the folder of our `az` at its end; makes it.

    Each interpreter has a folder of its own, as each may go with its environment. Raises OSError,
    and StorageFailed for a root of another user: nobody is to run what lies there.
    """
    Path(root).mkdir(mode=0o700, parents=True, exist_ok=True)
    trust.check_owner(Path(root))
    of_this_python = hashlib.sha256(sys.executable.encode()).hexdigest()[:12]
    folder = Path(root, "bin", of_this_python)
    _write(folder / "az", _AZ.format(python=shlex.quote(sys.executable)))
    others = [part for part in path.split(os.pathsep) if part and part != str(folder)]
    return os.pathsep.join([*others, str(folder)])


def _write(place: Path, text: str) -> None:
    if place.is_file() and place.read_text(encoding="utf-8") == text:
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = place.with_name(f".{os.getpid()}-{place.name}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.chmod(0o700)
    unfinished.replace(place)
