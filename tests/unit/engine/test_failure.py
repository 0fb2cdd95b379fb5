"""Why a script failed, in a sentence and with the line to go to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from jupyter_aml.domain.run import Job, Run
from jupyter_aml.engine.failure import explain
from tests.unit.domain.test_run import a_run

CELL = replace(
    a_run(), script="cell.py", job=Job(command=("cell.py",), line_offset=1, timeout=timedelta(1))
)

CONSOLE = """epoch 1
Traceback (most recent call last):
  File "/opt/lib/runner.py", line 9, in <module>
    main()
  File "/data/aml/workspaces/default/runs/diabetes_1/work/cell.py", line 13, in <module>
    X = df.to_numpy(dtype=float)
  File "/opt/lib/pandas/frame.py", line 1831, in to_numpy
    return array(self)
ValueError: could not convert string to float: 'n/a'
"""


def failed(run: Run = CELL, console: str = CONSOLE, **kwargs: object):  # type: ignore[no-untyped-def]
    return explain(run, **{"exit_code": 1, "why": None, **kwargs}, console=console)  # type: ignore[arg-type]


def test_the_exception_is_the_cause_and_the_line_is_the_editors() -> None:
    told = failed()

    assert told.message == "ValueError: could not convert string to float: 'n/a'"
    assert (told.type, told.file, told.line) == ("ValueError", "cell.py", 14)


def test_the_last_of_two_tracebacks_counts() -> None:
    console = CONSOLE + "\nDuring handling of the above exception, another exception occurred:\n\n"
    console += "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'b'\n"

    assert failed(console=console).message == "KeyError: 'b'"


def test_a_missing_file_names_the_option_that_sends_it() -> None:
    console = CONSOLE.rsplit("\n", 2)[0] + (
        "\nFileNotFoundError: [Errno 2] No such file or directory: 'data.csv'\n"
    )

    assert "--include data.csv" in (failed(console=console).hint or "")


def test_a_missing_module_names_the_option_that_sends_it() -> None:
    console = CONSOLE.rsplit("\n", 2)[0] + "\nModuleNotFoundError: No module named 'helpers.io'\n"

    assert "--include helpers.py" in (failed(console=console).hint or "")


def test_a_time_limit_is_named() -> None:
    assert "time limit" in failed(why="timeout", exit_code=-15).message


def test_a_kill_is_told_as_such_even_after_an_old_traceback() -> None:
    assert "SIGKILL" in failed(exit_code=-9).message


def test_an_exit_code_alone_is_told() -> None:
    assert failed(console="bye\n", exit_code=3).message == "the script ended with exit code 3"


def test_a_syntax_error_needs_no_traceback() -> None:
    console = (
        '  File "/x/runs/diabetes_1/work/cell.py", line 2\n    x = = 1\n        ^\n'
        "SyntaxError: invalid syntax\n"
    )

    told = failed(console=console)

    assert (told.message, told.line) == ("SyntaxError: invalid syntax", 3)
