"""Why a script failed, in a sentence and with the line to go to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jupyter_aml.domain.run import Job, Run
from jupyter_aml.engine.runs.failure import explain
from tests.unit.domain.test_run import a_run

CELL = replace(
    a_run(), script="cell.py", job=Job(command=("cell.py",), line_offset=1, timeout=timedelta(1))
)

CONSOLE = """epoch 1
Traceback (most recent call last):
  File "/opt/lib/runner.py", line 9, in <module>
    main()
  File "/data/aml/workspaces/default/runs/diabetes_1/work/cell.py", line 14, in <module>
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
    assert failed(console="", exit_code=3).message == "the script ended with exit code 3"


def test_a_syntax_error_needs_no_traceback() -> None:
    console = (
        '  File "/x/runs/diabetes_1/work/cell.py", line 3\n    x = = 1\n        ^\n'
        "SyntaxError: invalid syntax\n"
    )

    told = failed(console=console)

    assert (told.message, told.line) == ("SyntaxError: invalid syntax", 3)


def test_an_exception_that_was_caught_and_logged_is_not_the_cause_of_another_exit_code() -> None:
    assert failed(exit_code=3).message.startswith("the script ended with exit code 3")


def test_a_command_of_the_users_own_may_end_with_any_code_after_its_traceback() -> None:
    command = replace(
        CELL, script=None, job=Job(command=("/bin/sh", "-c", "python x.py || exit 3"))
    )

    assert failed(command, exit_code=3).message.startswith("ValueError: could not")


@pytest.mark.parametrize(
    "said", ["train.py: error: the following arguments are required: --data", "no such table: x"]
)
def test_without_an_exception_the_last_line_of_the_console_is_told(said: str) -> None:
    message = failed(console=f"usage: train.py\n{said}\n\n", exit_code=2).message

    assert message == f"the script ended with exit code 2; its last line: {said}"


def test_a_last_line_is_told_without_its_colours_and_cut() -> None:
    message = failed(console="\x1b[31mbad\x1b[0m\0 " + "x" * 1000, exit_code=2).message

    assert "its last line: bad xxx" in message
    assert len(message) < 300


def test_a_group_of_exceptions_is_named_with_its_line() -> None:
    console = """  + Exception Group Traceback (most recent call last):
  |   File "/data/aml/workspaces/default/runs/diabetes_1/work/cell.py", line 5, in <module>
  |     raise ExceptionGroup("two failed", [error, other])
  | ExceptionGroup: two failed (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/data/aml/workspaces/default/runs/diabetes_1/work/cell.py", line 2, in <module>
    |     raise ValueError("a")
    | ValueError: a
    +---------------- 2 ----------------
    | KeyError: 'b'
    +------------------------------------
"""
    told = failed(console=console)

    assert (told.message, told.line) == ("ExceptionGroup: two failed (2 sub-exceptions)", 5)


def test_a_script_that_asks_for_input_is_told_that_nobody_answers() -> None:
    console = CONSOLE.rsplit("\n", 2)[0] + "\nEOFError: EOF when reading a line\n"

    assert "no keyboard" in (failed(console=console).hint or "")


def test_a_script_of_a_folder_is_not_told_of_an_option_of_the_magic() -> None:
    script = replace(CELL, script="train.py", job=Job(command=("train.py",)))
    start = CONSOLE.rsplit("\n", 2)[0]

    module = failed(script, start + "\nModuleNotFoundError: No module named 'helpers'\n").hint or ""
    file = failed(script, start + "\nFileNotFoundError: [Errno 2] No such file or directory: 'a'\n")

    assert "--include" not in module + (file.hint or "")
    assert "source_directory" in module and "source_directory" in (file.hint or "")


def test_a_cell_that_was_interrupted_names_its_line() -> None:
    told = failed(console=CONSOLE.rsplit("\n", 2)[0] + "\nKeyboardInterrupt\n", exit_code=130)

    assert (told.message, told.line) == ("KeyboardInterrupt", 14)


