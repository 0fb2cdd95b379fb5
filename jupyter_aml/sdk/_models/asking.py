"""What is sent to register or change a model, and the errors of it as SDK v1's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from jupyter_aml.domain import model
from jupyter_aml.domain.errors import (
    AlreadyExists,
    IllegalMove,
    Invalid,
    NotFound,
    Refused,
    StorageFailed,
)
from jupyter_aml.sdk._models.data import uses_of, whole_use
from jupyter_aml.sdk.exceptions import WebserviceException

_OURS = (AlreadyExists, IllegalMove, Invalid, NotFound, Refused, StorageFailed)


@contextmanager
def as_v1() -> Iterator[None]:
    """Raise what the engine answers as the WebserviceException that notebooks catch."""
    try:
        yield
    except _OURS as error:
        raise WebserviceException(str(error)) from None


def described(
    workspace: str, name: str, *, tags: Any, properties: Any, description: str | None,
    framework: str | None, framework_version: str | None, datasets: Any, sample_input: Any,
    sample_output: Any, resources: Any,
) -> dict[str, Any]:  # fmt: skip
    """All that is sent of a new model but its files; raises WebserviceException."""
    if framework is None and framework_version is not None:
        raise WebserviceException(
            f"model_framework_version={framework_version!r} says nothing without model_framework"
        )
    with as_v1():
        model.model_name(name)
    return {
        "workspace": workspace,
        "name": name,
        "key": uuid4().hex,
        "tags": labels("tags", tags),
        "properties": labels("properties", properties),
        "description": description or "",
        "framework": framework,
        "frameworkVersion": None if framework_version is None else str(framework_version),
        "datasets": uses_of(datasets),
        "sampleInput": whole_use("sample_input_dataset", sample_input),
        "sampleOutput": whole_use("sample_output_dataset", sample_output),
        "resources": None if resources is None else resources._to_wire(),
    }


def labels(what: str, given: Any) -> dict[str, str]:
    """Tags or properties as texts; raises WebserviceException for what is no dictionary."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        kind = type(given).__name__
        raise WebserviceException(f"{what} must be a dictionary, name to value, not a {kind}")
    return {str(key): "" if value is None else str(value) for key, value in given.items()}


def filters(what: str, given: Any) -> list[str]:
    """SDK v1's filter, `['key', ['key', 'value']]`, as it is asked; raises WebserviceException."""
    if given is None:
        return []
    if isinstance(given, str):
        return [given]
    if isinstance(given, Mapping):
        return [f"{key}={value}" for key, value in given.items()]
    return [_filter(what, each) for each in given]


def _filter(what: str, each: Any) -> str:
    if isinstance(each, str):
        return each
    if isinstance(each, Sequence) and len(each) in (1, 2):
        return "=".join(str(part) for part in each)
    raise WebserviceException(f"{what}: each is 'key' or ['key', 'value'], not {each!r}")


def own_run(workspace: str) -> str | None:
    """The run that this script is, where it is one of that workspace."""
    if os.environ.get("AML_RUN_DIR") and os.environ.get("AML_WORKSPACE") == workspace:
        return os.environ.get("AML_RUN_ID")
    return None
