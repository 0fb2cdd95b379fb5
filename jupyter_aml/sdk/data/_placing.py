"""Finds the inputs and outputs among the arguments of a script, and says what is sent of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_aml.domain import run_data
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk.exceptions import UserErrorException

_REFERENCE = re.compile(r"\$\{?AZUREML_DATAREFERENCE_(\w+)\}?")
_WORD = re.compile(r"(DatasetConsumptionConfig|DatasetOutputConfig):(\w+)")


class Placing:
    """The inputs and outputs of a run, gathered one after the other."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}
        self.outputs: dict[str, dict[str, Any]] = {}

    def words(self, arguments: Iterable[Any]) -> list[str]:
        """The arguments as they are sent: of an input or output the word its place comes for."""
        return [self.word(argument) for argument in arguments]

    def word(self, argument: Any) -> str:
        """One argument as it is sent; raises UserErrorException for what is no word."""
        if isinstance(argument, str):
            return argument
        named = self.add(argument)
        return str(argument) if named is None else named

    def add(self, thing: Any, name: str | None = None) -> str | None:
        """Take an input or output, and return its word; None for what is neither."""
        from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig
        from jupyter_aml.sdk.data.output_dataset_config import OutputDatasetConfig

        if isinstance(thing, DatasetConsumptionConfig):
            return self._keep(self.inputs, name or thing.name, _input(thing), thing.arg_val)
        if isinstance(thing, OutputDatasetConfig):
            return self._keep(self.outputs, name or thing.name, _output(thing), thing.arg_val)
        if _is_reference(thing):
            return self._reference(thing, name or thing.data_reference_name)
        if _is_path(thing):
            return self._reference(thing.create_data_reference(), name)
        if hasattr(thing, "as_named_input"):
            raise UserErrorException(
                "a data set becomes an input of a script by its name there: "
                "dataset.as_named_input('data'), and .as_mount() or .as_download() for files"
            )
        return None

    def check(self, words: Iterable[str]) -> None:
        """Raise UserErrorException for a word that stands for an input nobody gave."""
        for word in words:
            named = _REFERENCE.fullmatch(word)
            if named is not None and named[1] not in {*self.inputs, *self.outputs}:
                raise UserErrorException(
                    f"an argument is {word!r}, and the run has no such reference: put the object "
                    "itself among the arguments, or into run_config.data_references"
                )
            for kind, name in _WORD.findall(word):
                there = self.inputs if kind == "DatasetConsumptionConfig" else self.outputs
                if name not in there:
                    where = "data" if there is self.inputs else "output_data"
                    raise UserErrorException(
                        f"an argument names {name!r}, and the run has nothing of that name: put "
                        f"the object itself among the arguments, or into run_config.{where}"
                    )

    def body(self) -> dict[str, Any]:
        """What is sent of all."""
        told = {"inputs": [*self.inputs.values()], "outputs": [*self.outputs.values()]}
        return {name: things for name, things in told.items() if things}

    def _reference(self, reference: Any, name: str | None) -> str:
        name = name or reference.data_reference_name
        word = f"${run_data.VARIABLE}{name}"
        told: dict[str, Any] = {
            "datastore": _store(reference.datastore),
            "path": reference.path_on_datastore or "",
            "pathOnCompute": reference.path_on_compute,
        }
        mode = reference.mode or run_data.MOUNT
        if mode == run_data.UPLOAD:
            told |= {"kind": "reference", "mode": mode, "overwrite": bool(reference.overwrite)}
            return self._keep(self.outputs, name, told, word)
        return self._keep(self.inputs, name, {**told, "mode": mode}, word)

    def _keep(
        self, there: dict[str, dict[str, Any]], name: str, told: Mapping[str, Any], word: str
    ) -> str:
        try:
            run_data.check_name(name)
        except Invalid as error:
            raise UserErrorException(str(error)) from None
        every = {**self.inputs, **self.outputs}
        made = {"name": name, **told}
        if every.get(name, made) != made:
            raise UserErrorException(
                f"two inputs or outputs are called {name!r}; give each a name of its own"
            )
        there[name] = made
        return word


