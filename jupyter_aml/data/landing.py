"""Files that appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from jupyter_aml.domain.errors import StorageFailed

_PART = re.compile(r"\.aml-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.part\Z")


def is_part(name: str) -> bool:
    """Whether a file of this name is not whole: nobody lists it."""
    return name.startswith(".aml-") and _PART.match(name) is not None


class Landing:
    """Where files land. What a process that was killed has left is cleared away on the way."""

    def __init__(self) -> None:
        self._swept: set[Path] = set()

    @contextlib.contextmanager
    def at(self, target: Path) -> Iterator[Path]:
        """A path to write, which becomes the target at the end; StorageFailed names the target."""
        part = target.with_name(f".aml-{_here()}-{os.getpid()}-{os.urandom(4).hex()}.part")
        try:
            self._enter(target.parent)
            yield part
            os.replace(part, target)
        except OSError as error:
            raise StorageFailed(f"cannot write {target}: {error.strerror or error}") from error
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part)

    def _enter(self, folder: Path) -> None:
        if folder in self._swept:
            return
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        self._swept.add(folder)


def sweep(folder: Path) -> None:
    """Delete what processes of this machine left unfinished in a folder when they were killed."""
    with os.scandir(folder) as entries:
        found = [(entry.path, _PART.match(entry.name)) for entry in entries]
    for path, part in found:
        if part is not None and part[1] == _here() and not _lives(int(part[2])):
            with contextlib.suppress(OSError):
                os.unlink(path)


def _here() -> str:
    """This machine, or this container: where a process id means the same process."""
    with contextlib.suppress(OSError):
        space = os.stat("/proc/self/ns/pid").st_ino
        return hashlib.sha256(f"{os.uname().nodename} {space}".encode()).hexdigest()[:8]
    return hashlib.sha256(os.uname().nodename.encode()).hexdigest()[:8]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # It is somebody else's.
    return True
