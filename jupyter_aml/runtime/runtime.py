"""The part of this package that travels into runs and kernels, as a folder of its own."""

from __future__ import annotations

import compileall
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from uuid import uuid4

from blake3 import blake3

from jupyter_aml._version import __version__
from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder import trust
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.runtime import travelling

_PACKAGE = Path(__file__).resolve().parent.parent
_KINDS = frozenset({".py", ".json"})
_LEFT_OUT = frozenset({"__pycache__", "static"})

_METADATA = f"""\
Metadata-Version: 2.1
Name: jupyter-aml-mlflow
Version: {__version__}
Summary: Brought by jupyter_aml into runs and kernels, for MLflow to find; not to be installed
"""

_ready: dict[Path, Runtime] = {}


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where the travelling part lies; `pythonpath` is the library, then the alias `azureml`."""

    pythonpath: tuple[Path, Path]


def ensure_runtime(root: Path) -> Runtime:
    """Return the runtime of this version in the root, and make it where it is missing.

    The folder's name holds the hash of its content, so it is never changed, only made. Raises
    StorageFailed.
    """
    ready = _ready.get(root)
    if ready is not None and all(path.is_dir() for path in ready.pythonpath):
        return ready
    contents = dict(_contents(_PACKAGE))
    place = root / "runtime" / f"{__version__}-{_digest(contents)}"
    if not place.is_dir():
        try:
            _make(place, contents)
        except OSError as error:
            raise StorageFailed(f"cannot write {place}: {error.strerror}") from error
    # Runs import it, and what was compiled is never compared with its source.
    trust.check(place.parent)
    trust.check_tree(place)
    _ready[root] = Runtime((place / "lib", place / "alias"))
    return _ready[root]


def with_alias(alias: Path, pythonpath: str) -> str:
    """The value of PYTHONPATH with the folder of the alias in front."""
    others = [part for part in pythonpath.split(os.pathsep) if part]
    return os.pathsep.join([str(alias), *(part for part in others if part != str(alias))])


def _contents(package: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a runtime, by their paths in it."""
    for path in _travelling(package):
        yield f"lib/jupyter_aml/{path.relative_to(package).as_posix()}", path.read_bytes()
    for place, name in travelling.ALIAS.items():
        yield f"alias/{place}", (package / "runtime" / name).read_bytes()
    # Where a real azureml is, the first of these folders leaves the path, and the second takes
    # its place.
    for folder in ("alias", "mlflow"):
        distribution = f"{folder}/jupyter_aml_mlflow-{__version__}.dist-info"
        yield f"{distribution}/METADATA", _METADATA.encode()
        yield f"{distribution}/entry_points.txt", travelling.ENTRY_POINTS.encode()
        names = package / "runtime" / travelling.MLFLOW_NAMES
        yield f"{folder}/jupyter_aml_mlflow.py", names.read_bytes()


def _travelling(package: Path) -> Iterator[Path]:
    for pattern in travelling.MODULES:
        yield from sorted(package.glob(pattern))
    for room in travelling.ROOMS:
        for parent, folders, names in os.walk(package / room):
            folders[:] = sorted(set(folders) - _LEFT_OUT)
            yield from (Path(parent, name) for name in sorted(names) if _travels(name))


def _travels(name: str) -> bool:
    return os.path.splitext(name)[1] in _KINDS


def _digest(contents: dict[str, bytes]) -> str:
    hasher = blake3()
    for path, content in sorted(contents.items()):
        hasher.update(f"{path}\0{len(content)}\0".encode())
        hasher.update(content)
    return hasher.hexdigest()[:16]


def _make(place: Path, contents: dict[str, bytes]) -> None:
    unfinished = place.with_name(f".new-{uuid4().hex}")
    try:
        for path, content in contents.items():
            file = unfinished / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        _compile(unfinished, place)
        os.rename(unfinished, place)
    except OSError:
        if not place.is_dir():  # else another process was first, and made the same
            raise
    finally:
        if unfinished.exists():
            remove_tree(unfinished)


def _compile(unfinished: Path, place: Path) -> None:
    """Compile for this interpreter, which most runs have, too; others do it at their first run.

    Sources in this folder never change, so nothing has to compare them with what was compiled.
    """
    compileall.compile_dir(
        unfinished,
        quiet=2,
        stripdir=os.fspath(unfinished),
        prependdir=os.fspath(place),
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
