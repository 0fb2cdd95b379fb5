"""Old specifications: what stands in for the retired, and what their Python implies."""

from __future__ import annotations

import pytest
from packaging.version import Version

from jupyter_aml.environments import curated, wishes
from jupyter_aml.environments.pip import uv

TEN, TWELVE = Version("3.10.13"), Version("3.12.1")


def test_the_retired_go_and_what_they_brought_comes() -> None:
    found = wishes.satisfied(["azureml-defaults~=1.27.0", "AzureML_Dataprep[pandas]", "hello==1"])

    assert found.kept == ("hello==1",)
    assert found.brought == ("numpy", "pandas", "pyarrow", "requests", "adlfs")
    assert found.warnings == ()


def test_what_is_asked_for_by_name_is_not_brought_again() -> None:
    found = wishes.satisfied(["azureml-sdk", "Pandas==1.1", "numpy", "pyarrow>2"])

    assert found.kept == ("Pandas==1.1", "numpy", "pyarrow>2")
    assert found.brought == ("requests",)


def test_what_nothing_stands_in_for_is_named() -> None:
    found = wishes.satisfied(["azureml-accel-models==1.0"])

    assert (found.kept, found.brought) == ((), ())
    assert found.warnings == (
        "azureml-accel-models==1.0 is retired with Azure ML and nothing takes its place",
    )


@pytest.mark.parametrize("wish", ["3.6.2", "=3.6.2", "3.7", "3.8", "<3.8", ">=3.6,<3.9", "==3.8.*"])
def test_an_old_python_means_libraries_of_its_time(wish: str) -> None:
    age = wishes.of_old_times(wish, TEN, ["scipy==1.4"])

    assert age.lines == ("numpy<1.24", "pandas<2", "scikit-learn<1.3", "pyarrow<26")


@pytest.mark.parametrize("wish", [None, "3.9", "3.10", ">=3.6", ">3.7", "*", "3.12"])
def test_a_python_of_today_means_nothing(wish: str | None) -> None:
    assert wishes.of_old_times(wish, TEN, []).lines == ()


def test_there_are_no_wheels_of_old_times_for_a_newer_python() -> None:
    assert wishes.of_old_times("3.6.2", TWELVE, []).lines == ()


def test_a_library_whose_version_is_asked_for_has_no_limit() -> None:
    age = wishes.of_old_times("3.6.2", TEN, ["NumPy==1.26.4", "pandas"])

    assert age.lines == ("pandas<2", "scikit-learn<1.3", "pyarrow<26")


def test_what_was_taken_for_its_age_is_told() -> None:
    age = wishes.of_old_times("3.6.2", TEN, [])

    assert age.told({"numpy": "1.23.5", "pandas": "1.5.3", "six": "1"}) == (
        "python=3.6.2 is of a time before: numpy 1.23.5, pandas 1.5.3 are taken for it",
    )
    assert age.told({"six": "1"}) == ()


@pytest.mark.parametrize("name", ["AzureML-Minimal", "azureml-minimal", "AZUREML-MINIMAL"])
def test_curated_environments_are_found_in_letters_of_any_case(name: str) -> None:
    found = curated.find(name)

    assert found is not None
    assert (found[0].name, found[1]) == ("AzureML-Minimal", None)


def test_an_old_curated_name_in_small_letters_is_met_too() -> None:
    found = curated.find("azureml-SKLEARN-0.24-ubuntu18.04-py37-cpu")

    assert found is not None
    assert found[0].name == "AzureML-Scikit-learn"


def test_what_uv_was_told_for_the_server_does_not_bind_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_CONSTRAINT", "/etc/constraints.txt")
    monkeypatch.setenv("UV_OVERRIDE", "/etc/override.txt")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "here")

    found = uv._variables()

    assert not {"UV_CONSTRAINT", "UV_OVERRIDE"} & found.keys()
    assert found["UV_DEFAULT_INDEX"] == "here"


def test_what_needs_numpy_2_and_does_not_say_so_is_held_back_with_it() -> None:
    resolved = {"scikit-learn": "1.1.3", "numpy": "2.4.6", "pyarrow": "26.0.1"}

    assert wishes.numpy_limit(["scikit-learn==0.20.3"], resolved) == (
        ("numpy<2", "pyarrow<26"),
        "numpy<2 is taken for scikit-learn 1.1.3, which is older",
    )
    assert wishes.numpy_limit(["numpy"], resolved) is None
    assert wishes.numpy_limit(["pandas"], {"numpy": "2.1", "pyarrow": "26"}) is None
