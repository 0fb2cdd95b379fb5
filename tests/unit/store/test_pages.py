"""What a filter finds in the index, whatever stands in names and values."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_aml.store.database import Database
from jupyter_aml.store.filters import quoted
from jupyter_aml.store.runs import RunTable
from jupyter_aml.testing.store_contracts import HOME, a_run, ended


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    database = Database.open(Path(tmp_path_factory.mktemp("store")) / "aml.db")
    runs = RunTable(database, epoch=database.next_epoch("test"))
    runs.add(a_run("first", experiment="demo", script="train.py", metrics={"rmse": 1.5}))
    runs.add(ended("second", experiment="other", tags={"Owner": "Ann 100%"}, display_name="Été"))
    runs.add(
        ended("third", metrics={"rmse": 60.0, "best": "adam"},
              parameters={"lr": 0.001, "depth": 3, "deep": True, "name": "x y"})
    )  # fmt: skip
    yield runs
    database.close()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", "first second third"),
        ("status:active", "first"),
        ("status:completed,failed", "second third"),
        ("experiment:other", "second"),
        ("TRAIN.PY", "first"),
        ("ÉTÉ", "second"),
        ("100%", "second"),
        ("1%0", ""),
        ("_", ""),
        ('tag.Owner:"Ann 100%"', "second"),
        ("tag.owner:ann", ""),
        ("param.lr:1e-3", "third"),
        ("param.depth:3.0", "third"),
        ("param.deep:true", "third"),
        ('param.name:"x y"', "third"),
        ("rmse<50", "first"),
        ("rmse>=1.5 rmse<=60", "first third"),
        ("rmse!=60", "first"),
        ("best=adam", "third"),
        ("best!=1", "third"),
        ("best!=adam", ""),
        ("other", "second"),
    ],
)
def test_a_filter_finds_what_holds(runs, line, found):
    for sort in ("createdAt", "metric.rmse", "-metric.rmse", "name"):
        page = runs.page(workspace=HOME, filter=line, sort=sort)

        assert sorted(run.id for run in page.runs) == found.split()
        assert page.total == len(found.split())


def test_a_page_counts_all_runs_of_its_experiments_that_the_filter_lets_through(tmp_path):
    database = Database.open(tmp_path / "aml.db")
    table = RunTable(database, epoch=database.next_epoch("test"))
    for number in range(7):
        table.add(a_run(f"big-{number}", experiment="big"))
    table.add(ended("big-ended", experiment="big"))
    table.add(a_run("small-0", experiment="small"))

    first = table.page(workspace=HOME, sort="createdAt", limit=3)
    second = table.page(workspace=HOME, sort="createdAt", limit=8, after=first.next)
    whole = table.page(workspace=HOME, filter="status:active", limit=100)

    assert (first.total, first.experiments) == (9, {"big": 8})
    assert (second.total, second.experiments) == (9, {"big": 8, "small": 1})
    assert (whole.total, whole.experiments) == (8, {"big": 7, "small": 1})
    database.close()


@settings(max_examples=40, deadline=None)
@given(key=st.text(min_size=1), value=st.text())
def test_whatever_a_tag_holds_it_is_found_by_it(runs, key, value):
    run = runs.change(runs.get("first"), tags={key: value})

    page = runs.page(workspace=HOME, filter=f"tag.{quoted(key)}:{quoted(value)}")

    assert page.runs == [run]
    assert run.tags == {key: value}


@settings(max_examples=40, deadline=None)
@given(text=st.text())
def test_whatever_a_plain_word_holds_it_only_searches(runs, text):
    runs.page(workspace=HOME, filter=quoted(text))
    runs.page(workspace=HOME, filter=f"{quoted('m' + text)}<5", sort=f"-metric.m{text}")
