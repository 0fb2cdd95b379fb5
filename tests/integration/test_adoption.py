"""A start takes in everything that is a file; what the index does not know is not overwritten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml import cli
from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import AlreadyExists, StorageFailed
from jupyter_aml.testing.engines import end_engine
from tests.integration.test_engine import asked
from tests.integration.test_sent_twice import the_end


@pytest.fixture
def root(aml_root: Path, jupyter_env: Mapping[str, str]) -> Iterator[Path]:
    yield aml_root
    end_engine(aml_root)


def without_index(root: Path) -> Client:
    """The engine that comes after the database was lost."""
    end_engine(root)
    for path in root.glob("aml.db*"):
        path.unlink()
    return find(root)


def done(client: Client, run_id: str, **more: Any) -> Any:
    client.runs.submit(asked("print(1)", runId=run_id, **more))
    return the_end(client, run_id)


def tags_of(client: Client, workspace: str, name: str) -> Mapping[str, str]:
    return {one["name"]: one["tags"] for one in client.experiments.list(workspace)}[name]


def written(root: Path, workspace: str, name: str) -> Any:
    return json.loads((root / f"workspaces/{workspace}/experiments/{name}.json").read_text())


def test_a_start_without_an_index_takes_in_workspaces_and_experiments_with_their_tags(
    root: Path,
) -> None:
    client = find(root)
    client.workspaces.add({"name": "team", "resourceGroup": "g", "tags": {"w": "1"}})
    client.experiments.tag("team", "empty", {"a": "1"})
    client.experiments.tag("default", "trial", {"b": "2"})
    done(client, "first_1")
    before = (
        client.workspaces.list(),
        client.experiments.list("team"),
        client.experiments.list("default"),
    )

    client = without_index(root)

    after = (
        client.workspaces.list(),
        client.experiments.list("team"),
        client.experiments.list("default"),
    )
    assert after == before
    client.experiments.tag("default", "trial", {"c": "3"})
    assert written(root, "default", "trial")["tags"] == {"b": "2", "c": "3"}


def test_an_experiment_that_comes_as_a_file_while_the_engine_is_there_keeps_its_tags(
    root: Path,
) -> None:
    client = find(root)
    client.experiments.tag("default", "trial", {"a": "1"})
    folder = root / "workspaces" / "default" / "experiments"
    for name in ("tagged", "submitted"):
        shutil.copy(folder / "trial.json", folder / f"{name}.json")

    client.experiments.tag("default", "tagged", {"b": "2"})
    done(client, "first_1", experiment="submitted")

    assert tags_of(client, "default", "tagged") == {"a": "1", "b": "2"}
    assert written(root, "default", "tagged")["tags"] == {"a": "1", "b": "2"}
    assert tags_of(client, "default", "submitted") == {"a": "1"}


def test_a_workspace_that_comes_as_a_folder_is_found_and_not_overwritten(root: Path) -> None:
    client = find(root)
    client.workspaces.add({"name": "team", "tags": {"a": "1"}})
    shutil.copytree(root / "workspaces" / "team", root / "workspaces" / "guests")

    with pytest.raises(AlreadyExists):
        client.workspaces.add({"name": "guests"})
    assert client.workspaces.add({"name": "guests", "existOk": True})["tags"] == {"a": "1"}


@pytest.mark.parametrize("content", ['{"tags": {"a', "[]", '"text"'])
def test_a_file_that_cannot_be_read_is_named_and_left_as_it_is(root: Path, content: str) -> None:
    find(root).experiments.tag("default", "trial", {"a": "1"})
    path = root / "workspaces" / "default" / "experiments" / "trial.json"
    path.write_text(content)
    client = without_index(root)

    with pytest.raises(StorageFailed, match=str(path)):
        client.experiments.tag("default", "trial", {"b": "2"})
    with pytest.raises(StorageFailed, match=str(path)):
        client.experiments.add("default", "trial")
    done(client, "first_1")

    assert path.read_text() == content


def test_a_file_that_holds_nonsense_in_its_fields_is_taken_in_without_them(root: Path) -> None:
    folder = root / "workspaces" / "default" / "experiments"
    folder.mkdir(parents=True)
    (folder / "odd.json").write_text('{"tags": 5, "createdAt": 7}')

    client = find(root)

    assert tags_of(client, "default", "odd") == {}


def test_a_run_folder_that_was_copied_in_gets_a_number_of_its_own(root: Path) -> None:
    client = find(root)
    done(client, "first_1")
    done(client, "second_1")
    runs = root / "workspaces" / "default" / "runs"
    end_engine(root)
    brought(runs / "first_1", runs / "guest_1")

    client = find(root)

    assert numbers(client) == {"first_1": 1, "second_1": 2, "guest_1": 3}
    assert json.loads((runs / "guest_1" / "run.json").read_text())["number"] == 3
    assert done(client, "third_1")["number"] == 4
    assert numbers(without_index(root)) == {
        "first_1": 1, "second_1": 2, "guest_1": 3, "third_1": 4,
    }  # fmt: skip


def test_reindex_numbers_runs_as_a_start_does(root: Path) -> None:
    client = find(root)
    done(client, "first_1")
    done(client, "second_1")
    runs = root / "workspaces" / "default" / "runs"
    end_engine(root)
    brought(runs / "first_1", runs / "guest_1")
    unborn = json.loads((runs / "second_1" / "run.json").read_text()) | {"runId": "unborn_1"}
    brought(runs / "second_1", runs / "unborn_1")
    (runs / "unborn_1" / "run.json").write_text(json.dumps({**unborn, "number": 0}))

    assert cli.main(["--root", str(root), "reindex"]) == 0

    assert numbers(find(root)) == {"first_1": 1, "second_1": 2, "guest_1": 3, "unborn_1": 4}
    assert json.loads((runs / "guest_1" / "run.json").read_text())["number"] == 3


def test_a_run_belongs_to_the_workspace_that_its_folder_lies_in(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = find(root)
    client.workspaces.add({"name": "team"})
    done(client, "first_1")
    end_engine(root)
    workspaces = root / "workspaces"
    brought(workspaces / "default/runs/first_1", workspaces / "team/runs/guest_1")
    shutil.copytree(
        workspaces / "default/runs/first_1", workspaces / "team/runs/first_1", symlinks=True
    )

    client = find(root)

    run = client.runs.get("guest_1")
    assert (run["workspace"], run["number"]) == ("team", 1)
    assert client.runs.log("guest_1", "user_logs/std_log.txt").data == b"1\n"
    client.runs.delete("guest_1")
    assert not (workspaces / "team/runs/guest_1").exists()
    # One id is one run: the other folder is named, and stays.
    assert client.runs.get("first_1")["workspace"] == "default"
    end_engine(root)
    assert cli.main(["--root", str(root), "reindex"]) == 1
    assert str(workspaces / "team/runs/first_1") in capsys.readouterr().err


def test_a_run_whose_folder_came_while_the_engine_was_there_is_found_by_its_id(root: Path) -> None:
    client = find(root)
    done(client, "first_1")
    runs = root / "workspaces" / "default" / "runs"
    brought(runs / "first_1", runs / "guest_1")
    (runs / "empty_1" / "metrics").mkdir(parents=True)

    run = client.runs.submit(asked("print('another')", runId="guest_1"))

    assert (run["status"], run["number"]) == ("Completed", 2)
    assert (runs / "guest_1/logs/std_log.txt").read_text() == "1\n"
    with pytest.raises(AlreadyExists, match="empty_1"):
        client.runs.submit(asked("print(1)", runId="empty_1"))


def brought(source: Path, place: Path) -> None:
    """Copy a run folder as one that has the id of its new name."""
    shutil.copytree(source, place, symlinks=True)
    told = json.loads((place / "run.json").read_text())
    (place / "run.json").write_text(json.dumps({**told, "runId": place.name}))


def numbers(client: Client) -> dict[str, int]:
    page = client.runs.page(workspace="default", sort="number")
    return {run["runId"]: run["number"] for run in page["runs"]}