def _is_reference(thing: Any) -> bool:
    return hasattr(thing, "data_reference_name") and hasattr(thing, "path_on_datastore")


def _is_path(thing: Any) -> bool:
    return hasattr(thing, "create_data_reference") and hasattr(thing, "path_on_datastore")


def _store(datastore: Any) -> str:
    """The name of a datastore, or of the object that is one."""
    return str(getattr(datastore, "name", datastore))


def _input(config: Any) -> dict[str, Any]:
    """What is sent of a data set as an input; raises UserErrorException for what cannot be one."""
    if config.mode == "hdfs":
        raise UserErrorException(
            f"as_hdfs of {config.name!r} needs a Spark cluster, and jupyter_aml runs Python alone: "
            "use as_mount() or as_download()"
        )
    return {
        "mode": config.mode,
        "dataset": _dataset(config.name, config.dataset),
        "pathOnCompute": config.path_on_compute,
    }


def _dataset(name: str, dataset: Any) -> dict[str, Any]:
    from jupyter_aml.sdk.data.output_dataset_config import OutputDatasetConfig

    if isinstance(dataset, OutputDatasetConfig):
        raise UserErrorException(
            f"{name!r} is the output {dataset.name!r} of another script: register it there with "
            "register_on_complete(name), and take Dataset.get_by_name(workspace, name) here"
        )
    definition = getattr(dataset, "_definition", None)
    if definition is None:
        raise UserErrorException(
            f"{name!r}: expected a data set, not a {type(dataset).__name__}; Dataset.get_by_name("
            "workspace, name) gives a registered one"
        )
    if definition.name:
        return {"name": definition.name, "version": definition.version}
    return {"definition": definition.to_json()}


def _output(config: Any) -> dict[str, Any]:
    """What is sent of an output; raises UserErrorException for what cannot be one."""
    if config.mode in ("hdfs", "link"):
        how = (
            "needs a Spark cluster" if config.mode == "hdfs" else
            "would be a data set that the script makes itself"
        )  # fmt: skip
        raise UserErrorException(
            f"{type(config).__name__} {config.name!r} {how}: use OutputFileDatasetConfig, whose "
            "folder the script fills and which register_on_complete makes a data set"
        )
    told: dict[str, Any] = {
        "mode": config.mode,
        "pathOnCompute": config.source,
        "overwrite": bool(config._upload.overwrite),
        "globs": [str(glob) for glob in config._upload.source_globs or ()],
        "register": _registration(config),
    }
    destination = config.destination
    if isinstance(destination, tuple):
        told["datastore"] = _store(destination[0])
        told["path"] = destination[1] or run_data.DEFAULT_DESTINATION
    elif destination is not None:
        told["datastore"] = destination.datastore_name if _is_path(destination) else _store(
            destination.datastore
        )  # fmt: skip
        told["path"] = destination.path_on_datastore or run_data.DEFAULT_DESTINATION
    return told


def _registration(config: Any) -> dict[str, Any] | None:
    wanted = config._registration
    if wanted is None:
        if config._kind == "tabular":
            raise UserErrorException(
                f"output {config.name!r} is read as a table, and nobody would find it: add "
                "register_on_complete(name)"
            )
        return None
    return {
        "name": wanted.name,
        "description": wanted.description or "",
        "tags": {str(key): str(value) for key, value in (wanted.tags or {}).items()},
        "kind": config._kind,
        "steps": list(config._steps),
    }


def gathered(run_config: Any, arguments: Iterable[Any]) -> Placing:
    """All inputs and outputs that a configuration and its arguments name."""
    placing = Placing()
    for there in (run_config.data, run_config.output_data, run_config.data_references):
        for name, thing in there.items():
            _named(placing, name, thing)
    for thing in arguments:
        if not isinstance(thing, str):
            placing.add(thing)
    return placing


def _named(placing: Placing, name: str, thing: Any) -> None:
    told = thing._placed(name) if hasattr(thing, "_placed") else thing
    if placing.add(told, str(name)) is None:
        raise UserErrorException(
            f"{name!r} of the run configuration: expected an input or output, not a "
            f"{type(thing).__name__}"
        )
