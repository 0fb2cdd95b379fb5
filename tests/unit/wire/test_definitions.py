"""What is asked of environments is read once, and every mistake is named."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.wire.definitions import (
    decode_build,
    decode_environment_pruning,
    decode_new_environment,
    decode_new_labels,
)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "give a definition, or a specification and a name"),
        ({"specification": 5}, "give a definition, or a specification and a name"),
        ({"specification": "", "format": "npm"}, "format: expected 'conda' or 'pip', not 'npm'"),
        ({"name": "x", "specification": "dependencies: [a"}, "line 1, column"),
        ({"name": "a/b", "specification": "numpy", "format": "pip"}, "'a/b' cannot be the name"),
    ],
)
def test_an_environment_that_makes_no_sense_is_named(body: dict[str, Any], sentence: str) -> None:
    asked = decode_new_environment(body)

    with pytest.raises(Invalid, match=sentence):
        asked.read()


def test_requirements_and_variables_come_into_the_definition() -> None:
    lines = {"name": "x", "specification": "numpy\n# why\nscipy==1.0\n", "format": "pip"}
    conda = {"name": "x", "specification": "dependencies: [numpy]\nvariables: {MODE: fast}\n"}

    pip = decode_new_environment(lines).read()
    definition = decode_new_environment(conda).read()

    assert list(pip.conda.pip) == ["numpy", "scipy==1.0"]
    assert dict(definition.variables) == {"MODE": "fast"}


@pytest.mark.parametrize(
    ("decode", "body", "sentence"),
    [
        (decode_build, {"extras": "numpy"}, "extras: expected a list of requirements"),
        (decode_build, {"workspace": "a/b"}, "'a/b' cannot be the name of a workspace"),
        (decode_new_labels, {"labels": ["a"]}, "version: expected the version that gets"),
        (decode_new_labels, {"version": "1", "labels": []}, "labels: expected a list of labels"),
        (decode_new_labels, {"version": "1", "labels": [5]}, "5 cannot be the name of a label"),
        (decode_environment_pruning, {"keepBytes": -1}, "keepBytes: expected a number that is 0"),
        (decode_environment_pruning, {"olderThanDays": True}, "olderThanDays: expected a number"),
    ],
)
def test_a_request_that_makes_no_sense_is_named(
    decode: Any, body: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        decode(body)


def test_a_build_is_of_the_newest_version_where_none_is_named() -> None:
    asked = decode_build({})

    assert (asked.workspace, asked.version, asked.again, asked.extras) == (
        "default",
        None,
        False,
        (),
    )
