"""Which packages an interpreter would find, by the names of their folders: none is imported."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping

from jupyter_aml.domain import inherited
from jupyter_aml.environments.pip.resolving import versions
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.wire.environments import WirePackage

_PROBE = "import json, sys; print(json.dumps([sys.version.split()[0], sys.path, sys.prefix]))"
_PATIENCE = 10.0
_INSTALLED = re.compile(r"(?P<name>[^~].*?)-(?P<version>[^-]+)(-py[\d.]+)?\.(?:dist-info|egg-info)")


class Interpreters:
    """Asks each interpreter once where it looks, and reads there each time. Safe in threads."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int, int], tuple[str, list[str], str]] = {}
        self._lock = threading.Lock()

    def packages(self, environment: Materialised) -> tuple[str | None, list[WirePackage]]:
        """Version and packages of an environment: of a container's as they were locked."""
        if environment.image is not None:
            return None, _listed(versions(environment.lock))
        return self.of(environment.interpreter)

    def of(self, python: str) -> tuple[str | None, list[WirePackage]]:
        """Version and packages of an interpreter; nothing where it does not answer."""
        asked = self._ask(python)
        if asked is None:
            return None, []
        version, path, prefix = asked
        found = dict(_of_conda(os.path.join(prefix, "conda-meta")))
        # Backwards, so that what would be imported has the last word.
        for folder in reversed(path):
            found.update(_of_folder(folder))
        return version, _listed(found)

    def _ask(self, python: str) -> tuple[str, list[str], str] | None:
        try:
            stat = os.stat(python)
        except OSError:
            return None
        key = (python, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if key not in self._asked:
                answer = _answer(python)
                if answer is None:
                    return None
                self._asked[key] = answer
            return self._asked[key]


def _answer(python: str) -> tuple[str, list[str], str] | None:
    try:
        said = subprocess.run(
            [python, "-c", _PROBE],
            # As the run starts it, less the run's own folder.
            env=inherited.by_script(os.environ),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=True,
        ).stdout
        version, path, prefix = json.loads(said.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError, TypeError):
        return None
    return str(version), [str(folder) for folder in path if folder], str(prefix)


def _of_folder(folder: str) -> Iterator[tuple[str, str]]:
    for name in _names(folder):
        match = _INSTALLED.fullmatch(name)
        if match is not None:
            yield match["name"], match["version"]


def _of_conda(folder: str) -> Iterator[tuple[str, str]]:
    for name in _names(folder):
        parts = name.removesuffix(".json").rsplit("-", 2)
        if name.endswith(".json") and len(parts) == 3:
            yield parts[0], parts[1]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _listed(found: Mapping[str, str]) -> list[WirePackage]:
    # One name for all spellings; the later word is kept.
    plain = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found.items()}
    return [{"name": name, "version": plain[name]} for name in sorted(plain)]
