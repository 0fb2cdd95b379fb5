"""What is in the wheel, and that installing it is all there is to do."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import a_folder
from tests.installing import (
    borrow_packages,
    copy_of_the_repository,
    environment_of,
    new_environment,
    run,
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with a_folder() as path:
        yield path


@pytest.fixture(scope="module")
def programs(folder: Path) -> Path:
    """A new environment, which borrows the packages that ours are built on."""
    made = new_environment(folder / "venv")
    borrow_packages(made)
    return made


@pytest.fixture(scope="module")
def wheel(folder: Path, programs: Path) -> Path:
    """The wheel as pip builds it, in a tree that holds the leftovers of a development build."""
    copy = copy_of_the_repository(folder / "copy")
    leftovers = copy / "jupyter_aml" / "labextension"
    (leftovers / "static").mkdir(parents=True)
    (leftovers / "build_log.json").write_text("{}")
    (leftovers / "static" / "old.js.map").write_text("{}")
    env = environment_of(programs, home=folder)
    run(
        [str(programs / "pip"), "wheel", "--no-deps", "--wheel-dir", str(folder), str(copy)],
        env=env,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_holds_no_maps_no_build_log_and_no_tests(names: list[str]) -> None:
    unwanted = [
        name
        for name in names
        if name.endswith((".map", ".pyc", "build_log.json"))
        or name.split("/")[0] in ("tests", "labextension", "notebooks", "docs", "build_backend")
    ]

    assert not unwanted


def test_the_wheel_holds_both_front_ends_once(names: list[str]) -> None:
    shared = [name for name in names if "/share/jupyter/labextensions/jupyter-aml/" in name]

    assert any(name.endswith("/package.json") for name in shared)
    assert any(name.endswith("/install.json") for name in shared)
    assert any("/static/remoteEntry." in name for name in shared)
    assert "jupyter_aml/widgets/static/run.js" in names
    assert not any(name.startswith("jupyter_aml/labextension") for name in names)


def test_the_wheel_tells_nothing_of_the_machine_that_built_it(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        told = [name for name in archive.namelist() if str(folder).encode() in archive.read(name)]

    assert not told


def test_installing_enables_everything_with_no_further_command(
    wheel: Path, programs: Path, folder: Path
) -> None:
    env = environment_of(programs, home=folder)
    run([str(programs / "pip"), "install", "--no-deps", str(wheel)], env=env, cwd=folder)

    server = listed(["jupyter", "server", "extension", "list"], programs, env)
    lab = listed(["jupyter", "labextension", "list"], programs, env)
    version = run([str(programs / "jupyter-aml"), "--version"], env=env, cwd=folder).strip()

    assert "jupyter_aml enabled" in server
    assert f"jupyter_aml {version} OK" in server
    assert f"jupyter-aml v{version} enabled OK" in lab
    assert wheel.name.startswith(f"jupyter_aml-{version}-")


def listed(command: list[str], programs: Path, env: dict[str, str]) -> str:
    """What a command prints, on one line and without colours."""
    said = run([str(programs / "python"), "-m", *command], env=env, cwd=programs)
    return " ".join(re.sub(r"\x1b\[\d+m", "", said).split())
