"""Conda environments of this machine are read as they lie on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Environment
from jupyter_aml.sdk.exceptions import UserErrorException


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONDA_PREFIX", "CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def a_prefix(prefix: Path, **packages: str) -> Path:
    """An environment with these conda packages."""
    (prefix / "conda-meta").mkdir(parents=True)
    for name, version in packages.items():
        record = {"name": name, "version": version, "build": "0", "subdir": "linux-64",
                  "channel": "https://conda.example/conda-forge/linux-64"}  # fmt: skip
        (prefix / "conda-meta" / f"{name}-{version}-0.json").write_text(json.dumps(record))
    return prefix


def install(prefix: Path, name: str, version: str, *, by: str) -> None:
    """A Python distribution in an environment."""
    info = prefix / "lib" / "python3.11" / "site-packages" / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "INSTALLER").write_text(f"{by}\n")


def taken(name: str) -> Environment:
    found = Environment.from_existing_conda_environment("mine", name)
    assert found is not None
    return found


def test_conda_packages_and_those_that_pip_added_are_taken_at_their_versions(home: Path) -> None:
    prefix = a_prefix(home / "miniconda3" / "envs" / "py_env", python="3.11.9", numpy="1.26.4")
    install(prefix, "numpy", "1.26.4", by="conda")
    install(prefix, "tqdm", "4.66.1", by="pip")

    packages = taken("py_env").python.conda_dependencies

    assert packages.get_python_version() == "3.11.9"
    assert list(packages.conda_packages) == ["numpy=1.26.4"]
    assert list(packages.pip_packages) == ["tqdm==4.66.1"]
    assert list(packages.conda_channels) == ["conda-forge"]


def test_one_is_found_by_its_path_too(home: Path) -> None:
    prefix = a_prefix(home / "elsewhere" / "env", numpy="1.26.4")

    assert list(taken(str(prefix)).python.conda_dependencies.conda_packages) == ["numpy=1.26.4"]
    assert list(taken("~/elsewhere/env").python.conda_dependencies.conda_packages) == [
        "numpy=1.26.4"
    ]


def test_all_that_conda_keeps_account_of_are_found(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = a_prefix(home / "projects" / "listed", numpy="1.0")
    active = a_prefix(home / "somewhere" / "active", numpy="2.0")
    of_the_client = a_prefix(home / "opt" / "conda" / "envs" / "of_the_client", numpy="3.0")
    (home / ".conda").mkdir()
    (home / ".conda" / "environments.txt").write_text(f"{listed}\n{home / 'gone'}\n")
    monkeypatch.setenv("CONDA_PREFIX", str(active))
    monkeypatch.setenv("CONDA_EXE", str(home / "opt" / "conda" / "bin" / "conda"))

    found = [
        list(taken(prefix.name).python.conda_dependencies.conda_packages)
        for prefix in (listed, active, of_the_client)
    ]

    assert found == [["numpy=1.0"], ["numpy=2.0"], ["numpy=3.0"]]


def test_base_is_the_environment_of_the_installation_itself(home: Path) -> None:
    a_prefix(home / "miniconda3", conda="24.1")

    assert list(taken("base").python.conda_dependencies.conda_packages) == ["conda=24.1"]


def test_one_that_is_not_there_is_named_with_the_nearest(home: Path) -> None:
    with pytest.raises(UserErrorException, match="'py_env'; none was found on this machine"):
        taken("py_env")
    a_prefix(home / "anaconda3" / "envs" / "py_envs", numpy="1.0")

    with pytest.raises(UserErrorException, match="did you mean 'py_envs'"):
        taken("py_env")
    with pytest.raises(UserErrorException, match="there is: py_envs"):
        taken("something-else")


def test_a_record_that_is_torn_is_named(home: Path) -> None:
    prefix = a_prefix(home / "miniconda3" / "envs" / "py_env", numpy="1.26.4")
    (prefix / "conda-meta" / "torn-1.0-0.json").write_text('{"name": ')

    with pytest.raises(UserErrorException, match=r"torn-1\.0-0\.json"):
        taken("py_env")
