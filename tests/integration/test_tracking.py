"""Runs within runs, runs side by side and runs once more, over a real engine."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_aml import compare
from jupyter_aml.domain.errors import IllegalMove
from jupyter_aml.sdk.core import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.widgets import bundle

SCRIPT = """
import sys
from azureml.core import Run

run = Run.get_context()
for fold in range(3):
    with run.child_run(f"fold {fold}") as child:
        child.log("rmse", 10.0 * fold)
        child.log_row("point", x=fold, y=2)
        child.tag("fold", str(fold))
        child.add_properties({"kind": "fold"})
left_open = run.child_run("left open")
deep = left_open.child_run("deep")
deep.log("depth", 2)
try:
    with run.child_run("bad"):
        raise ValueError("no such fold")
except ValueError:
    pass
run.log("alpha", float(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace in a root of its own, whose engine serves all tests of this file."""
    from jupyter_aml.testing.engines import end_engine
    from tests.conftest import a_folder, a_root, jupyter_folders

    before = dict(os.environ)
    with a_folder() as scratch, a_root() as root:
        os.environ.update(jupyter_folders(scratch, root))
        for name in ("AML_RUN_DIR", "AML_RUN_ID", "AML_SOCKET"):
            os.environ.pop(name, None)
        os.chdir(scratch)
        try:
            yield Workspace.from_config()
        finally:
            end_engine(root)
            os.chdir("/")
            os.environ.clear()
            os.environ.update(before)


@pytest.fixture(scope="module")
def parent(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose script has made five children and a grandchild."""
    source = tmp_path_factory.mktemp("source")
    (source / "train.py").write_text(SCRIPT)
    config = ScriptRunConfig(str(source), script="train.py", arguments=["0.5"])
    run = Experiment(ws, "folds").submit(config, tags={"stage": "test"})
    run.wait_for_completion()
    return run


def by_name(runs: Iterator[Run]) -> dict[str, Run]:
    return {run.name: run for run in runs}


def test_children_of_a_script_are_runs_with_an_end_of_their_own(parent: Run) -> None:
    children = by_name(parent.get_children())

    assert set(children) == {"fold 0", "fold 1", "fold 2", "left open", "bad"}
    assert {name: child.get_status() for name, child in children.items()} == {
        "fold 0": "Completed", "fold 1": "Completed", "fold 2": "Completed",
        "left open": "Completed", "bad": "Failed",
    }  # fmt: skip
    first = children["fold 1"]
    assert first.get_metrics() == {"rmse": 10.0, "point": {"x": 1, "y": 2}}
    assert (first.get_tags(), first.get_properties()["kind"]) == ({"fold": "1"}, "fold")
    assert first.parent == parent
    assert "no such fold" in children["bad"].get_details()["error"]["error"]["message"]


def test_children_are_found_by_what_they_are(parent: Run) -> None:
    assert [run.name for run in parent.get_children(tags={"fold": "1"})] == ["fold 1"]
    assert len(list(parent.get_children(tags="fold"))) == 3
    assert len(list(parent.get_children(properties={"kind": "fold"}))) == 3
    assert [run.name for run in parent.get_children(status="Failed")] == ["bad"]
    assert len(list(parent.get_children(type=parent.type))) == 5
    assert list(parent.get_children(type="azureml.hyperdrive")) == []


def test_recursive_means_all_that_is_below(parent: Run) -> None:
    below = by_name(parent.get_children(recursive=True))

    assert len(below) == 6
    assert below["deep"].parent == below["left open"]
    metrics = parent.get_metrics(recursive=True)
    assert metrics[parent.id] == {"alpha": 0.5}
    assert metrics[below["deep"].id] == {"depth": 2}
    assert parent.get_metrics("rmse", recursive=True) == {
        below[f"fold {fold}"].id: {"rmse": 10.0 * fold} for fold in range(3)
    }


def test_lists_hold_no_children_unless_they_are_asked_for(ws: Workspace, parent: Run) -> None:
    folds = Experiment(ws, "folds")

    assert parent in list(folds.get_runs())
    assert all(run.parent is None for run in folds.get_runs())
    assert len(list(folds.get_runs(include_children=True, tags="fold"))) == 3
    assert list(folds.get_runs(tags={"stage": "test"})) == [parent]
    table = folds.to_dataframe(include_children=True)
    assert set(table["metric.rmse"].dropna()) == {0.0, 10.0, 20.0}


def test_children_made_from_a_kernel_log_at_once_and_end_with_their_parent(ws: Workspace) -> None:
    run = Experiment(ws, "kernel").start_logging()
    children = run.create_children(tag_key="lr", tag_values=[0.1, 0.2, 0.3])
    for child in children:
        child.log("loss", 1)
    with run.child_run("ends early") as early:
        early.log("loss", 2)

    assert [child.tags["lr"] for child in run.get_children(tags="lr")] == ["0.3", "0.2", "0.1"]
    assert early.get_status() == "Completed"
    assert "ends early" in bundle(early)["text/html"]
    run.complete()

    again = Run.get(ws, children[0].id)
    again.wait_for_completion()
    assert (again.get_status(), again.get_metrics()) == ("Completed", {"loss": 1})
    with pytest.raises(UserErrorException, match="has ended"):
        run.child_run()


def test_a_child_is_found_by_its_id_at_once(ws: Workspace) -> None:
    with Experiment(ws, "kernel").start_logging() as run:
        children = [run.child_run(), run.child_run().child_run()]
        found = [Run.get(ws, child.id) for child in children]
        found[0].fail("stopped from outside")

        assert [each.id for each in found] == [child.id for child in children]
        assert found[0].get_status() == "Failed"
        with pytest.raises(UserErrorException, match="there is no run"):
            Run.get(ws, f"{children[0].id}_7")


def test_a_script_can_be_submitted_as_a_child(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text("print('hello')")
    with Experiment(ws, "pipeline").start_logging() as run:
        child = run.submit_child(ScriptRunConfig(str(tmp_path), script="small.py"), {"a": "b"})
        child.wait_for_completion()

        assert (child.parent, child.get_tags()) == (run, {"a": "b"})
        assert list(run.get_children()) == [child]


def test_a_run_is_sent_once_more_and_told_from_the_first(parent: Run, tmp_path: Path) -> None:
    again = parent.retry(display_name="again")
    again.wait_for_completion()

    assert again.properties["aml.retry_of"] == parent.id
    assert again.get_snapshot_id() == parent.get_snapshot_id()
    assert again.get_metrics() == {"alpha": 0.5}
    assert not parent.difference(again).found["files"]
    both = compare(parent, again.id)
    assert list(both.df.index) == [parent.id, again.id]
    forms = both._repr_mimebundle_()
    assert forms["application/vnd.jupyter-aml.comparison+json"]["runIds"] == [parent.id, again.id]
    archive = zipfile.ZipFile(again.restore_snapshot(path=tmp_path))
    assert archive.read("train.py").decode() == SCRIPT


def test_what_is_unchanged_is_not_sent_again(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("print(1)")
    config = ScriptRunConfig(str(tmp_path), script="main.py")
    known = Experiment(ws, "known")
    first = known.submit(config, if_changed=True)
    first.wait_for_completion()

    assert known.submit(config, if_changed=True) == first
    (tmp_path / "main.py").write_text("print(2)")
    changed = known.submit(config, if_changed=True)
    assert changed != first
    changed.wait_for_completion()


def test_a_cell_that_repeats_a_run_is_python(parent: Run) -> None:
    text = parent.to_cell()

    assert "ScriptRunConfig" in text
    compile(text, "cell", "exec")


def test_experiments_are_tagged_archived_and_deleted(ws: Workspace, parent: Run) -> None:
    folds = Experiment(ws, "folds")
    folds.set_tags({"team": "a", "stage": "b"})
    folds.remove_tags("stage")
    empty = Experiment(ws, "empty")
    empty.tag("kept", "no")

    assert Experiment(ws, "folds").tags == {"team": "a"}
    assert Experiment.list(ws, tags={"team": "a"}) == [folds]
    folds.archive()
    assert folds.archived_time is not None
    assert folds not in Experiment.list(ws)
    assert Experiment.list(ws, view_type="ArchivedOnly") == [folds]
    assert folds.tags == {"team": "a"}
    folds.reactivate()
    assert folds in Experiment.list(ws)
    with pytest.raises(UserErrorException, match="keeps its name"):
        folds.reactivate(new_name="other")
    with pytest.raises(IllegalMove, match="delete them first"):
        Experiment.delete(ws, "folds")
    Experiment.delete(ws, "empty")
    assert "empty" not in ws.experiments


def test_snapshots_files_and_secrets(
    ws: Workspace, parent: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("1")
    with Experiment(ws, "snap").start_logging() as run:
        taken = run.take_snapshot(tmp_path / "code")
        archive = zipfile.ZipFile(run.restore_snapshot(taken, tmp_path))
        monkeypatch.setenv("MY_SECRET", "s")

        assert archive.namelist() == ["a.py"]
        assert taken == run.take_snapshot(tmp_path / "code")
        assert run.get_secrets(["my-secret"]) == {"my-secret": "s"}
        with pytest.raises(UserErrorException, match="there is no secret 'other'; set it by"):
            run.get_secret("other")
        with pytest.raises(UserErrorException, match="not ended"):
            run.clean()
    removed = parent.clean()
    assert [Path(path).name for path in removed] == ["train.py"]
    assert parent.get_detailed_status() == {"status": "Completed", "details": None}


def test_a_process_of_its_own_gives_children_other_ids(ws: Workspace) -> None:
    with Experiment(ws, "many").start_logging() as run:
        code = (
            "import sys; from jupyter_aml import Run, Workspace; "
            "run = Run.get(Workspace.from_config(), sys.argv[1]); "
            "[child.complete() for child in run.create_children(5)]"
        )
        subprocess.run([sys.executable, "-c", code, run.id], check=True)
        run.create_children(5)

        assert len({child.id for child in run.get_children()}) == 10
