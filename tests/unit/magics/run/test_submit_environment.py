"""Which environment a submitted cell asks for."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

PYTHON = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def asked(notebook, engine):
    """A function that submits a cell and returns the environment it asks for."""

    def submit(options, cell="print(1)"):
        said = notebook.run(f"%%aml submit exp {options}\n{cell}\n")
        assert said.error is None, said.text
        return engine.submitted[-1].get("environment")

    return submit


def packages(definition):
    """Python, conda packages and pip packages of a definition, without our own."""
    conda = definition["python"]["condaDependencies"]
    texts = [each for each in conda["dependencies"] if isinstance(each, str)]
    pip = [line for each in conda["dependencies"] if isinstance(each, dict) for line in each["pip"]]
    ours = ("azureml-defaults", "pip")
    return [each for each in texts if each not in ours], [each for each in pip if each not in ours]


def test_without_options_it_is_the_kernels_own_python(asked, engine):
    assert asked("") is None
    assert engine.submitted[0]["job"]["interpreter"] == sys.executable


def test_a_registered_one_is_taken_in_the_version_that_is_named(asked, engine):
    engine.environments.add()
    engine.environments.add(definition={"name": "ridge", "version": "2"})

    assert asked("-e ridge")["version"] == "2"
    assert asked("--env ridge:1")["version"] == "1"
    assert engine.submitted[-1]["job"]["interpreter"] == "python"


def test_packages_are_named_on_the_line(asked):
    found = asked("--pip 'numpy pandas >= 2, <3' --pip \"tomli; python_version < '3.11'\"")

    assert found["name"] == "exp-env"
    assert packages(found) == (
        [f"python={PYTHON}"], ["numpy", "pandas>=2,<3", "tomli; python_version < '3.11'"],
    )  # fmt: skip


def test_conda_packages_and_pip_packages_go_together(asked):
    found = asked("--conda 'python=3.12 numpy=2' --conda conda-forge::xz --pip rich")

    assert packages(found) == (["python=3.12", "numpy=2", "conda-forge::xz"], ["rich"])


def test_a_file_describes_it(asked, tmp_path):
    Path("a.yml").write_text("dependencies:\n- python=3.12\n- pip:\n  - rich\n")
    Path("b.txt").write_text("# needed\nrich>=13\n")

    assert packages(asked("--env-file a.yml")) == (["python=3.12"], ["rich"])
    assert packages(asked("--env-file b.txt")) == ([f"python={PYTHON}"], ["rich>=13"])


def test_what_the_cell_imports_is_asked_for_in_its_version(notebook, asked):
    cell = (
        "import json, yaml\n"
        "from azureml.core import Run\n"
        "def f():\n    import dateutil.parser as p\n"
        "try:\n    import no_such_thing\nexcept ImportError:\n    pass\n"
    )

    found = asked("--auto-env", cell)

    assert packages(found)[1] == [
        f"python-dateutil=={version('python-dateutil')}", f"pyyaml=={version('pyyaml')}",
    ]  # fmt: skip
    said = notebook.run(f"%%aml submit exp --auto-env\n{cell}").text
    assert f"Environment of this cell's imports: Python {PYTHON}, python-dateutil==" in said


def test_modules_that_go_with_the_cell_are_no_packages(asked):
    Path("helper.py").write_text("")
    Path("src/tools").mkdir(parents=True)

    assert packages(asked("--auto-env --include *.py", "import helper"))[1] == []
    assert packages(asked("--auto-env --source src", "from tools import x"))[1] == []


@pytest.mark.parametrize(
    ("options", "cell", "said"),
    [
        ("-e nope", "1", "there is no environment 'nope'"),
        ("-e a:b:c", "1", "cannot be the name of a version"),
        ("-e ridge --pip x", "1", "-e and --pip exclude each other"),
        ("--auto-env --conda x", "1", "--conda and --auto-env exclude each other"),
        ("--env-file no.yml", "1", "there is no file 'no.yml'"),
        ("--env-file x.toml", "1", "give a conda specification"),
        ("--env-file bad.yml", "1", "bad.yml, line 3, column 1"),
        ("--auto-env", "import os\nimport no_such", "'no_such' (line 3), not installed in this"),
        ("--auto-env", "import near", "--include near.py"),
        ("--auto-env", "import near, no_such", "or name the packages with --pip"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_sent(notebook, engine, options, cell, said):
    Path("x.toml").write_text("")
    Path("near.py").write_text("")
    Path("bad.yml").write_text("dependencies:\n  - [\n")

    shown = notebook.run(f"%%aml submit exp {options}\n{cell}\n")

    assert said in shown.text
    assert shown.text.startswith("UsageError: ")
    assert shown.text.count("\n") == 1
    assert not engine.submitted


@pytest.mark.parametrize("options", ["--pip x", "--conda x", "--pip x --dry-run"])
def test_what_the_server_cannot_take_is_told_before_anything_is_sent(notebook, engine, options):
    engine.environments.mistakes = [{"message": "'x' is none", "line": None, "column": None}]

    said = notebook.run(f"%%aml submit exp {options}\n1\n")

    assert said.text == "UsageError: 'x' is none\n"
    assert not engine.submitted


def test_a_cell_with_pip_install_is_told_the_option(notebook, engine):
    said = notebook.run("%%aml submit exp\n%pip install -q rich\nimport rich\n")

    assert "--pip 'rich'" in said.text
    assert not engine.submitted
