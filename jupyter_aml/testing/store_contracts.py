"""What every index of runs must keep to. Subclass the suite and provide a `database` fixture."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jupyter_aml.domain.errors import AlreadyExists, IllegalMove, Invalid, NotFound, Outdated
from jupyter_aml.domain.experiment import Experiment
from jupyter_aml.domain.ids import ExperimentName, RunId, WorkspaceName
from jupyter_aml.domain.numbers import series_of
from jupyter_aml.domain.run import Failure, Run, RunStatus
from jupyter_aml.domain.workspace import Workspace
from jupyter_aml.store.database import Database
from jupyter_aml.store.experiments import ExperimentTable
from jupyter_aml.store.reindex import reindex
from jupyter_aml.store.runs import RunTable
from jupyter_aml.store.workspaces import WorkspaceTable

S = RunStatus
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOME = WorkspaceName("default")
MARKUP = """<script>alert('x')</script> "; DROP TABLE runs; -- % _ \\ é 🎈"""


def a_run(name: str = "a", **fields: Any) -> Run:
    """A run that was just submitted, other where `fields` say so."""
    given: dict[str, Any] = {
        "id": RunId(name), "workspace": HOME, "experiment": ExperimentName("demo"), "number": 0,
        "status": S.NOT_STARTED, "created_at": NOON, "changed_at": NOON,
    }  # fmt: skip
    return Run(**(given | fields))


def ended(name: str = "a", **fields: Any) -> Run:
    """A run that has completed."""
    return a_run(name, **({"status": S.COMPLETED, "ended_at": NOON} | fields))


