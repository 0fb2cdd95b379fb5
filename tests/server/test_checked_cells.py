"""A cell that a page sends is looked at before it is a run, as the magic looks at its own."""

from __future__ import annotations

import sys

import pytest
from IPython.core.error import UsageError

from jupyter_aml.domain.run import CELL_RUNNER
from jupyter_aml.magics.cells import checks
from jupyter_aml.server.base import SEAT
from jupyter_aml.server.seat import Deadline
from tests.server.conftest import until

ELSEWHERE = {"2": "def load(path):\n    return path", "7": "data = load('x')"}


@pytest.fixture
def fake_engines():
    """None: these tests want the real one."""


@pytest.fixture
def seat(server, jp_asyncio_loop):
    seat = server.web_app.settings[SEAT]
    jp_asyncio_loop.run_until_complete(until(lambda: seat.holds_engine))
    yield seat
    engine = jp_asyncio_loop.run_until_complete(seat.settled(Deadline(5)))
    # With runs that go on, a server hands them over to another one when it closes.
    jp_asyncio_loop.run_until_complete(until(lambda: engine.is_idle, seconds=60))


def asked(code, *, python=sys.executable, cells=None, **more):
    job = {"command": ["-m", CELL_RUNNER, "cell.py"], "interpreter": python, "target": "local"}
    return {
        "experiment": "checked",
        "script": "cell.py",
        "source": {"files": {"cell.py": code}},
        "job": job,
        "check": {} if cells is None else {"cells": cells},
        **more,
    }


def said_by_the_magic(code, inputs=()):
    with pytest.raises((UsageError, checks.CellSyntaxError)) as error:
        checks.check(code, offset=0, parameters=[], here={}, inputs=inputs)
    return str(error.value)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x = 1\ny = = 2",
        "import os\n!ls",
        "%pip install -q x 'y<2'",
        "print(1)\n%%aml submit",
        "%%time\nprint(1)",
        "a\0b",
        "load('x')",
        "display(1)",
    ],
)
async def test_what_the_magic_refuses_the_button_refuses_in_the_same_words(ask, seat, code):
    status, answer = await ask("POST", "runs", body=asked(code, cells=ELSEWHERE))

    inputs = [ELSEWHERE.get(str(number), "") for number in range(8)]
    assert (status, answer["error"]) == (422, "Invalid")
    assert answer["message"] == said_by_the_magic(code, inputs)


async def test_a_refused_cell_leaves_nothing_behind(ask, seat, root):
    await ask("POST", "runs", body=asked("print(nobody)"))

    assert (await ask("GET", "runs"))[1]["total"] == 0
    assert [one["name"] for one in (await ask("GET", "experiments"))[1]] == []
    assert not list(root.glob("workspaces/*/runs/*"))


async def test_a_name_that_no_cell_defines_is_told_with_what_to_do(ask, seat):
    _, answer = await ask("POST", "runs", body=asked("x = 1\nprint(nobody)"))

    assert answer["message"] == (
        "the cell uses 'nobody' (line 2) and never defines it. A submitted cell does not have the "
        "notebook's other cells. nobody: import it, make it in this cell, or send the cell by "
        "%%aml submit -p nobody=VALUE"
    )


async def test_cells_with_magics_define_names_unless_they_ran_elsewhere(ask, seat):
    cells = {"1": "%matplotlib inline\nhere = 1", "2": "%%aml submit\nthere = 1"}

    _, answer = await ask("POST", "runs", body=asked("here, there", cells=cells))

    assert "here: defined in cell [1], move that code" in answer["message"]
    assert "there: import it, make it in this cell" in answer["message"]


async def test_a_dry_run_is_refused_as_well(ask, seat):
    status, _ = await ask("POST", "runs", body=asked("print(nobody)", dryRun=True))

    assert status == 422


async def test_what_is_only_doubtful_is_sent_and_stands_with_the_run(ask, seat):
    code = "def later():\n    return model\nprint(1)"

    status, run = await ask("POST", "runs", body=asked(code))

    assert status == 201
    assert run["warnings"] == [
        "Note: the cell never defines 'model' (line 2); the run fails if it comes to it."
    ]


async def test_parameters_and_awaiting_are_no_mistakes(ask, seat):
    code = "import asyncio\nawait asyncio.sleep(alpha)"

    status, run = await ask("POST", "runs", body=asked(code, parameters={"alpha": 0}))

    assert (status, run["warnings"]) == (201, [])


async def test_who_does_not_ask_is_not_checked(ask, seat):
    body = {name: value for name, value in asked("print(nobody)").items() if name != "check"}

    status, _ = await ask("POST", "runs", body=body)

    assert status == 201


async def test_the_python_of_the_run_has_the_word(ask, seat, tmp_path):
    other = tmp_path / "python"
    answer = '{"refusal": "a Python of its own says no", "notes": []}'
    other.write_text(f"#!/bin/sh\necho warming up\necho '{answer}'\n")
    other.chmod(0o700)

    status, told = await ask("POST", "runs", body=asked("print(1)", python=str(other)))

    assert (status, told["message"]) == (422, "a Python of its own says no")


async def test_in_an_environment_its_python_has_the_word(ask, seat, tmp_path):
    other = tmp_path / "python"
    said = '{"refusal": "the environment says no", "notes": []}'
    look = f'[ "$1" = -I ] && exec {sys.executable} "$@"'
    other.write_text(f"#!/bin/sh\n{look}\necho '{said}'\n")
    other.chmod(0o700)
    python = {"userManagedDependencies": True, "interpreterPath": str(other)}
    body = asked("print(1)", python="python", environment={"name": "own", "python": python})

    status, told = await ask("POST", "runs", body=body)

    assert (status, told["message"]) == (422, "the environment says no")
    listed = (await ask("GET", "environments"))[1]
    assert "own" not in [environment["name"] for environment in listed]


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$", "echo nonsense", "echo '{}'"])
async def test_a_python_that_cannot_say_lets_the_run_say_it(ask, seat, tmp_path, script):
    other = tmp_path / "python"
    other.write_text(f"#!/bin/sh\n{script}\n")
    other.chmod(0o700)

    status, run = await ask("POST", "runs", body=asked("print(nobody)", python=str(other)))

    assert status == 201
    assert run["warnings"] == [f"Note: nobody looked at the cell before: {other} does not answer"]


async def test_modules_that_come_by_pythonpath_are_told_of(ask, seat, tmp_path, monkeypatch):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "tables.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "ours"))

    status, run = await ask("POST", "runs", body=asked("import tables\nimport jupyter_aml"))

    assert status == 201
    assert [note.partition(" by PYTHONPATH")[0] for note in run["warnings"]] == [
        f"Note: 'tables' comes from {tmp_path / 'ours'}"
    ]


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (True, "check: expected an object, got bool"),
        ({"cells": ["x = 1"]}, "check.cells: expected an object, got list"),
        ({"cells": {"one": "x = 1"}}, "check.cells: 'one' is no execution count"),
    ],
)
async def test_a_check_that_is_asked_wrongly_is_refused(ask, seat, check, said):
    status, answer = await ask("POST", "runs", body=asked("print(1)", check=check))

    assert (status, answer["message"]) == (422, said)


async def test_only_cells_are_checked(ask, seat):
    job = {"command": ["cell.py"], "interpreter": sys.executable, "target": "local"}

    status, answer = await ask("POST", "runs", body=asked("print(1)", job=job))

    assert (status, answer["error"]) == (422, "Invalid")
    assert answer["message"] == "check: only a cell can be checked, and this run is none"
