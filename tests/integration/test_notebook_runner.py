"""A notebook that runs by itself does what it does in Jupyter, and its log says it once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

Ran = subprocess.CompletedProcess[str]
Run = Callable[..., Ran]

_NOT_THERE = ("AML_RUN_DIR", "PYTEST_CURRENT_TEST")
"""A kernel below pytest does not listen to its children."""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder in which the engine starts a notebook, with the run's own two folders."""
    for name in ("outputs", "logs"):
        (tmp_path / "work" / name).mkdir(parents=True)
    return tmp_path / "work"


@pytest.fixture
def run(work: Path) -> Run:
    """Runs a notebook of these cells."""

    def ran(*cells: str, path: str = "train.ipynb") -> Ran:
        file = work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        made = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
        nbformat.write(made, file)
        return subprocess.run(
            [sys.executable, "-m", "jupyter_aml.sdk.notebook_runner", path],
            cwd=work,
            env={name: value for name, value in os.environ.items() if name not in _NOT_THERE},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return ran


def kept(work: Path) -> list[dict[str, Any]]:
    return list(json.loads((work / "outputs" / "train.ipynb").read_text())["cells"])


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        ("import sys\nsys.exit(0)", 0),
        ("import sys\nsys.exit()", 0),
        ("raise SystemExit(None)", 0),
        ("quit()", 0),
        ("exit()", 0),
        ("import sys\nsys.exit(3)", 3),
    ],
)
def test_a_notebook_that_exits_ends_there_with_its_code(
    run: Run, work: Path, leave: str, code: int
) -> None:
    done = run("print('a')", f"print('b')\n{leave}", "print('not reached')")

    assert (done.stdout, done.stderr, done.returncode) == ("a\nb\n", "", code)
    assert kept(work)[2]["outputs"] == []


def test_a_notebook_that_exits_with_a_sentence_fails_with_it(run: Run) -> None:
    done = run("import sys\nsys.exit('no data')", "print('not reached')")

    assert (done.stdout, done.stderr, done.returncode) == ("", "no data\n", 1)


def test_what_child_processes_print_is_said_once_and_kept(run: Run, work: Path) -> None:
    done = run(
        "import os, subprocess\n"
        "os.system('echo from a child; echo err >&2')\n"
        "!echo bang\n"
        "subprocess.run(['echo', 'sub'], check=True);",
        # In a cell of its own: within one, the kernel may hear of it before it hears the children.
        "print('end')",
    )

    for line in ("from a child", "bang", "sub", "end"):
        assert done.stdout.count(f"{line}\n") == 1, done.stdout
    assert done.stderr.count("err\n") == 1
    assert "from a child" in json.dumps(kept(work))


def test_all_is_kept_that_children_print_at_the_end_of_a_cell(run: Run, work: Path) -> None:
    lines = "".join(f"{number}\n" for number in range(1, 20_001))
    done = run(
        "import os\nos.system('seq 20000');",
        "os.system('seq 20000 >&2')\n1 / 0",
    )

    assert done.returncode == 1
    assert done.stdout == lines
    assert done.stderr.startswith(lines)
    told = [[each for each in cell["outputs"] if "name" in each] for cell in kept(work)]
    assert [["".join(each["text"]) for each in cell] for cell in told] == [[lines], [lines]]


def test_a_cell_may_lead_its_output_elsewhere(run: Run, work: Path) -> None:
    done = run(
        "import os\n"
        "there = os.open('elsewhere', os.O_CREAT | os.O_WRONLY)\n"
        "os.dup2(there, 1)\n"
        "print('heard', flush=True)\n"
        "os.system('echo apart')",
        "print('end')",
    )

    assert (done.stdout, done.stderr, done.returncode) == ("heard\n0\nend\n", "", 0)
    assert (work / "elsewhere").read_text() == "apart\n"


def test_a_magic_that_fails_is_told_in_its_own_words(run: Run) -> None:
    done = run("print('a')", "\n%timeit -n")

    assert done.returncode == 1
    assert "CellExecutionError" not in done.stderr
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("UsageError: option -n requires argument")
    assert said.endswith("(in cell [2])")


def test_a_message_of_several_lines_is_told_whole(run: Run) -> None:
    done = run("raise ValueError('''\nshapes differ:\n  left (3, 4)''')")

    told = done.stderr[done.stderr.rindex("Traceback") :]
    assert told.endswith("ValueError: shapes differ:\n  left (3, 4) (in cell [1])\n")


def test_a_kernel_that_dies_says_what_it_died_of(run: Run) -> None:
    done = run(
        "import faulthandler, os, sys\n"
        "faulthandler.enable(sys.stderr, all_threads=False)\n"
        "os.abort()"
    )

    assert done.returncode == 1
    assert done.stderr.count("Fatal Python error: Aborted\n") == 1
    assert done.stderr.endswith("the kernel died in cell [1] of train.ipynb\n")


def test_a_notebook_in_a_subfolder_runs_there_and_writes_the_runs_outputs(
    run: Run, work: Path
) -> None:
    (work / "sub").mkdir()
    (work / "sub" / "helper.py").write_text("X = 5\n")
    (work / "sub" / "data.csv").write_text("1,2")

    done = run(
        "import helper, os\nprint(helper.X, open('data.csv').read())",
        "os.makedirs('outputs', exist_ok=True)\nopen('outputs/model.txt', 'w').write('m')",
        "open('logs/train.log', 'w').write('l');",
        path="sub/train.ipynb",
    )

    assert (done.stdout, done.stderr) == ("5 1,2\n1\n", "")
    assert (work / "outputs" / "model.txt").read_text() == "m"
    assert (work / "logs" / "train.log").read_text() == "l"
    assert len(kept(work)) == 3


def test_outputs_that_came_with_a_subfolder_are_the_runs_too(run: Run, work: Path) -> None:
    (work / "sub" / "outputs" / "deep").mkdir(parents=True)
    (work / "sub" / "outputs" / "deep" / "earlier.txt").write_text("e")

    done = run("print(open('outputs/deep/earlier.txt').read())", path="sub/train.ipynb")

    assert (done.stdout, done.stderr) == ("e\n", "")
    assert (work / "outputs" / "deep" / "earlier.txt").read_text() == "e"