class RunTableContract:
    """Runs: writes are checked, changes are counted, pages are exact."""

    @pytest.fixture
    def runs(self, database: Database) -> RunTable:
        return RunTable(database, epoch=database.next_epoch("contract"))

    def test_a_run_is_read_as_it_was_written(self, runs: RunTable) -> None:
        run = ended(
            display_name=MARKUP, description=MARKUP, tags={MARKUP: MARKUP}, attempt=2,
            parameters={"a": 1, "b": [True, None], MARKUP: MARKUP}, warnings=(MARKUP,),
            failure=Failure(message=MARKUP, line=3), metrics={MARKUP: 0.5, "best": "adam"},
            started_at=NOON, exit_code=0, reason=MARKUP,
        )  # fmt: skip

        added = runs.add(run)

        assert runs.get(run.id) == added
        assert added == replace(run, number=1, seq=added.seq)

    def test_numbers_count_within_an_experiment(self, runs: RunTable) -> None:
        other = ExperimentName("other")

        numbers = [
            runs.add(a_run("a")).number,
            runs.add(a_run("b")).number,
            runs.add(a_run("c", experiment=other)).number,
            runs.add(a_run("d", number=7)).number,
            runs.add(a_run("e")).number,
        ]

        assert numbers == [1, 2, 1, 7, 8]

    def test_an_id_is_given_once(self, runs: RunTable) -> None:
        runs.add(a_run())

        with pytest.raises(AlreadyExists, match="run a already"):
            runs.add(a_run())

    def test_a_run_that_is_not_there_is_answered_with_near_ids(self, runs: RunTable) -> None:
        runs.add(a_run("demo_1700000000_0a1b2c3d"))

        with pytest.raises(NotFound, match="demo_1700000000_0a1b2c3d"):
            runs.get(RunId("demo_1700000000_0a1b2c3e"))

    def test_of_two_writers_the_first_wins(self, runs: RunTable) -> None:
        seen = runs.add(a_run(status=S.RUNNING))
        runs.move(seen, S.CANCEL_REQUESTED, at=NOON)

        with pytest.raises(Outdated, match="no longer Running"):
            runs.move(seen, S.FINALIZING, at=NOON)

    def test_a_move_of_an_earlier_attempt_is_refused(self, runs: RunTable) -> None:
        seen = runs.add(a_run(status=S.STARTING, attempt=1))
        queued = runs.move(seen, S.QUEUED, at=NOON)
        runs.move(queued, S.STARTING, at=NOON, attempt=2)

        with pytest.raises(Outdated):
            runs.move(seen, S.RUNNING, at=NOON)

    def test_a_move_keeps_what_others_wrote(self, runs: RunTable) -> None:
        seen = runs.add(a_run(status=S.RUNNING))
        runs.change(seen, tags={"k": "v"})
        runs.set_metrics(seen, {"rmse": 1.5})

        moved = runs.move(seen, S.FINALIZING, at=NOON, reason="collecting", exit_code=0)

        assert (moved.tags, moved.metrics, moved.exit_code) == ({"k": "v"}, {"rmse": 1.5}, 0)
        assert runs.get(seen.id) == moved

    def test_a_step_that_the_rules_forbid_leaves_no_trace(self, runs: RunTable) -> None:
        run = runs.add(ended())

        with pytest.raises(IllegalMove):
            runs.move(run, S.RUNNING, at=NOON)

        assert runs.get(run.id) == run

    def test_a_change_of_what_has_changed_is_refused(self, runs: RunTable) -> None:
        seen = runs.add(a_run())
        runs.change(seen, tags={"first": "1"})

        with pytest.raises(Outdated, match="changed since"):
            runs.change(seen, tags={"second": "2"})

        assert runs.get(seen.id).tags == {"first": "1"}

    @pytest.mark.parametrize("field", ["status", "id", "seq", "number", "workspace"])
    def test_a_change_cannot_set_what_is_not_its_own(self, runs: RunTable, field: str) -> None:
        run = runs.add(a_run())

        with pytest.raises(TypeError, match=field):
            runs.change(run, **{field: "Completed"})

    def test_a_past_engine_cannot_write(self, database: Database, runs: RunTable) -> None:
        run, done = runs.add(a_run()), runs.add(ended("b"))
        database.next_epoch("another")

        for write in (
            lambda: runs.add(a_run("c")),
            lambda: runs.move(run, S.PREPARING, at=NOON),
            lambda: runs.change(run, description="x"),
            lambda: runs.set_metrics(run, {"x": 1.0}),
            lambda: runs.request_cancel(run.id, at=NOON),
            lambda: runs.remove(done.id),
        ):
            with pytest.raises(Outdated, match="another engine took over"):
                write()
        assert runs.get(run.id) == run

    def test_to_cancel_twice_is_to_cancel_once(self, runs: RunTable) -> None:
        run = runs.add(a_run(status=S.RUNNING))

        once = runs.request_cancel(run.id, at=NOON)
        twice = runs.request_cancel(run.id, at=NOON + timedelta(hours=1))

        assert once == twice
        assert once.status is S.CANCEL_REQUESTED and once.cancel_requested

    def test_a_run_that_has_ended_is_not_cancelled(self, runs: RunTable) -> None:
        run = runs.add(ended())

        assert runs.request_cancel(run.id, at=NOON) == run

    def test_only_what_has_ended_can_be_removed(self, runs: RunTable) -> None:
        run = runs.add(a_run(status=S.RUNNING))

        with pytest.raises(IllegalMove, match="cancel it"):
            runs.remove(run.id)

        assert runs.get(run.id) == run

    def test_every_change_is_told_to_who_was_away(self, runs: RunTable) -> None:
        first, second = runs.add(ended("a")), runs.add(a_run("b"))
        third = runs.move(second, S.PREPARING, at=NOON)
        gone = runs.remove(first.id)

        assert runs.changed_since(HOME, 0) == ([third], [(first.id, gone)])
        assert runs.changed_since(HOME, gone) == ([], [])
        assert runs.changed_since(WorkspaceName("else"), 0) == ([], [])
        assert first.seq < second.seq < third.seq < gone

    def test_many_runs_are_entered_at_once_and_none_twice(self, runs: RunTable) -> None:
        first = runs.add(a_run("p"))
        some = [a_run(f"p_{n}", parent=first.id, tags={"n": str(n)}) for n in range(1, 1200)]

        added = runs.add_many(some)

        assert [run.number for run in added] == list(range(1, 1200))
        assert runs.add_many([*some[:3], a_run("q")]) == [runs.get(RunId("q"))]
        assert runs.get(RunId("q")).number == 2
        seqs = [first.seq, *(run.seq for run in added), runs.get(RunId("q")).seq]
        assert seqs == sorted(set(seqs))
        assert runs.page(workspace=HOME, filter="tag.n:7").runs == [added[6]]
        assert runs.page(workspace=HOME, filter="parent:none").children == {"p": 1199}
        assert runs.below(first.id) == added
        assert runs.known([RunId("p"), RunId("nobody")]) == {"p"}
        assert runs.among([RunId("p_2"), RunId("nobody")]) == {RunId("p_2"): added[1]}

    def test_many_runs_are_written_at_once_where_nobody_moved_them(self, runs: RunTable) -> None:
        going, ending, moved = runs.add_many([
            a_run(name, status=S.RUNNING, started_at=NOON) for name in "abc"
        ])  # fmt: skip
        runs.move(moved, S.CANCEL_REQUESTED, at=NOON)
        failure = Failure(message="no")

        written = runs.write_many(
            [
                (going, None, {"tags": {"k": "v"}, "metrics": {"rmse": math.inf}}),
                (ending, S.FAILED, {"failure": failure}),
                (moved, S.COMPLETED, {}),
                (a_run("gone", status=S.RUNNING), S.COMPLETED, {}),
            ],
            at=NOON,
        )

        assert [(run.id, run.status) for run in written] == [("a", S.RUNNING), ("b", S.FAILED)]
        assert (written[0].tags, written[0].metrics) == ({"k": "v"}, {"rmse": math.inf})
        assert (written[1].failure, written[1].ended_at) == (failure, NOON)
        assert [runs.get(run.id) for run in written] == written
        assert runs.page(workspace=HOME, filter="tag.k:v rmse>1").runs == [written[0]]
        assert runs.get(moved.id).status is S.CANCEL_REQUESTED
        with pytest.raises(TypeError, match="status"):
            runs.write_many([(going, None, {"status": S.COMPLETED})], at=NOON)

    def test_many_runs_are_removed_at_once_or_none(self, runs: RunTable) -> None:
        done, going = runs.add(ended("a", tags={"k": "v"})), runs.add(a_run("b"))

        with pytest.raises(IllegalMove):
            runs.remove_many([done.id, going.id])
        assert runs.get(done.id) == done
        gone = runs.remove_many([done.id, RunId("nobody")])

        assert list(gone) == [done.id]
        assert runs.changed_since(HOME, going.seq) == ([], [(done.id, gone[done.id])])
        assert runs.page(workspace=HOME, filter="tag.k:v").runs == []

    def test_changes_of_the_children_of_a_run_can_be_told_alone(self, runs: RunTable) -> None:
        parent = runs.add(a_run("p"))
        child = runs.add(a_run("p_1", parent=parent.id))
        runs.add(a_run("other"))

        assert runs.changed_since(HOME, 0, parent=parent.id) == ([child], [])
        assert runs.changed_since(HOME, child.seq, parent=parent.id) == ([], [])

    def test_a_run_that_comes_back_is_not_told_as_deleted(self, runs: RunTable) -> None:
        runs.remove(runs.add(ended()).id)
        back = runs.add(ended())

        assert runs.changed_since(HOME, 0) == ([back], [])

    def test_active_runs_are_those_that_have_not_ended(self, runs: RunTable) -> None:
        new = runs.add(a_run("b", created_at=NOON + timedelta(1)))
        old = runs.add(a_run("a", status=S.FINALIZING))
        runs.add(ended("c"))

        assert runs.active() == [old, new]

    def test_metrics_are_replaced_one_by_one(self, runs: RunTable) -> None:
        run = runs.add(a_run(metrics={"rmse": 2.0, "r2": 0.1}))

        now = runs.set_metrics(run, {"rmse": 1.0, "best": "adam", "huge": math.inf})

        assert now.metrics == {"best": "adam", "huge": math.inf, "r2": 0.1, "rmse": 1.0}
        assert now.seq > run.seq

    def test_metrics_that_stay_are_no_change(self, runs: RunTable) -> None:
        run = runs.set_metrics(runs.add(a_run()), {"rmse": 1.0, "gone": math.nan})

        assert runs.set_metrics(run, {"rmse": 1.0, "gone": math.nan}).seq == run.seq

    def test_written_metrics_are_answered_as_they_are_read(self, runs: RunTable) -> None:
        run = runs.set_metrics(runs.add(a_run()), {"loss": 2.0, "best": "adam"})
        changed = runs.set_metrics(
            run, {"a\0b": 1, "best": "s\ud800d", "loss": 0.5, "huge": math.inf}
        )
        assert changed == runs.get(run.id)

    def test_pages_hold_every_run_once_in_every_order(self, runs: RunTable) -> None:
        for place in range(23):
            runs.add(
                ended(
                    f"run{place:02}", created_at=NOON + timedelta(minutes=place // 3),
                    started_at=None if place % 4 else NOON + timedelta(minutes=place),
                    display_name=None if place % 5 else f"name {place % 2}",
                    metrics={} if place % 3 == 0 else {"m": float(place % 6)},
                )
            )  # fmt: skip
        for sort in ("createdAt", "startedAt", "endedAt", "number", "name", "status", "metric.m"):
            for order in (sort, f"-{sort}"):
                pages = self._pages(runs, order, limit=4)
                whole = runs.page(workspace=HOME, sort=order, limit=500).runs

                assert [run.id for run in whole] == pages
                assert len(set(pages)) == 23

    @pytest.mark.parametrize(
        ("sort", "wanted"),
        [("metric.m", "bcda"), ("-metric.m", "cbda"), ("-metric.none", "dcba")],
    )
    def test_runs_without_the_metric_come_last(
        self, runs: RunTable, sort: str, wanted: str
    ) -> None:
        runs.add(a_run("a"))
        for name, value in {"b": 1.0, "c": 2.0, "d": math.nan}.items():
            runs.add(a_run(name, metrics={"m": value}))

        found = runs.page(workspace=HOME, sort=sort).runs

        assert "".join(run.id for run in found) == wanted

    def test_a_page_counts_all_that_match(self, runs: RunTable) -> None:
        for name in "abc":
            runs.add(a_run(name, metrics={"m": 1.0}))
        first = runs.page(workspace=HOME, filter="m<2", limit=2)

        runs.remove(runs.add(ended("d")).id)
        runs.set_metrics(first.runs[0], {"m": 3.0})

        assert (first.total, len(first.runs), first.next is None) == (3, 2, False)
        assert runs.page(workspace=HOME, filter="m<2").total == 2

    @pytest.mark.parametrize("after", ["x", "bnVsbA==", "W10=", "é", "WzEsMiwzXQ=="])
    def test_a_place_that_is_not_ours_is_refused(self, runs: RunTable, after: str) -> None:
        with pytest.raises(Invalid, match="after"):
            runs.page(workspace=HOME, after=after)

    @pytest.mark.parametrize("limit", [0, -1, 501])
    def test_a_page_has_its_bounds(self, runs: RunTable, limit: int) -> None:
        with pytest.raises(Invalid, match="limit"):
            runs.page(workspace=HOME, limit=limit)

    def test_an_index_written_anew_says_the_same(self, database: Database, runs: RunTable) -> None:
        kept = [runs.add(ended(name, metrics={"m": 1.0}, tags={"k": name})) for name in "ab"]
        lost = runs.add(ended("c"))
        experiments = ExperimentTable(database).list(HOME)

        count = reindex(database, kept, experiments, [Workspace(name=HOME, created_at=NOON)])

        changed, gone = runs.changed_since(HOME, lost.seq)
        assert count == 2
        assert [replace(run, seq=0) for run in changed[::-1]] == [
            replace(run, seq=0) for run in kept
        ]
        assert [run_id for run_id, _ in gone] == [lost.id]
        assert ExperimentTable(database).get(HOME, kept[0].experiment).run_count == 2
        assert runs.add(a_run("d")).seq > max(run.seq for run in changed)

    def test_a_run_that_an_index_written_anew_brings_back_is_not_told_as_deleted(
        self, database: Database, runs: RunTable
    ) -> None:
        kept, back, lost = (runs.add(ended(name)) for name in "abc")
        for run in (back, lost):
            runs.remove(run.id)
        before = runs.changed_since(HOME, 0)[1]

        reindex(database, [kept, back], [], [Workspace(name=HOME, created_at=NOON)])

        assert {run_id for run_id, _ in before} == {back.id, lost.id}
        assert [run_id for run_id, _ in runs.changed_since(HOME, 0)[1]] == [lost.id]
        assert not runs.was_removed(back.id)
        assert runs.was_removed(lost.id)

    def test_a_run_that_was_begun_anew_is_not_ended_by_who_saw_an_earlier_attempt(
        self, runs: RunTable
    ) -> None:
        run = runs.add(a_run("a", status=RunStatus.STARTING, attempt=1))
        seen = runs.move(run, RunStatus.RUNNING, at=NOON)
        queued = runs.add(a_run("b", status=RunStatus.STARTING, attempt=2))
        now = runs.move(queued, RunStatus.RUNNING, at=NOON)

        stale = replace(now, attempt=1)
        written = runs.write_many(
            [(seen, RunStatus.COMPLETED, {}), (stale, RunStatus.COMPLETED, {})], at=NOON
        )

        assert [each.id for each in written] == [seen.id]
        assert runs.get(now.id).status is RunStatus.RUNNING

    def test_the_numbers_that_are_taken_are_told_for_each_series(self, runs: RunTable) -> None:
        for name in "ab":
            runs.add(a_run(name))
        child = runs.add(a_run("c", parent=RunId(a_run("a").id)))
        alone, below = series_of(a_run("a")), series_of(child)

        assert runs.numbers({alone, below}) == {alone: {1, 2}, below: {1}}

    @staticmethod
    def _pages(runs: RunTable, sort: str, *, limit: int) -> list[RunId]:
        found: list[RunId] = []
        after = None
        while True:
            page = runs.page(workspace=HOME, sort=sort, limit=limit, after=after)
            found += [run.id for run in page.runs]
            after = page.next
            if after is None:
                return found


class PlacesContract:
    """Workspaces and experiments."""

    def test_an_experiment_takes_the_place_of_the_one_of_its_name(self, database: Database) -> None:
        table = ExperimentTable(database)
        name = ExperimentName("demo")
        made = table.put(Experiment(workspace=HOME, name=name, created_at=NOON, tags={"k": MARKUP}))

        assert (table.list(HOME), table.every(), table.get(HOME, name)) == ([made], [made], made)
        changed = table.put(replace(made, created_at=NOON + timedelta(1), tags={}))
        assert (table.list(HOME), table.every()) == ([changed], [changed])
        with pytest.raises(NotFound, match="'none'"):
            table.get(HOME, ExperimentName("none"))

    def test_a_run_makes_its_experiment(self, database: Database) -> None:
        RunTable(database, epoch=database.next_epoch("contract")).add(a_run())

        assert [(one.name, one.run_count) for one in ExperimentTable(database).list(HOME)] == [
            ("demo", 1)
        ]

    def test_a_workspace_takes_the_place_of_the_one_of_its_name(self, database: Database) -> None:
        table = WorkspaceTable(database)
        made = table.put(Workspace(name=HOME, created_at=NOON, tags={"k": MARKUP}))

        assert (table.get(HOME), table.list()) == (made, [made])
        changed = table.put(replace(made, location="here", tags={}))
        assert table.list() == [changed]
        with pytest.raises(NotFound, match="there are: default"):
            table.get(WorkspaceName("none"))
