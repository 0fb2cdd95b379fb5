"""The old import names: `import azureml.core` answers with our SDK, where no real one is there.

`azureml.X` is `jupyter_aml.sdk.X`, and a class is the same one at each module where SDK v1 had it:
where it was defined and where it was only imported. A name of SDK v1 that we do not have yet can
be imported, for notebooks import what they do not use, and says so when it is used. The names stand
in `azureml_names.json`, where they were defined in `azureml_homes.json`; both are generated.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jupyter_aml._version import __version__
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.sdk._core.later import PAGE, NotThereYet, missing
from jupyter_aml.sdk._core.version import V1

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    # Its module brings tempfile, shutil and others, which takes a third of this one's time.
    Loader = object

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


def _complaint(kind: type) -> NotThereYet:
    return missing(f"{kind.__module__}.{kind.__name__}")


@functools.cache
def _table() -> dict[str, list[str]]:
    names: dict[str, list[str]] = _read("azureml_names.json")
    return names


@functools.cache
def _homes() -> dict[str, str]:
    """The full name under which SDK v1 defined what can be imported under another."""
    homes: dict[str, str] = _read("azureml_homes.json")
    return homes


@functools.cache
def _sites(home: str) -> tuple[str, ...]:
    """The full names under which SDK v1 had what is defined there, the definition first."""
    return (home, *(name for name, place in _homes().items() if place == home))


def _read(name: str) -> Any:
    return json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))


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
        if name == "__version__":
            return V1
        names = _table().get(self.__name__, [])
        if name == "__all__":
            return [each for each in names if not each.startswith("_")]
        if name.startswith("__"):
            raise self._lacks(name)
        found = _find(self.__name__, name)
        if found is not None:
            return found
        if f"{self.__name__}.{name}" in _packages():
            return import_module(f"{self.__name__}.{name}")
        if name not in names:
            raise self._lacks(name)
        full = f"{self.__name__}.{name}"
        setattr(self, name, _stand_in(_homes().get(full, full)))
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        ours = _ours(self.__name__)
        return sorted({*_table().get(self.__name__, []), *(dir(ours) if ours else [])})

    def _lacks(self, name: str) -> AttributeError:
        return AttributeError(
            f"module {self.__name__!r} has no attribute {name!r} in jupyter_aml {__version__}; "
            f"{PAGE} tells what there is"
        )


def _find(module: str, name: str) -> Any:
    """What we have of that name, at that module or at another one that SDK v1 had it in; or None.

    What is beside SDK v1's modules in our rooms is no name of SDK v1.
    """
    full = f"{module}.{name}"
    ours = getattr(_ours(module), name, None)
    if ours is not None and not (isinstance(ours, ModuleType) and full not in _packages()):
        return ours
    if name not in _table().get(module, ()):
        return None
    for site in _sites(_homes().get(full, full)):
        place, _, called = site.rpartition(".")
        ours = getattr(_ours(place), called, None)
        if ours is not None and not isinstance(ours, ModuleType):
            return ours
    return None


@functools.cache
def _stand_in(home: str) -> Any:
    """The one placeholder for a name, wherever it is imported from."""
    modules = [site.rpartition(".")[0] for site in _sites(home)]
    public = [module for module in modules if module in _table()]
    above = [module for module in public if home.startswith(f"{module}.")]
    return placeholder([*above, *public][0], home.rpartition(".")[2])


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
            # Without `name=`: `from azureml.core import X` would take it for a name that is no
            # module, and say of it no more than that it cannot be imported.
            raise ModuleNotFoundError(
                f"there is no {name} in jupyter_aml {__version__}; {PAGE} tells what there is"
            )
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
