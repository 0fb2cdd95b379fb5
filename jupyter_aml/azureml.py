"""The old import names: `import azureml.core` answers with our SDK, where no real one is there.

`azureml.X` is `jupyter_aml.sdk.X`. A name of SDK v1 that we do not have yet can be imported,
for notebooks import what they do not use, and says so when it is used. The names stand in
`azureml_names.json`, which is generated.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_aml._version import __version__
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.sdk._core.later import NotThereYet

_OLD, _OURS = "azureml", "jupyter_aml.sdk"


class _Missing(type):
    """The type of placeholders: they may be imported and compared, and nothing else."""

    __aml_missing__ = True

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise _complaint(cls)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith(("__", "_ipython", "_repr")):
            raise AttributeError(name)
        raise _complaint(cls)

    def __repr__(cls) -> str:
        return f"<{cls.__module__}.{cls.__name__}, not part of jupyter_aml {__version__} yet>"


def placeholder(module: str, name: str) -> Any:
    """Stand in for a name of SDK v1; one that is an exception can be caught, as before."""
    if name.endswith(("Exception", "Error")):
        return type(name, (AmlError,), {"__module__": module, "__aml_missing__": True})

    def refuse(_: type, /, **__: Any) -> None:
        raise _complaint(made)

    made = _Missing(name, (), {"__module__": module, "__aml_missing__": True})
    # Set afterwards: it would refuse the placeholder itself.
    type.__setattr__(made, "__init_subclass__", classmethod(refuse))
    return made


def _complaint(missing: type) -> NotThereYet:
    name = f"{missing.__module__}.{missing.__name__}"
    return NotThereYet(f"{name} is not part of jupyter_aml {__version__} yet")


@functools.cache
def _table() -> dict[str, list[str]]:
    text = (Path(__file__).parent / "azureml_names.json").read_text(encoding="utf-8")
    names: dict[str, list[str]] = json.loads(text)
    return names


@functools.cache
def _packages() -> frozenset[str]:
    """Every module of SDK v1 and every package above one."""
    return frozenset(
        ".".join(parts[:length])
        for parts in (name.split(".") for name in _table())
        for length in range(1, len(parts) + 1)
    )


class Alias(ModuleType):
    """A module of SDK v1: ours where we have it, placeholders for the rest."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        ours = _ours(self.__name__)
        if ours is not None and hasattr(ours, name):
            found = getattr(ours, name)
            # Our helpers beside SDK v1's modules are no names of SDK v1.
            if not isinstance(found, ModuleType) or f"{self.__name__}.{name}" in _packages():
                return found
        names = _table().get(self.__name__, [])
        if name == "__all__":
            return [each for each in names if not each.startswith("_")]
        if f"{self.__name__}.{name}" in _packages():
            return import_module(f"{self.__name__}.{name}")
        if name not in names:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        made = placeholder(self.__name__, name)
        setattr(self, name, made)
        return made

    def __dir__(self) -> list[str]:
        ours = _ours(self.__name__)
        return sorted({*_table().get(self.__name__, []), *(dir(ours) if ours else [])})


def _ours(name: str) -> ModuleType | None:
    """Our module of that name, if we have it."""
    if name == _OLD:
        return None
    place = _OURS + name.removeprefix(_OLD)
    try:
        return import_module(place) if find_spec(place) is not None else None
    except ModuleNotFoundError:
        return None


class _Finder(Loader):
    """Finds `azureml` and what is below it. Also the loader of what it finds."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Say that we have this module, or leave it to others."""
        if name != _OLD and not name.startswith(f"{_OLD}."):
            return None
        if name != _OLD and name not in _packages():
            return None
        spec = ModuleSpec(name, self, is_package=True)
        spec.submodule_search_locations = []
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return Alias(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to do: names are looked up when they are asked for."""


def install() -> ModuleType:
    """Make `azureml` importable and return it; a real one that is installed stays what it is."""
    there = sys.modules.get(_OLD)
    if isinstance(there, Alias):
        return there
    if there is None and _is_installed():
        return import_module(_OLD)
    # The stand-in of a run's or a kernel's path has looked for a real one before it called us.
    if there is not None and not hasattr(there, "stand_in"):
        return there
    finder = next((each for each in sys.meta_path if isinstance(each, _Finder)), None)
    if finder is None:
        finder = _Finder()
        sys.meta_path.insert(0, finder)
    spec = finder.find_spec(_OLD)
    assert spec is not None
    module = sys.modules[_OLD] = module_from_spec(spec)
    return module


def _is_installed() -> bool:
    """Whether something but us offers `azureml`; a mere folder of that name does not count."""
    spec = find_spec(_OLD)
    if spec is None or isinstance(spec.loader, _Finder):
        return False
    places = spec.submodule_search_locations or ()
    return spec.origin is not None or any(any(Path(place).rglob("*.py")) for place in places)


install()
