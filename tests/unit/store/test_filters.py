"""The language of filters: what each word means, and what is told of one that means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.store.filters import (
    Called,
    ChildOf,
    InExperiment,
    InStatus,
    Labelled,
    Measured,
    Plain,
    Typed,
    parse,
    quoted,
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  \t ", []),
        ("train.py", [Plain("train.py")]),
        ('"two words"', [Plain("two words")]),
        ('"status:running"', [Plain("status:running")]),
        ("status:Running", [InStatus(frozenset({RunStatus.RUNNING}))]),
        ("STATUS:failed,canceled", [InStatus(frozenset({RunStatus.FAILED, RunStatus.CANCELED}))]),
        ("experiment:demo", [InExperiment("demo")]),
        ("tag.owner:ann", [Labelled("tag", "owner", "ann")]),
        ("tag.url:http://x:80/?a=1", [Labelled("tag", "url", "http://x:80/?a=1")]),
        ('tag."my key":"a \\"b\\""', [Labelled("tag", "my key", 'a "b"')]),
        ("tag.empty:", [Labelled("tag", "empty", "")]),
        ("param.alpha:0.1", [Labelled("param", "alpha", "0.1")]),
        ("tag:owner", [Labelled("tag", "owner", None)]),
        (
            'property."azureml.git.branch":main',
            [Labelled("property", "azureml.git.branch", "main")],
        ),
        ("parent:none", [ChildOf(None)]),
        ('parent:"exp_1"', [ChildOf("exp_1")]),
        ("run:exp_1", [Called("exp_1")]),
        ("type:azureml.hyperdrive", [Typed("azureml.hyperdrive")]),
        ("rmse<50", [Measured("rmse", "<", 50.0)]),
        ("rmse<=5e-1", [Measured("rmse", "<=", 0.5)]),
        ('"val loss">=-1', [Measured("val loss", ">=", -1.0)]),
        ("acc!=1", [Measured("acc", "!=", 1.0)]),
        ("best=adam", [Measured("best", "=", "adam")]),
        ("a!b", [Plain("a!b")]),
        ("x rmse>1 y", [Plain("x"), Measured("rmse", ">", 1.0), Plain("y")]),
    ],
)
def test_a_line_is_understood(line, words):
    assert list(parse(line)) == words


def test_active_means_every_state_that_is_not_final():
    (word,) = parse("status:active")

    assert word == InStatus(frozenset(s for s in RunStatus if not s.is_final))


@pytest.mark.parametrize(
    "word",
    ["status:gone", "status:", "owner:ann", "tag:", "parent:", "type:", "tag.:x", "experiment:",
     "<5", "rmse<", "rmse<low", "rmse>nan", ":", "status.x:running"],
)  # fmt: skip
def test_a_word_that_cannot_be_understood_is_named(word):
    with pytest.raises(Invalid) as problem:
        parse(f"fine {word} fine")

    assert repr(word) in str(problem.value)


@pytest.mark.parametrize("line", ['"', 'a "b', 'tag.x:"', 'a" b', '"\\"'])
def test_an_open_quote_is_told(line):
    with pytest.raises(Invalid, match="not closed"):
        parse(line)


@given(st.text())
def test_whatever_is_quoted_is_one_plain_word(text):
    assert parse(quoted(text)) == (Plain(text),)


@given(st.text(min_size=1), st.text())
def test_quoted_keys_and_values_come_back(key, value):
    assert parse(f"tag.{quoted(key)}:{quoted(value)}") == (Labelled("tag", key, value),)


@given(st.text())
def test_no_line_does_harm(line):
    try:
        parse(line)
    except Invalid:
        return
