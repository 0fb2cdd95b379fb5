"""Kernelspecs of environments: written whole or not at all, and told from those of others."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir

from jupyter_aml.domain import ids
from jupyter_aml.domain.compute import target_name
from jupyter_aml.domain.environment import environment_name, version_name
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound, StorageFailed
from jupyter_aml.wire.kernels import WireKernelSpec

PROVISIONER = "aml-environment"
"""The entry point of our provisioner, as a kernelspec names it."""

OURS = "jupyter_aml"
"""Key of a kernelspec's metadata below which it is said what it is a kernel of."""

HERE = ("local", "docker")
"""Where kernels run that are no job of a compute target: processes, containers of this machine."""

_PREFIX = "aml-"
_NAME = re.compile(r"aml-[a-z0-9._-]{1,200}\Z")
_KEYS = frozenset({"workspace", "environment", "version", "compute", "name"})
_LOGO = Path(__file__).parent / "logo-svg.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSpec:
    """An environment that is a notebook kernel; without a version it follows the newest."""

    spec: str
    display_name: str
    workspace: str
    environment: str
    version: str | None = None
    compute: str = "local"

    def to_wire(self) -> WireKernelSpec:
        """Return its JSON form."""
        return {
            "spec": self.spec,
            "displayName": self.display_name,
            "workspace": self.workspace,
            "environment": self.environment,
            "version": self.version,
            "compute": self.compute,
        }


def folder() -> Path:
    """Where this user's kernelspecs are."""
    return Path(jupyter_data_dir()) / "kernels"


def read(body: Mapping[str, Any]) -> KernelSpec:
    """Check what was asked for; raises Invalid naming the key."""
    for key, value in body.items():
        if key not in _KEYS:
            raise Invalid(f"a kernel has no {key!r}; there are {', '.join(sorted(_KEYS))}")
        if not isinstance(value, str | None):
            raise Invalid(f"{key} of a kernel must be a text, not {value!r:.80}")
    environment = environment_name(body.get("environment"))
    version = None if body.get("version") is None else version_name(body["version"])
    compute = body.get("compute") or "local"
    if compute not in HERE:
        compute = target_name(compute)
    is_here = compute in HERE
    label = environment if version is None else f"{environment} {version}"
    called = (body.get("name") or "").strip()
    if len(called) > 200 or not called.isprintable():
        raise Invalid("the name of a kernel is one line of at most 200 characters")
    return KernelSpec(
        spec=spec_name(called or (label if is_here else f"{label} on {compute}")),
        display_name=called or (f"{label} (aml)" if is_here else f"{label} on {compute} (aml)"),
        workspace=ids.workspace_name(body.get("workspace") or ids.DEFAULT_WORKSPACE),
        environment=environment,
        version=version,
        compute=compute,
    )


def spec_name(text: str) -> str:
    """Return the name of the kernelspec for what people call `text`; raises Invalid."""
    word = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-")[:200]
    if not word:
        raise Invalid(f"the name {text!r} has no letter or digit that a kernelspec may have")
    return word if word.startswith(_PREFIX) else _PREFIX + word


def add(wanted: KernelSpec) -> KernelSpec:
    """Write the kernelspec; the same one again changes nothing.

    Raises AlreadyExists where another kernel has its name, and StorageFailed.
    """
    place = folder() / wanted.spec
    if _is_there(place, wanted):
        return wanted
    try:
        _write(place, wanted)
    except OSError as error:
        # Somebody else may have been faster.
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and _is_there(place, wanted):
            return wanted
        raise StorageFailed(f"cannot write the kernel {place}: {error.strerror}") from error
    return wanted


def _is_there(place: Path, wanted: KernelSpec) -> bool:
    """Whether the kernelspec was written before; AlreadyExists where another has its name."""
    there = _read(place)
    if there is None:
        # It may come or go between two looks.
        if not place.exists():
            return False
        there = _read(place)
        if there is None and not place.exists():
            return False
    if there == wanted:
        return True
    whose = "of something else" if there is None else f"of {_label(there)}"
    raise AlreadyExists(
        f"there is a kernel {wanted.spec!r} already, {whose}: give this one another name"
    )


def remove(name: str) -> None:
    """Remove one of our kernelspecs; kernels of it go on. Raises NotFound and StorageFailed."""
    place = folder() / name
    if not _NAME.match(name) or _read(place) is None:
        known = ", ".join(each.spec for each in found()) or "there are none"
        raise NotFound(f"there is no kernel {name[:80]!r} of an environment; known: {known}")
    try:
        # Out of sight first: nobody shall list half of it.
        with _beside(place) as aside:
            place.rename(Path(aside, place.name))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageFailed(f"cannot remove the kernel {place}: {error.strerror}") from error


def found() -> list[KernelSpec]:
    """Our kernelspecs, by name."""
    return list(_found())


def of(metadata: Mapping[str, Any], *, spec: str, display_name: str) -> KernelSpec | None:
    """Return whose kernel it is by the metadata of a kernelspec; None for one that is not ours."""
    told = metadata.get(OURS)
    if not isinstance(told, dict) or not isinstance(told.get("environment"), str):
        return None
    version = told.get("version")
    return KernelSpec(
        spec=spec,
        display_name=display_name,
        workspace=str(told.get("workspace") or ids.DEFAULT_WORKSPACE),
        environment=told["environment"],
        version=None if version is None else str(version),
        compute=str(told.get("compute") or "local"),
    )


def _found() -> Iterator[KernelSpec]:
    try:
        names = sorted(os.listdir(folder()))
    except OSError:
        return
    for name in names:
        spec = _read(folder() / name) if _NAME.match(name) else None
        if spec is not None:
            yield spec


def _read(place: Path) -> KernelSpec | None:
    try:
        data = json.loads((place / "kernel.json").read_text(encoding="utf-8"))
        metadata = data["metadata"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(metadata, dict):
        return None
    return of(metadata, spec=place.name, display_name=str(data.get("display_name")))


def _label(spec: KernelSpec) -> str:
    version = "" if spec.version is None else f":{spec.version}"
    return f"environment {spec.environment}{version} in workspace {spec.workspace!r}"


def _content(spec: KernelSpec) -> dict[str, Any]:
    whose = {"workspace": spec.workspace, "environment": spec.environment, "compute": spec.compute}
    if spec.version is not None:
        whose["version"] = spec.version
    return {
        "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": spec.display_name,
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {
            "debugger": True,
            "kernel_provisioner": {"provisioner_name": PROVISIONER, "config": whose},
            OURS: whose,
        },
    }


def _write(place: Path, spec: KernelSpec) -> None:
    with _beside(place) as aside:
        unfinished = Path(aside, place.name)
        unfinished.mkdir()
        text = json.dumps(_content(spec), indent=1)
        (unfinished / "kernel.json").write_text(text, encoding="utf-8")
        shutil.copyfile(_LOGO, unfinished / _LOGO.name)
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished.rename(place)


def _beside(place: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder on the same disk that nobody lists as a kernel."""
    data = place.parent.parent
    data.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".aml-kernel-", dir=data)
