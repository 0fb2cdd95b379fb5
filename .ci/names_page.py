"""Writes docs/reference/names.md, the state of SDK v1's names, from the code.

    python .ci/names_page.py [--check]

`usage.json` beside this file counts how often real notebooks and scripts use each name:
[notebooks, other files, uses]. A name works if what bears it is ours and is no placeholder; it
resolves if it can be imported or named, and says that it is not there yet when it is used.
"""

from __future__ import annotations

import ast
import functools
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from jupyter_aml import azureml  # noqa: E402
from jupyter_aml.sdk._core.later import _Later  # noqa: E402

TARGET = HERE.parent / "docs" / "reference" / "names.md"

WORKS, RESOLVES, MISSING = "works", "resolves", "missing"
EVERY_USE = 13_837
"""Of all 618 names; the table holds the 200 that most notebooks use."""

FAMILIES = {
    "Dataset": ("core.dataset.Dataset", "data.tabular_dataset.TabularDataset",
                "data.file_dataset.FileDataset"),
    "Dataset.File": ("data.dataset_factory.FileDatasetFactory",),
    "Dataset.Tabular": ("data.dataset_factory.TabularDatasetFactory",),
    "Datastore": ("core.datastore.Datastore", "data.azure_storage_datastore.AzureBlobDatastore"),
    "Environment.docker": ("core.environment.DockerSection",),
    "Environment.python": ("core.environment.PythonSection",),
    "Environment.spark": ("core.environment.SparkSection",),
    "Metric": ("automl.core.shared.constants.Metric",),
    "set_diagnostics_collection": ("telemetry.set_diagnostics_collection",),
}  # fmt: skip
"""What a name of the count stands for, where it is not the one class of that name."""

HEAD = """\
# The names of SDK v1, and what has become of them

This page is made from the code by `.ci/names_page.py`; a test says so when it is stale. It lists the {names} names of
`azureml.*` that most of 403 public notebooks and 213 scripts use, with the number of their uses. Names that share a class count as one:
`Run` is every kind of run, `Dataset` every kind of data set.

| state | what it means | names | uses | share |
| --- | --- | --- | --- | --- |
| works | it is ours, with SDK v1's arguments | {works_names} | {works} | {works_share} |
| resolves | it can be imported and named, so that what only mentions it goes on; an error says so when it is used | {resolves_names} | {resolves} | {resolves_share} |
| missing | neither | {missing_names} | {missing} | {missing_share} |

So {both_share} of {total} uses resolve, and {works_share} work. ({every} more uses are of rarer names, which are not listed here.)

How a class is called in a module does not matter: it answers at each module where SDK v1 had it, `azureml.widgets.RunDetails` and
`azureml.widgets.run_details.RunDetails`. A module that SDK v1 did not have, or that was retired before it, is a `ModuleNotFoundError` that
names this page. Whether an argument of a name that works is taken stands in its documentation ([SDK](sdk.md)): none is taken and ignored.

| name | uses | state |
| --- | --- | --- |
"""  # noqa: E501


def state(name: str) -> str:
    """What has become of a name as the count writes it: `Run.log`, `Run()`, `except Error`."""
    bare = name.removeprefix("except ").removesuffix("()")
    if bare.startswith("azureml."):
        return _state_of(_got(bare))
    owner, _, member = bare.rpartition(".")
    if not owner:
        return _best(_state_of(_got(place)) for place in _places(bare))
    return _best(_member(_got(place), member) for place in _places(owner))


def _best(states: Iterator[str]) -> str:
    found = {*states}
    return next((each for each in (WORKS, RESOLVES, MISSING) if each in found), MISSING)


def _places(owner: str) -> tuple[str, ...]:
    """The full names that a class of the count may stand for."""
    if owner in FAMILIES:
        return tuple(f"azureml.{place}" for place in FAMILIES[owner])
    table = azureml._table()
    modules = [module for module, names in table.items() if owner in names]
    full = {azureml._homes().get(f"{module}.{owner}", f"{module}.{owner}") for module in modules}
    # A private module is not imported: the name is asked for where it can be.
    return tuple(sorted(_public(home, owner, modules) for home in full))


def _public(home: str, owner: str, modules: list[str]) -> str:
    if home.rpartition(".")[0] in modules:
        return home
    sites = [f"{module}.{owner}" for module in modules]
    return next(site for site in sites if azureml._homes().get(site, site) == home)


@functools.cache
def _got(full: str) -> Any:
    module, _, name = full.rpartition(".")
    return getattr(import_module(module), name, None)


def _state_of(found: Any) -> str:
    if found is None:
        return MISSING
    return RESOLVES if getattr(found, "__aml_missing__", False) else WORKS


def _member(owner: Any, name: str) -> str:
    if _state_of(owner) != WORKS:
        return _state_of(owner)
    found = inspect.getattr_static(owner, name, None)
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    if found is None:
        return WORKS if name in _attributes(owner) else MISSING
    # A function that never returns refuses.
    told = getattr(found, "__annotations__", {}).get("return")
    return RESOLVES if isinstance(found, _Later) or told == "NoReturn" else WORKS


@functools.cache
def _attributes(owner: type) -> frozenset[str]:
    """What the methods of a class set on their object, and what it declares."""
    found: set[str] = set()
    for kind in owner.__mro__:
        found.update(vars(kind).get("__annotations__", ()))
        if kind.__module__.startswith("jupyter_aml."):
            tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
            found.update(node.attr for node in ast.walk(tree) if _is_set(node))
    return frozenset(found)


def _is_set(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store()):
            return True
    return False


def page() -> str:
    """The page as it should be."""
    azureml.install()
    usage = json.loads((HERE / "usage.json").read_text(encoding="utf-8"))
    states = {name: state(name) for name in usage}
    uses = {kind: sum(usage[name][2] for name in usage if states[name] == kind) for kind in KINDS}
    total = sum(uses.values())
    told: dict[str, object] = {}
    for kind in KINDS:
        told |= {kind: f"{uses[kind]:,}", f"{kind}_share": _share(uses[kind], total)}
        told[f"{kind}_names"] = [*states.values()].count(kind)
    both = _share(uses[WORKS] + uses[RESOLVES], total)
    head = HEAD.format(
        names=len(usage),
        total=f"{total:,}",
        both_share=both,
        every=f"{EVERY_USE - total:,}",
        **told,
    )
    rows = [f"| `{name}` | {usage[name][2]} | {states[name]} |" for name in usage]
    return head + "\n".join(rows) + "\n"


KINDS = (WORKS, RESOLVES, MISSING)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def main(arguments: list[str]) -> int:
    """Write the page, or say that it is stale."""
    fresh = page()
    if "--check" not in arguments:
        TARGET.write_text(fresh, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != fresh:
        print(f"{TARGET.name} is stale: run `python .ci/names_page.py` and commit it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
