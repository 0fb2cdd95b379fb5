"""How the line of a magic is read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from IPython.core.error import UsageError

from jupyter_aml.magics.line import (
    expand,
    identifier,
    join_continued,
    literal,
    parameter,
    plain,
    span,
    split,
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("submit exp", ["submit", "exp"]),
        ('submit -n "two words"', ["submit", "-n", "two words"]),
        ('-p name="a b" x', ["-p", "name=a b", "x"]),
        ("-p path=a\\ b", ["-p", "path=a b"]),
        ("-p s='{x} $y'", ["-p", "s={x} $y"]),
        ("show #3", ["show", "#3"]),
        ("", []),
    ],
)
def test_words_are_those_of_a_posix_shell(line, words):
    assert split(line) == words


@pytest.mark.parametrize("line", ["-n 'open", '-n "open', "x \\"])
def test_an_open_quote_is_one_clear_line(line):
    with pytest.raises(UsageError) as error:
        split(line)

    assert "\n" not in str(error.value)


def test_a_backslash_at_the_end_draws_in_the_next_line():
    assert join_continued("submit \\", "-n x \\\n-p a=1\nprint(a)\n") == (
        "submit  -n x  -p a=1",
        "print(a)\n",
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("1e-3", 1e-3),
        ("True", True),
        ("true", "true"),
        ("None", None),
        ("[1, 2.5]", [1, 2.5]),
        ("(1, 2)", [1, 2]),
        ("{'a': [1]}", {"a": [1]}),
        ("'5'", "5"),
        ("adam", "adam"),
        ("1e999", "1e999"),
        ("b'x'", "b'x'"),
        ("{1, 2}", "{1, 2}"),
        ("__import__('os')", "__import__('os')"),
        ("", ""),
        ("9" * 5000, "9" * 5000),
        ("[" * 100 + "]" * 100, "[" * 100 + "]" * 100),
        ("(" * 5000, "(" * 5000),
    ],
)
def test_a_value_is_a_python_literal_or_text(text, value):
    found = literal(text)

    assert (found, type(found)) == (value, type(value))


def test_a_variable_alone_keeps_its_type():
    names = {"alphas": (0.1, 1.0), "name": "ridge", "n": 3}

    assert parameter("a=$alphas", names) == ("a", [0.1, 1.0])
    assert parameter("a=${n}", names) == ("a", 3)
    assert parameter("a=${name}-$n", names) == ("a", "ridge-3")
    assert parameter("a=$name", {"name": "5"}) == ("a", "5")


def test_dollars_that_name_nothing():
    assert expand("a $$name costs 5$ or $1", {}) == "a $name costs 5$ or $1"
    with pytest.raises(UsageError, match="no variable 'nope'"):
        expand("$nope", {})


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")

    assert plain(numpy.float64(0.5), "x") == 0.5
    assert type(plain(numpy.int64(3), "x")) is int
    assert plain(Path("a/b"), "x") == "a/b"


@pytest.mark.parametrize("value", [object(), {1: 2}, {1, 2}, b"x", float("nan"), [object()]])
def test_what_json_cannot_hold_is_no_parameter(value):
    with pytest.raises(UsageError):
        parameter("p=$v", {"v": value})


@pytest.mark.parametrize("text", ["1x=2", "a-b=2", "class=2", "x", "=2", "a b=2"])
def test_a_parameter_needs_the_name_of_a_variable(text):
    with pytest.raises(UsageError):
        parameter(text, {})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("30m", 1800), ("2h", 7200), ("1.5h", 5400), ("1d", 86400)],
)
def test_time_limits(text, seconds):
    assert span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0", "-1h", "2 weeks", "h", "1e9h", "99999999d", "nan"])
def test_what_is_no_time_limit(text):
    with pytest.raises(UsageError, match="not a time limit"):
        span(text)


@pytest.mark.parametrize("text", ["a b", "1a", "class", "", "a.b"])
def test_what_is_no_variable(text):
    with pytest.raises(UsageError):
        identifier(text)
