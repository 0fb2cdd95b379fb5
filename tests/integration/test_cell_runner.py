"""A submitted cell is a script: whatever is legal in a script works in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ran = subprocess.CompletedProcess[str]
Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a cell as the engine does, with parameters."""

    def ran(cell: str, **parameters: Any) -> Ran:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        (work / "cell.py").write_text(cell, encoding="utf-8")
        (tmp_path / "run.json").write_text(json.dumps({"parameters": parameters}))
        return subprocess.run(
            [sys.executable, "-m", "jupyter_aml.sdk.cell_runner", "cell.py"],
            cwd=work,
            env={**os.environ, "AML_RUN_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return ran


def test_annotations_of_a_cell_are_what_they_name(run: Run) -> None:
    done = run("def scale(x: int) -> float: ...\nprint(scale.__annotations__['x'] is int)\n")

    assert (done.stdout, done.stderr) == ("True\n", "")


def test_a_cell_may_ask_for_annotations_as_texts_itself(run: Run) -> None:
    done = run("from __future__ import annotations\ndef f(x: int): ...\nprint(f.__annotations__)\n")

    assert (done.stdout, done.stderr) == ("{'x': 'int'}\n", "")


POOL = """\
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor

chunks = list(range(workers * 2))

class Square:
    def __init__(self, i):
        self.i = i

def work(i):
    return Square(i * workers)

if __name__ == "__main__":
    context = mp.get_context("{method}")
    with context.Pool(workers) as pool:
        print([each.i for each in pool.map(work, chunks)])
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        print([each.i for each in pool.map(work, chunks)])
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_child_processes_have_the_parameters_and_the_names_of_the_cell(
    run: Run, method: str
) -> None:
    done = run(POOL.replace("{method}", method), workers=2)

    assert (done.stdout, done.stderr) == ("[0, 2, 4, 6]\n[0, 2, 4, 6]\n", "")
    assert done.returncode == 0


def test_grandchildren_have_them_too(run: Run) -> None:
    done = run(
        "import multiprocessing as mp\n"
        "context = mp.get_context('spawn')\n"
        "def leaf():\n    print('leaf', depth, flush=True)\n"
        "def branch():\n    child = context.Process(target=leaf)\n    child.start(); child.join()\n"
        "if __name__ == '__main__':\n"
        "    child = context.Process(target=branch)\n    child.start(); child.join()\n",
        depth=2,
    )

    assert (done.stdout, done.stderr) == ("leaf 2\n", "")


def test_a_cell_that_awaits_may_have_children(run: Run) -> None:
    done = run(
        "import asyncio, multiprocessing as mp\n"
        "await asyncio.sleep(0)\n"
        "async def loaded():\n    return rate\n"
        "value = await loaded()\n"
        "def work():\n    print('child', value, flush=True)\n"
        "if __name__ == '__main__':\n"
        "    child = mp.get_context('spawn').Process(target=work)\n"
        "    child.start(); child.join()\n",
        rate=0.5,
    )

    assert (done.stdout, done.stderr) == ("child 0.5\n", "")


def test_an_error_in_a_child_names_the_line_of_the_cell(run: Run) -> None:
    done = run(
        "import multiprocessing as mp\n"
        "if __name__ == '__mp_main__':\n    raise ValueError('no')\n"
        "def work(): ...\n"
        "if __name__ == '__main__':\n"
        "    child = mp.get_context('spawn').Process(target=work)\n"
        "    child.start(); child.join()\n    print(child.exitcode)\n"
    )

    assert done.stdout == "1\n"
    assert 'cell.py", line 3, in <module>' in done.stderr


def test_a_cell_sees_what_a_script_sees(run: Run, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "print(sorted(name for name in globals() if name not in ('sys', '__spec__')))\n"
        "print(__name__, __cached__, __doc__, sys.argv)\n"
        "print(__file__, sys.modules['__main__'].__dict__ is globals())\n"
    )
    script = tmp_path / "work" / "cell.py"

    as_cell = run(code)
    as_script = subprocess.run(
        [sys.executable, "cell.py"], cwd=script.parent, capture_output=True, text=True, timeout=60
    )

    assert as_cell.stdout == as_script.stdout
    assert as_cell.stderr == ""


def test_a_cell_starts_itself_again_as_launchers_do(run: Run) -> None:
    """Lightning and others call `python -m` with the name that `__spec__` holds."""
    done = run(
        "import subprocess, sys\n"
        "print('rank', rate, len(sys.argv))\n"
        "if len(sys.argv) == 1:\n"
        "    again = [sys.executable, '-m', __spec__.name, 'child']\n"
        "    subprocess.run(again, check=True)\n",
        rate=0.5,
    )

    assert (done.stdout, done.stderr) == ("rank 0.5 1\nrank 0.5 2\n", "")


def test_the_source_of_a_cells_functions_can_be_read(run: Run) -> None:
    done = run("import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))\n")

    assert done.stdout == "def f():\n    return 1\n\n"