HANDLED = """import logging, sys
try:
    {}["cache"]
except KeyError:
    logging.exception("no cache yet")
def load():
    return {}["fold"]
print("training ...")
load()
"""
LOGGED = """ERROR:root:no cache yet
Traceback (most recent call last):
  File "/x/runs/diabetes_1/work/cell.py", line 3, in <module>
    {}["cache"]
    ~~^^^^^^^^^
KeyError: 'cache'
training ...
"""
RAISED = """Traceback (most recent call last):
  File "/x/runs/diabetes_1/work/cell.py", line 9, in <module>
    load()
  File "/x/runs/diabetes_1/work/cell.py", line 7, in load
    return {}["fold"]
KeyError: 'fold'
"""


def test_an_exception_that_was_handled_is_not_the_cause_of_a_later_exit() -> None:
    told = failed(console=LOGGED + "validation set is empty\n", code=HANDLED)

    assert told.message == (
        "the script ended with exit code 1; its last line: validation set is empty"
    )
    assert (told.type, told.line, told.traceback) == (None, None, None)


def test_an_exception_that_a_function_handled_is_not_the_cause_either() -> None:
    console = LOGGED.replace("in <module>", "in cached") + "validation set is empty\n"

    assert failed(console=console, code=None).message.endswith("validation set is empty")


@pytest.mark.parametrize(
    "after", ["", "Exception ignored in: <function A.__del__ at 0x7f>\n" + LOGGED, "a child ends\n"]
)
def test_what_is_printed_after_the_exception_does_not_hide_it(after: str) -> None:
    told = failed(console=LOGGED + RAISED + after, code=HANDLED)

    assert told.message.splitlines()[0] == "KeyError: 'fold'"
    assert (told.type, told.line) == ("KeyError", 7)


def test_a_thread_that_fails_is_not_the_cause_of_an_exit() -> None:
    console = "Exception in thread Thread-1 (work):\n" + RAISED + "gave up\n"

    assert failed(console=console).message.endswith("its last line: gave up")


def test_a_message_of_several_lines_is_told_whole() -> None:
    console = (
        "Traceback (most recent call last):\n"
        '  File "/x/runs/diabetes_1/work/cell.py", line 2, in <module>\n    raise ValueError("""\n'
        "ValueError: \nshapes differ:\n  left  (3, 4)\n  right (4, 3)\n"
    )

    told = failed(console=console, code='x = 1\nraise ValueError("""\n...""")')

    assert told.message == "ValueError: shapes differ:\n  left  (3, 4)\n  right (4, 3)"
    assert (told.type, told.line) == ("ValueError", 2)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("ValueError", "ValueError"),
        ("ValueError:\n\n  text", "ValueError"),
        ("pydantic_core._pydantic_core.ValidationError: 1 error\na\n  b", None),
        ("__main__.main.<locals>.Odd: x", None),
        ("Größe: zu klein", "Größe"),
        ("KeyError: 'a'\nnote one\nnote two", "KeyError"),
    ],
)
def test_exceptions_of_every_form_are_told_with_type_and_line(said: str, kind: str | None) -> None:
    head = CONSOLE.rsplit("\n", 2)[0].replace("runner.py", "work/cell.py")

    told = failed(console=f"{head}\n{said}\n", code="main()\n" * 20)

    assert told.type == (kind or said.partition(":")[0])
    assert told.line == 14
    assert len(told.message) < 2100


def test_a_message_without_end_is_cut() -> None:
    head = CONSOLE.rsplit("\n", 1)[0].replace("runner.py", "work/cell.py")

    told = failed(console=head + "\nx" * 5000, code=None)

    assert told.type == "ValueError"
    assert told.message.count("\n") < 12


def test_the_cell_of_a_notebook_that_failed_is_told_with_all_its_words() -> None:
    notebook = replace(CELL, script="a.ipynb", job=Job(command=("a.ipynb",)))
    console = LOGGED + (
        "Traceback (most recent call last):\n"
        '  File "a.ipynb", line 4, in cell [3]\n'
        "ValueError: shapes differ:\n  (3, 4) (in cell [3])\n"
    )

    told = failed(notebook, console)
    left = failed(notebook, LOGGED + "no data\n")

    assert told.message == "ValueError: shapes differ:\n  (3, 4) (in cell [3])"
    assert (told.file, told.line) == ("a.ipynb", 4)
    assert left.message.endswith("its last line: no data")
