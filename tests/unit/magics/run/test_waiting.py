"""Waiting for a run: what an interrupt does, and how a failure is told."""

from __future__ import annotations

import pytest

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.magics.run.waiting import RunFailed, raise_unless_completed, relevant, wait
from jupyter_aml.testing.wires import a_failure, a_wire_run

TRACEBACK = """\
Traceback (most recent call last):
  File "/root/aml/runs/exp_1767355200_0a1b2c3d/work/cell.py", line 3, in <module>
    fit(0)
  File "/usr/lib/python3/site-packages/big/library.py", line 99, in fit
    deep()
  File "/root/aml/runs/exp_1767355200_0a1b2c3d/work/helper.py", line 5, in deep
    raise ValueError("bad alpha")
ValueError: bad alpha"""


class FakeRun:
    id = "exp_1767355200_0a1b2c3d"
    canceled = 0

    def cancel(self):
        self.canceled += 1


def answers(*given):
    """A look that gives these one after the other, the last one for ever."""
    left = list(given)

    def look():
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, type):
            raise answer
        return answer

    return look


RUNNING = a_wire_run(status="Running", endedAt=None)
FAILED = a_wire_run(
    status="Failed", error=a_failure(traceback=TRACEBACK, hint="add --include x.csv")
)


def test_waiting_ends_with_the_run():
    assert wait(FakeRun(), answers(RUNNING, a_wire_run()))["status"] == "Completed"


def test_an_interrupt_detaches_and_says_how_to_cancel(capsys):
    run = FakeRun()

    ended = wait(run, answers(RUNNING, KeyboardInterrupt, RUNNING))

    assert ended is None
    assert run.canceled == 0
    assert f"%aml cancel {run.id}" in capsys.readouterr().out


def test_a_second_interrupt_cancels(capsys):
    run = FakeRun()

    ended = wait(run, answers(KeyboardInterrupt, KeyboardInterrupt))

    assert ended is None
    assert run.canceled == 1
    assert "Cancel requested" in capsys.readouterr().out


def test_a_server_that_restarts_is_waited_for():
    class Gone(Unreachable):
        pass

    assert wait(FakeRun(), answers(Gone, Gone, a_wire_run()))["status"] == "Completed"


def test_a_completed_run_raises_nothing():
    raise_unless_completed(FakeRun(), a_wire_run())


def test_a_failure_says_exception_line_and_cure_once():
    with pytest.raises(RunFailed) as raised:
        raise_unless_completed(FakeRun(), FAILED)

    shown = "\n".join(raised.value._render_traceback_())
    assert "ValueError: bad alpha (cell line 3)" in str(raised.value)
    assert "add --include x.csv" in shown
    assert isinstance(raised.value.__cause__, ValueError)
    assert raised.value.__cause__.args == ("bad alpha",)


def test_what_a_script_says_of_its_failure_does_not_steer_the_terminal():
    nasty = "\x1b]0;title\x07\x1b[2Jgone\u202e"
    seen = a_wire_run(
        status="Failed",
        error=a_failure(
            message=f"ValueError: {nasty}",
            hint=nasty,
            traceback=f"Traceback (most recent call last):\nValueError: {nasty}",
        ),
    )

    with pytest.raises(RunFailed) as raised:
        raise_unless_completed(FakeRun(), seen)

    said = [
        str(raised.value),
        *raised.value._render_traceback_(),
        relevant(seen),
        *raised.value.__cause__.args,
    ]
    for text in said:
        assert "gone\\u202e" in text
        assert text.replace("\n", "").isprintable()


def test_of_a_long_traceback_the_end_is_shown():
    frames = "".join(
        f'  File "/aml/runs/exp_1767355200_0a1b2c3d/work/cell.py", line {line}, in f\n    f()\n'
        for line in range(1, 501)
    )
    end = "RecursionError: too deep"
    text = f"Traceback (most recent call last):\n{frames}{end}"

    shown = relevant(a_wire_run(status="Failed", error=a_failure(traceback=text))).splitlines()

    assert shown[-3:] == ["  File cell, line 500, in f", "    f()", end]
    assert len(shown) == 40


def test_the_traceback_shows_the_users_frames_with_the_lines_of_the_editor():
    assert relevant(FAILED) == (
        "Traceback (most recent call last):\n"
        "  File cell, line 3, in <module>\n"
        "    fit(0)\n"
        '  File "helper.py", line 5, in deep\n'
        '    raise ValueError("bad alpha")\n'
        "ValueError: bad alpha"
    )


def test_a_cancelled_run_raises_too():
    with pytest.raises(RunFailed, match="was cancelled"):
        raise_unless_completed(FakeRun(), a_wire_run(status="Canceled"))


@pytest.mark.parametrize("kind", ["UnicodeDecodeError", "my.Error", "print", "SystemExit", None])
def test_an_exception_that_cannot_be_made_again_is_left_out(kind):
    with pytest.raises(RunFailed) as raised:
        raise_unless_completed(FakeRun(), a_wire_run(status="Failed", error=a_failure(type=kind)))

    assert raised.value.__cause__ is None
