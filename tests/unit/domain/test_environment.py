"""What an environment may say, and which of it decides what is built."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.domain.environment import TORCH_BACKEND, read
from jupyter_aml.domain.errors import Invalid


def with_variables(**variables: Any) -> dict[str, Any]:
    return {"name": "one", "environmentVariables": variables}


def with_conda(**conda: Any) -> dict[str, Any]:
    given = {"channels": ["conda-forge"], "dependencies": ["python=3.11", {"pip": ["six"]}]}
    return {"name": "one", "python": {"condaDependencies": {**given, **conda}}}


@pytest.mark.parametrize(
    ("name", "value"),
    [("A=B", "x"), ("A\0", "x"), ("A", "x\0y"), ("A", None), ("A", ["x"]), ("A", {})],
)
def test_what_no_process_can_be_given_is_no_variable(name: str, value: Any) -> None:
    with pytest.raises(Invalid, match=r"environmentVariables: .* cannot be set to"):
        read(with_variables(**{name: value}))


def test_a_variable_may_be_any_other_text_or_a_number() -> None:
    asked = {"A": "x=y\nz", "B": "", "N": 3, "F": 0.5}

    assert read(with_variables(**asked)).variables == {
        "A": "x=y\nz", "B": "", "N": "3", "F": "0.5",
    }  # fmt: skip


@pytest.mark.parametrize("backend", ["cpu", "auto", "cu128", "rocm6.2"])
def test_each_build_of_torch_makes_another_environment(backend: str) -> None:
    plain = read(with_variables()).digest()

    built = read(with_variables(**{TORCH_BACKEND: backend})).digest()

    assert built != plain
    assert built == read(with_variables(**{TORCH_BACKEND: backend})).digest()
    assert built != read(with_variables(**{TORCH_BACKEND: "cu118"})).digest()


@pytest.mark.parametrize(
    "other",
    [
        with_conda(channels=["defaults"]),
        with_conda(dependencies=["python=3.12", {"pip": ["six"]}]),
        with_conda(dependencies=["python=3.11", "numpy", {"pip": ["six"]}]),
        with_conda(dependencies=["python=3.11", {"pip": ["six>=1"]}]),
        {"name": "one", "python": {"userManagedDependencies": True}},
        {"name": "one", "python": {"interpreterPath": "python3"}},
        {"name": "one", "python": {"baseCondaEnvironment": "base"}},
        {"name": "one", "docker": {"enabled": True, "baseImage": "debian"}},
    ],
)
def test_all_that_a_build_depends_on_is_in_the_digest(other: dict[str, Any]) -> None:
    base = with_conda() if "condaDependencies" in other.get("python", {}) else {"name": "one"}

    assert read(base).digest() != read(other).digest()
    assert read(base).digest() != read(base).digest("six")


def test_what_changes_nothing_in_a_build_is_not_in_the_digest() -> None:
    one = with_conda(dependencies=["python=3.11", "numpy", "scipy", {"pip": ["six", "rich"]}])
    other = with_conda(dependencies=["scipy", "numpy", "python=3.11", {"pip": ["rich", "six"]}])
    other |= {**with_variables(A="x"), "name": "other", "version": "7"}

    assert read(one).digest() == read(other).digest()


def test_keys_that_sdk_v1_wrote_as_null_are_taken() -> None:
    registry = {"address": None, "username": None, "password": None, "registryIdentity": None}
    given = {
        "name": "one",
        "python": {"condaDependenciesFile": None},
        "docker": {"baseImageRegistry": registry},
    }

    assert read(given).same_as(read({"name": "one"}))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"python": {"condaDependenciesFile": "conda.yml"}}, "give what stands in that file"),
        ({"docker": {"baseImageRegistry": {"registryIdentity": {}}}}, "give username and password"),
    ],
)
def test_keys_that_would_mean_something_elsewhere_are_refused(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        read({"name": "one", **given})
