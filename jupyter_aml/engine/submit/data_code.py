"""The inputs and outputs of a run as Python, as a person would have written them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyter_aml.domain import run_data
from jupyter_aml.domain.run_data import Input, Output, RunData


def imports(data: RunData) -> Iterator[str]:
    """The lines that import what the others use."""
    names = {"Datastore"} if data.outputs else set()
    for each in data.inputs:
        names.add("Datastore" if each.is_reference else "Dataset" if each.dataset else "Run")
    if names:
        yield f"from jupyter_aml.sdk.core import {', '.join(sorted(names))}"
    if any(not each.is_reference for each in data.outputs):
        yield "from jupyter_aml.sdk.data.output_dataset_config import OutputFileDatasetConfig"


def lines(data: RunData, run_id: str) -> Iterator[str]:
    """A line for each, which makes a variable of its name."""
    for each in data.inputs:
        yield f"{variable(each.name)} = {_input(each, run_id)}"
    for output in data.outputs:
        yield f"{variable(output.name)} = {_output(output)}"


def arguments(words: tuple[str, ...], data: RunData) -> str:
    """A list of arguments in which the variables stand."""
    names = {word: variable(name) for name, word in _words(data)}
    return f"[{', '.join(names.get(word, repr(word)) for word in words)}]"


def others(words: tuple[str, ...], data: RunData) -> Iterator[str]:
    """The lines that give the configuration what stands in no argument of its own."""
    there = {each.name: "data" for each in data.inputs if not each.is_reference}
    there |= {each.name: "data_references" for each in data.inputs if each.is_reference}
    there |= {
        each.name: "data_references" if each.is_reference else "output_data"
        for each in data.outputs
    }
    for name, word in _words(data):
        if word not in words:
            yield f"config.run_config.{there[name]}[{name!r}] = {variable(name)}"


def variable(name: str) -> str:
    """The variable of an input or output, which no other line uses."""
    return f"data_{name}"


def _words(data: RunData) -> Iterator[tuple[str, str]]:
    for each in data.inputs:
        yield each.name, _word(each, "DatasetConsumptionConfig")
    for output in data.outputs:
        yield output.name, _word(output, "DatasetOutputConfig")


def _word(each: Input | Output, kind: str) -> str:
    return f"${run_data.VARIABLE}{each.name}" if each.is_reference else f"{kind}:{each.name}"


def _input(each: Input, run_id: str) -> str:
    if each.is_reference:
        return _reference(each, each.mode)
    if each.dataset is not None:
        version = "" if each.version is None else f", version={each.version!r}"
        made = f"Dataset.get_by_name(workspace, {each.dataset!r}{version})"
    else:
        made = f"Run.get(workspace, {run_id!r}).input_datasets.dataset({each.name!r})"
    way = "" if each.mode == run_data.DIRECT else f".as_{each.mode}({_path(each.path_on_compute)})"
    return f"{made}.as_named_input({each.name!r}){way}"


def _reference(each: Input | Output, mode: str) -> str:
    assert each.datastore is not None
    path = f"Datastore.get(workspace, {each.datastore!r}).path("
    path += f"{each.path or None!r}, data_reference_name={each.name!r})"
    return f"{path}.as_{mode}({'' if mode == run_data.MOUNT else _path(each.path_on_compute)})"


def _output(each: Output) -> str:
    if each.is_reference:
        return _reference(each, run_data.UPLOAD)
    said = [repr(each.name), f"(Datastore.get(workspace, {each.datastore!r}), {each.path!r})"]
    if each.path_on_compute is not None:
        said.append(f"source={each.path_on_compute!r}")
    made = f"OutputFileDatasetConfig({', '.join(said)})"
    if each.mode == run_data.UPLOAD:
        globs = f", source_globs={list(each.globs)!r}" if each.globs else ""
        made += f".as_upload(overwrite={each.overwrite}{globs})"
    return made + _registration(each)


def _registration(each: Output) -> str:
    wanted = each.register
    if wanted is None:
        return ""
    told = [repr(wanted.name), *_given(description=wanted.description, tags=dict(wanted.tags))]
    made = f".register_on_complete({', '.join(told)})"
    # A table is told by its steps, and these by no words of SDK v1 that would be shorter.
    return made if wanted.kind == "file" else f"{made}._as_table({list(wanted.steps)!r})"


def _given(**said: Any) -> Iterator[str]:
    return (f"{name}={value!r}" for name, value in said.items() if value)


def _path(path: str | None) -> str:
    return "" if path is None else repr(path)
