"""What is offered at the cursor of an `%aml` line, and how fast."""

from __future__ import annotations

import threading
from typing import ClassVar

import pytest

from jupyter_aml.magics.completion import complete
from jupyter_aml.magics.known import Cache, Known
from jupyter_aml.magics.verb import Verb
from jupyter_aml.magics.verbs import Group, Verbs


class Session:
    names: ClassVar[dict[str, object]] = {}


class Send(Verb):
    """Send it."""

    name = "submit"
    takes_cell = True

    def arguments(self, parser):
        parser.add_argument("experiment", nargs="?")
        parser.add_argument("-c", "--compute")
        parser.add_argument("--include")
        parser.add_argument("--wait", action="store_true")
        parser.add_argument("--show", choices=("full", "mini"))

    def complete(self, word, before):
        return [] if before else ["diabetes", "digits"]

    def complete_option(self, name, word):
        return ["local", "gpu"] if name == "compute" else None


class Show(Verb):
    """Show it."""

    name = "show"

    def complete(self, word, before):
        return ["last", "exp_1_ab"]


class ShowThing(Show):
    """Show a thing."""

    name = "thing show"


class Things(Group):
    """Things."""

    name = "thing"
    kinds = (ShowThing,)


VERBS = Verbs(Send(Session()), Show(Session()), Things(Session()))


@pytest.mark.parametrize(
    ("line", "word", "offered"),
    [
        ("%%aml ", "", ["submit"]),
        ("%%aml su", "su", ["submit"]),
        ("%aml ", "", ["show", "thing"]),
        ("%aml th", "th", ["thing"]),
        ("%aml thing ", "", ["show"]),
        ("%aml thing show exp", "exp", ["exp_1_ab"]),
        ("%aml thing nope x", "x", []),
        ("r = %aml s", "s", ["show"]),
        ("a, b = %aml s", "s", None),
        ("%%aml submit d", "d", ["diabetes", "digits"]),
        ("%%aml submit -c g", "g", ["gpu"]),
        ("%%aml submit --wait di", "di", ["diabetes", "digits"]),
        ("%%aml submit -c gpu dia", "dia", ["diabetes"]),
        ("%%aml submit x ", "", []),
        ("%%aml submit --w", "--w", ["--wait"]),
        ("%%aml submit --show m", "m", ["mini"]),
        ("%%aml submit --include da", "da", None),
        ("%aml show exp", "exp", ["exp_1_ab"]),
        ("%aml nope x", "x", []),
        ("print(%aml s", "s", None),
        ("x = 5 % aml", "aml", None),
        ("%amlx s", "s", None),
    ],
)
def test_what_is_offered(line, word, offered):
    assert complete(line, VERBS) == (None if offered is None else (word, offered))


def test_a_slow_server_never_holds_the_kernel_up(monkeypatch):
    answer, kernel, patience = threading.Event(), threading.current_thread(), []
    wait = threading.Event.wait

    def noted(event, timeout=None):
        if threading.current_thread() is kernel and timeout is not None:
            patience.append(timeout)
        return wait(event, timeout)

    def look():
        answer.wait()
        return Known(experiments=("late",))

    cache = Cache(look)
    monkeypatch.setattr(threading.Event, "wait", noted)
    first = [cache.get() for _ in range(3)]
    monkeypatch.undo()
    answer.set()

    assert cache.settled(10)
    assert first == [Known()] * 3
    assert sum(patience) < 0.1
    assert cache.get().experiments == ("late",)


def test_a_server_that_fails_leaves_what_was_known():
    answers = [Known(experiments=("digits",)), None]
    cache = Cache(lambda: answers.pop(0))

    assert cache.get().experiments == ("digits",)
    cache.refresh()
    assert cache.settled(10)
    assert cache.get().experiments == ("digits",)
