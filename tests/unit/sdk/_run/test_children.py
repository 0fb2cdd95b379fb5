"""Children of a run, seen from the script that makes them: folders and records, and no server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.sdk._run import children as run_children
from jupyter_aml.sdk.core import run as runs
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.wire.coding import encode_run
from tests.unit.domain.test_run import a_run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    folder = RunFolder(tmp_path / "diabetes_1")
    folder.metrics.mkdir(parents=True)
    folder.record.write_text(json.dumps(encode_run(a_run())))
    monkeypatch.setenv("AML_RUN_DIR", str(folder.path))
    monkeypatch.setenv("AML_RUN_ID", "diabetes_1")
    monkeypatch.setattr(runs, "_current", None)
    found: Run = Run.get_context()
    return found


def announced(run: Run) -> list[tuple[str, dict[str, object]]]:
    others = read_all(run._folder.metrics).others
    return [(record[1], record[2]) for record in others if record[0] == "child"]


def test_a_child_is_announced_by_its_parent_and_logs_at_once(run: Run) -> None:
    child = run.child_run("first")
    child.log("loss", 0.5)
    child.tag("fold", "1")

    assert announced(run) == [
        ("diabetes_1_1", {"displayName": "first", "properties": {}, "tags": {}, "number": 1})
    ]
    assert (child.id, child.name, child.parent) == ("diabetes_1_1", "first", run)
    assert (child.get_status(), child.get_tags()) == ("Running", {"fold": "1"})
    assert (child.get_metrics(), run.get_metrics()) == ({"loss": 0.5}, {})


def test_a_child_ends_with_its_block(run: Run) -> None:
    with run.child_run() as good:
        good.log("loss", 1)
    with pytest.raises(ValueError, match="no"), run.child_run() as bad:
        raise ValueError("no")

    assert (good.get_status(), bad.get_status()) == ("Completed", "Failed")
    assert read_all(good._folder.metrics).others[-1][0] == "complete"
    assert read_all(bad._folder.metrics).others[-1][:2] == ["fail", "ValueError: no"]
    with pytest.raises(UserErrorException, match="has ended"):
        good.log("loss", 2)


def test_children_are_made_by_number_or_by_the_values_of_a_tag(run: Run) -> None:
    three = run.create_children(3)
    tagged = run.create_children(tag_key="lr", tag_values=[0.1, 0.2])

    assert [child.id for child in three] == [f"diabetes_1_{n}" for n in (1, 2, 3)]
    assert [child.tags for child in tagged] == [{"lr": "0.1"}, {"lr": "0.2"}]


@pytest.mark.parametrize(
    "asked", [{}, {"count": 2, "tag_key": "a"}, {"count": -1}, {"tag_key": "a"}]
)
def test_what_children_are_wanted_must_be_clear(run: Run, asked: dict[str, object]) -> None:
    with pytest.raises(UserErrorException, match="count"):
        run.create_children(**asked)


def test_processes_that_make_children_of_one_run_take_different_numbers(run: Run) -> None:
    other = Run(None, run.id, _inside=run._folder, _seen=run.seen)

    made = [each.child_run() for each in (run, other, other, run)]

    assert [child.id for child in made] == [f"diabetes_1_{n}" for n in (1, 2, 3, 4)]
    assert [child.number for child in made] == [1, 2, 3, 4]


def test_an_id_of_ones_own_is_taken_once(run: Run) -> None:
    assert run.child_run(run_id="mine").id == "mine"
    with pytest.raises(UserErrorException, match="'mine' already"):
        run.child_run(run_id="mine")


def test_children_have_children(run: Run) -> None:
    grandchild = run.child_run().child_run("deep")

    assert grandchild.id == "diabetes_1_1_1"
    assert announced(run.child_run().parent)[0][0] == "diabetes_1_1"
    assert announced(grandchild.parent) == [
        ("diabetes_1_1_1", {"displayName": "deep", "properties": {}, "tags": {}, "number": 1})
    ]


def test_many_children_that_log_by_turns_take_few_open_files(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_children, "_MOST_OPEN", 4)
    before = len(list(Path("/proc/self/fd").iterdir()))
    children = run.create_children(40)

    for turn in range(2):
        for child in children:
            child.log("turn", turn)

    assert len(list(Path("/proc/self/fd").iterdir())) - before <= 6
    assert all(child.get_metrics() == {"turn": [0, 1]} for child in children)


def test_a_container_that_may_write_to_its_own_folder_alone_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.path.ismount", lambda path: True)
    monkeypatch.setattr("os.access", lambda path, mode: False)

    with pytest.raises(UserErrorException, match="submit_child"):
        run.child_run()
