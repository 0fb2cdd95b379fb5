"""The inputs and outputs of a run by name: in its script from its folder, elsewhere asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.near import near
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.domain.run_data import Input, Output, RunData
    from jupyter_aml.sdk._run.place import RunPlace
    from jupyter_aml.wire.run_data import WireRunData
    from jupyter_aml.wire.runs import WireRun


class NoSuchData(UserErrorException, KeyError):
    """A run has no input or output of that name."""

    def __str__(self) -> str:
        return self.message


class InputDatasets(Mapping[str, Any]):
    """The inputs of a run: a data set where it is `direct`, else the path of its files."""

    def __init__(self, run: RunPlace) -> None:
        self._run, self._found = run, {each.name: each for each in _of(run).inputs}

    def __getitem__(self, name: str) -> Any:
        each = _one("input", name, self._found)
        return _dataset(self._run, each) if each.mode == "direct" else _place("input", each)

    def dataset(self, name: str) -> Any:
        """Ours: the data set of an input, also of one whose files lie somewhere."""
        each = _one("input", name, self._found)
        if each.is_reference:
            raise UserErrorException(f"input {name!r} is a path of a datastore, and no data set")
        return _dataset(self._run, each)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"InputDatasets({', '.join(self._found)})"


class OutputDatasets(Mapping[str, str]):
    """The outputs of a run: the path where its script writes each."""

    def __init__(self, run: RunPlace) -> None:
        self._found = {each.name: each for each in _of(run).outputs}

    def __getitem__(self, name: str) -> str:
        return _place("output", _one("output", name, self._found))

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"OutputDatasets({', '.join(self._found)})"


def told(run: RunPlace, seen: WireRun) -> WireRunData:
    """The inputs and outputs of a run as they are sent; nothing where it has no script."""
    if seen["job"] is None:
        return {"inputs": [], "outputs": []}
    return _told(run)


def _told(run: RunPlace) -> WireRunData:
    if not run._is_inside:
        return run.client.runs.data(run.id)
    import json

    from jupyter_aml.runfolder.plain import read_plain

    try:
        data: WireRunData = json.loads(read_plain(run._folder.data))
    except FileNotFoundError:
        return {"inputs": [], "outputs": []}
    return data


def _of(run: RunPlace) -> RunData:
    from jupyter_aml.wire.run_data import decode_data

    return decode_data(_told(run))


def _one(what: str, name: str, found: Mapping[str, Any]) -> Any:
    if name in found:
        return found[name]
    close = near(str(name), found, 1)
    there = f"there is {', '.join(found)}" if found else "it has none"
    cure = f"did you mean {close[0]!r}?" if close else there
    raise NoSuchData(f"this run has no {what} {name!r}; {cure}")


def _place(what: str, each: Input | Output) -> str:
    if each.place is None:
        raise UserErrorException(f"{what} {each.name!r} is not ready: the run has not begun")
    return each.place


def _dataset(run: RunPlace, each: Input) -> Any:
    """The data set of an input: the registered one, or as it was when the run was sent."""
    from jupyter_aml.domain import dataset
    from jupyter_aml.sdk.data import file_dataset, tabular_dataset
    from jupyter_aml.sdk.data._reads import Stores
    from jupyter_aml.sdk.data.abstract_dataset import AbstractDataset

    kinds = {"file": file_dataset.FileDataset, "tabular": tabular_dataset.TabularDataset}

    assert run.experiment is not None
    workspace: Any = run.experiment.workspace
    if each.dataset is not None:
        try:
            return AbstractDataset.get_by_name(workspace, each.dataset, each.version or "latest")
        except UserErrorException:
            pass  # It was unregistered since; what lies behind it did not go away.
    definition = dataset.read(each.definition)
    return kinds[definition.kind]._make(definition, Stores(workspace, {}))
