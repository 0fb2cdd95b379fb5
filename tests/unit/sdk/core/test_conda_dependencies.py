"""A conda specification, made and changed step by step, read and written."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.sdk.core.conda_dependencies import PYTHON_DEFAULT_VERSION, CondaDependencies
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.exceptions import UserErrorException

FILE = """\
name: mine
channels:
- conda-forge
- defaults
dependencies:
- python=3.11
- numpy=1.26
- pip:
  - azureml-defaults
  - tqdm>=4
"""


def test_what_is_made_holds_python_the_runtime_and_the_packages() -> None:
    made = CondaDependencies.create(
        conda_packages=["scikit-learn", "pandas"], pip_packages=["azureml-defaults", "lightgbm"]
    )

    assert made.get_python_version() == PYTHON_DEFAULT_VERSION
    assert list(made.conda_packages) == ["scikit-learn", "pandas"]
    assert list(made.pip_packages) == ["azureml-defaults", "lightgbm"]
    assert list(made.conda_channels) == ["conda-forge"]


def test_a_file_is_written_as_it_was_read(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text(FILE)
    read = CondaDependencies(tmp_path / "conda.yml")

    assert read.serialize_to_string() == FILE
    assert read.save_to_file(str(tmp_path / "below"), "env.yml") == "env.yml"
    assert CondaDependencies(tmp_path / "below" / "env.yml") == read
    assert read.save(tmp_path / "other.yml") == str(tmp_path / "other.yml")
    assert (tmp_path / "other.yml").read_text() == FILE


def test_a_package_that_is_added_again_takes_the_place_of_the_first() -> None:
    made = CondaDependencies.create(conda_packages=["numpy=1.24"], pip_packages=["tqdm==4.0"])

    made.add_conda_package("numpy=1.26")
    made.add_pip_package("tqdm>=4.66")

    assert list(made.conda_packages) == ["numpy=1.26"]
    assert list(made.pip_packages) == ["azureml-defaults", "tqdm>=4.66"]


def test_spellings_of_a_name_that_the_index_takes_for_one_are_one() -> None:
    made = CondaDependencies.create(pip_packages=["scikit_learn==1.0"])

    made.add_pip_package("Scikit-Learn>=1.4")

    assert list(made.pip_packages) == ["azureml-defaults", "Scikit-Learn>=1.4"]


@pytest.mark.parametrize("text", ["dependencies:\n- pip:\n", "channels:\ndependencies:\n"])
def test_empty_parts_of_a_file_can_be_filled(tmp_path: Path, text: str) -> None:
    (tmp_path / "conda.yml").write_text(text)
    read = CondaDependencies(tmp_path / "conda.yml")
    assert (list(read.conda_packages), list(read.pip_packages), list(read.conda_channels)) == (
        [], [], [],
    )  # fmt: skip

    read.add_channel("conda-forge")
    read.add_conda_package("numpy")
    read.add_pip_package("tqdm")

    assert list(read.conda_channels) == ["conda-forge"]
    assert (list(read.conda_packages), list(read.pip_packages)) == (["numpy"], ["tqdm"])


def test_what_was_added_can_be_taken_away_whatever_its_version() -> None:
    made = CondaDependencies.create(conda_packages=["numpy=1.26"], pip_packages=["tqdm>=4"])
    made.add_channel("pytorch")
    made.set_pip_option("--pre")

    made.remove_conda_package("numpy")
    made.remove_pip_package("tqdm")
    made.remove_channel("conda-forge")
    made.remove_pip_option("--pre")

    assert list(made.conda_packages) == []
    assert list(made.pip_packages) == ["azureml-defaults"]
    assert list(made.conda_channels) == ["pytorch"]
    assert list(made.pip_options) == []


def test_options_are_kept_apart_from_packages() -> None:
    made = CondaDependencies.create(pip_indexurl="https://index.example/simple")
    made.set_pip_index_url("https://other.example/simple")

    made.set_pip_requirements(["numpy", "pandas"])

    assert list(made.pip_options) == ["--index-url https://other.example/simple"]
    assert list(made.pip_packages) == ["numpy", "pandas"]


def test_a_version_of_python_stands_first_and_once() -> None:
    made = CondaDependencies.create(python_version="3.12")
    made.add_conda_package("python=3.13")

    assert made.as_dict()["dependencies"][0] == "python=3.13"
    assert made.get_python_version() == "3.13"


def test_requirements_of_one_package_are_joined() -> None:
    lines = ["numpy>=1", "pandas", "numpy<2", "pandas==2.2"]

    assert CondaDependencies.merge_requirements(lines) == ["numpy>=1,<2", "pandas==2.2"]


def test_a_copy_of_the_content_is_given_out() -> None:
    made = CondaDependencies()

    made.as_dict()["dependencies"].append("stray")

    assert list(made.conda_packages) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dependencies:\n  - numpy\n - pandas\n", r"line 3, column 2"),
        ("dependencies: [numpy\n", r"line 2, column 1"),
        ("dependancies: [numpy]\n", r"no key 'dependancies'; did you mean 'dependencies'"),
        ("dependencies: numpy\n", r"expected a list, not text"),
        ("- numpy\n", r"expected `dependencies:`"),
        ("", r"expected `dependencies:`"),
        ("dependencies:\n- pip: tqdm\n", r"dependencies\.pip: expected a list"),
        ("dependencies: [&a numpy, *a]\n", r"line 1, column 26: aliases"),
    ],
)
def test_what_is_no_specification_is_refused_with_its_file_and_place(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "conda.yml").write_text(text)

    with pytest.raises(UserErrorException, match=rf"conda\.yml.*{told}"):
        CondaDependencies(tmp_path / "conda.yml")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "image.yml").write_bytes(b"\x89PNG\xff")

    with pytest.raises(UserErrorException, match=r"nowhere\.yml.*No such file"):
        CondaDependencies(tmp_path / "nowhere.yml")
    with pytest.raises(UserErrorException, match=r"image\.yml.*not text"):
        CondaDependencies(tmp_path / "image.yml")


def test_a_mistake_in_a_call_is_said_at_once() -> None:
    with pytest.raises(UserErrorException, match="give a list of packages, not the text 'numpy'"):
        CondaDependencies.create(pip_packages="numpy")
    with pytest.raises(UserErrorException, match="None is not a pip package"):
        CondaDependencies().add_pip_package(None)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match="'latest' is not a version of Python"):
        CondaDependencies().set_python_version("latest")


PAIRS = [
    ("six==1.16.0 ; python_version < '3.12'", "six==1.17.0 ; python_version >= '3.12'"),
    ("https://example.org/a-1-py3-none-any.whl", "https://example.org/b-1-py3-none-any.whl"),
    ("./a-1-py3-none-any.whl", "./b-1-py3-none-any.whl"),
    ("pandas<3", "pandas[excel]>=1"),
]


@pytest.mark.parametrize("lines", PAIRS)
def test_all_lines_of_one_list_are_kept(lines: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("\n".join(lines))
    of_list, of_call = CondaDependencies(), CondaDependencies.create(pip_packages=lines)
    of_list.set_pip_requirements(lines)
    of_file = Environment.from_pip_requirements("x", tmp_path / "requirements.txt")

    assert tuple(of_list.pip_packages) == lines
    assert tuple(of_call.pip_packages) == ("azureml-defaults", *lines)
    assert tuple(of_file.python.conda_dependencies.pip_packages) == lines


@pytest.mark.parametrize("lines", PAIRS[:3])
def test_lines_that_are_no_versions_of_one_another_are_kept_one_by_one(
    lines: tuple[str, str],
) -> None:
    made = CondaDependencies()

    for line in lines * 2:
        made.add_pip_package(line)

    assert tuple(made.pip_packages) == ("azureml-defaults", *lines)
    made.remove_pip_package(lines[0])
    assert lines[0] not in list(made.pip_packages)


def test_a_version_without_a_condition_stands_for_all_others() -> None:
    made = CondaDependencies()
    for line in (*PAIRS[0], "Six==2"):
        made.add_pip_package(line)

    assert list(made.pip_packages) == ["azureml-defaults", "Six==2"]
