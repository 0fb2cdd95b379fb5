"""The line magics in a real shell."""

from __future__ import annotations

import sys
import time

import pytest

from jupyter_aml.wire.stored import RUN_MIME


def test_runs_are_listed_as_a_table_of_runs(notebook, engine):
    engine.add(displayName="<script>alert(1)</script>", metrics={"rmse": 1.5})
    engine.add(status="Running", endedAt=None)

    table = notebook.run("%aml ls").value

    assert [run.id for run in table] == ["exp_2_abc2", "exp_1_abc1"]
    assert "<script" not in table._repr_html_()
    assert "rmse=1.5" in repr(table)
    assert len(notebook.run("t = %aml ls --state running").shown) == 0
    assert [run.id for run in notebook.names["t"]] == ["exp_2_abc2"]


def test_the_list_tells_local_time_and_the_words_of_the_card(notebook, engine, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    times = {"createdAt": "2026-01-02T20:00:00.000Z", "startedAt": "2026-01-02T20:00:01.000Z"}
    engine.add(**times, endedAt="2026-01-02T20:02:15.900Z")
    engine.add(**times, status="CancelRequested", endedAt=None)

    try:
        newer, older = repr(notebook.run("%aml ls").value).splitlines()[1:]
    finally:
        monkeypatch.undo()
        time.tzset()

    assert "2026-01-03 01:30:00" in older
    assert "✓ Completed" in older
    assert "2m 14s" in older
    assert "◑ Canceling" in newer


def test_the_list_becomes_a_data_frame(notebook, engine):
    engine.add(metrics={"rmse": 1.5}, parameters={"alpha": 0.1})

    table = notebook.run("runs = %aml ls\nruns.df").value

    assert list(table.index) == ["exp_1_abc1"]
    assert table["metric.rmse"].tolist() == [1.5]
    assert table["param.alpha"].tolist() == [0.1]


def test_a_list_without_pandas_says_how_to_get_it(notebook, engine, monkeypatch):
    engine.add()
    monkeypatch.setitem(sys.modules, "pandas", None)

    said = notebook.run("runs = %aml ls\nruns.df")

    assert "pip install pandas" in str(said.error)


def test_an_empty_list_says_so(notebook):
    assert repr(notebook.run("%aml ls").value) == "no runs"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("exp_1_abc1", "exp_1_abc1"),
        ("exp_1_", "exp_1_abc1"),
        ("exp#2", "exp_2_abc2"),
        ("#2", "exp_2_abc2"),
        ("last", "exp_2_abc2"),
        ("held", "exp_1_abc1"),
        ("$name", "exp_1_abc1"),
    ],
)
def test_a_run_is_found_by_any_of_its_names(notebook, engine, said, found):
    engine.add()
    engine.add()
    notebook.run("held = %aml show exp_1_abc1")
    notebook.run("name = 'exp_1_abc1'")

    shown = notebook.run(f"%aml show {said}")

    assert shown.error is None
    assert shown.value.id == found
    assert [data[RUN_MIME]["runId"] for data in shown.shown] == [found]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("exp_", "the beginning of 2 runs"),
        ("exp_1_abc9", "did you mean exp_1_abc1"),
        ("exp#9", "no run #9 in experiment 'exp'"),
        ("#9", "no run #9"),
        ("../x", "no run '../x'"),
        ("''", "no run ''"),
    ],
)
def test_a_run_that_is_not_there_is_one_line(notebook, engine, said, words):
    engine.add()
    engine.add()

    shown = notebook.run(f"%aml show {said}")

    assert words in shown.text
    assert shown.text.startswith("UsageError: ")
    assert shown.text.count("\n") == 1


def test_a_number_that_several_experiments_have(notebook, engine):
    engine.add(experiment="a", number=1)
    engine.add(experiment="b", number=1, runId="b_1_x")

    assert "a#1" in notebook.run("%aml show #1").text
    assert notebook.run("%aml show b#1").value.id == "b_1_x"


def test_show_mini(notebook, engine):
    engine.add()

    assert notebook.run("%aml show last mini").shown[0][RUN_MIME]["show"] == "mini"


def test_logs_whole_last_lines_and_those_that_match(notebook, engine):
    engine.add()
    engine.console = "eins\nzwei ü\nthree\nlast without end".encode()

    assert notebook.run("%aml logs last").text == engine.console.decode() + "\n"
    assert notebook.run("%aml logs last --tail 2").text == "three\nlast without end\n"
    assert notebook.run("%aml logs last --grep '^z.*ü$'").text == "zwei ü\n"
    assert notebook.run("%aml logs last --grep ei --tail 1 -f").text == "zwei ü\n"


def test_the_end_of_a_long_log_is_read_alone(notebook, engine):
    engine.add()
    engine.console = "".join(f"{number} ü\n" for number in range(400_000)).encode()
    engine.asked.clear()

    said = notebook.run("%aml logs last --tail 3")

    assert said.text == "399997 ü\n399998 ü\n399999 ü\n"
    assert sum("/logs/" in asked for asked in engine.asked) <= 3


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", r"(a)\1", "a*b*c*d", "(?=a)", "[", "*"])
def test_an_expression_that_could_run_away_is_refused(notebook, engine, pattern):
    engine.add()
    engine.console = b"a" * 100_000

    began = time.thread_time()
    said = notebook.run(f"%aml logs last --grep '{pattern}'")

    assert said.text.startswith("UsageError: --grep")
    assert time.thread_time() - began < 5


def test_cancel_takes_several_and_none_where_one_is_wrong(notebook, engine):
    engine.add(status="Running", endedAt=None)
    engine.add(status="Queued", endedAt=None)

    assert notebook.run("%aml cancel exp_1_abc1 nope").error is not None
    assert engine.canceled == []
    assert "Canceled" in notebook.run("%aml cancel #1 #2").text
    assert sorted(engine.canceled) == ["exp_1_abc1", "exp_2_abc2"]


def test_wait_returns_the_run(notebook, engine):
    engine.add()

    assert notebook.run("%aml wait last").value.id == "exp_1_abc1"


def test_get_returns_parameters_and_files(notebook, engine):
    engine.add(parameters={"alpha": 0.5})
    engine.contents = {
        "outputs/a.json": b'{"a": [1]}',
        "outputs/b.txt": "ü".encode(),
        "outputs/c.pkl": b"\x80\x04\x95",
    }

    assert notebook.run("%aml get last alpha").value == 0.5
    assert notebook.run("%aml get last outputs/a.json").value == {"a": [1]}
    assert notebook.run("%aml get last outputs/b.txt").value == "ü"
    assert notebook.run("%aml get last outputs/c.pkl").value == b"\x80\x04\x95"
    assert "did you mean outputs/b.txt" in notebook.run("%aml get last outputs/b.tx").text


@pytest.mark.parametrize("line", ["%aml last;", "%aml show exp_1_abc1 ;", "%aml metrics last;"])
def test_a_semicolon_hides_the_value(notebook, engine, line):
    engine.add()

    done = notebook.run(line)

    assert (done.error, done.value) == (None, None)


def test_get_names_each_thing_once(notebook, engine):
    engine.add(metrics={"alpha": 1.0}, parameters={"alpha": 1})

    assert notebook.run("%aml get last nothing").text.count("alpha") == 1


@pytest.mark.parametrize("line", ["%aml -h", "%%aml -h\nx = 1", "%%aml --help\n1"])
def test_help_may_stand_alone(notebook, line):
    done = notebook.run(line)

    assert done.error is None
    assert "%%aml submit" in done.text


def test_help(notebook):
    assert "%%aml submit" in notebook.run("%aml help").text
    assert "--tail N" in notebook.run("%aml help logs").text
    assert "did you mean" in notebook.run("%aml lgos x").text


def test_completion_knows_what_the_server_has(notebook, engine):
    engine.add()
    notebook.run("%aml ls")
    session = notebook.shell._jupyter_aml.session
    session.cache.refresh()
    assert session.cache.settled(10)

    assert notebook.complete("%aml sh") == ["show"]
    assert notebook.complete("r = %aml sh") == ["show"]
    assert notebook.complete("%%aml submit --wa") == ["--wait"]
    assert notebook.complete("%%aml submit diab") == ["diabetes"]
    assert notebook.complete("%%aml submit -c lo") == ["local"]
    assert notebook.complete("%aml show exp_1") == ["exp_1_abc1"]


def test_the_first_tab_of_a_kernel_knows_the_runs_too(notebook, engine):
    engine.add()
    cache = notebook.shell._jupyter_aml.session.cache

    notebook.complete("%aml show ex")

    assert cache.settled(10)
    assert notebook.complete("%aml show ex") == ["exp_1_abc1"]


def test_completion_starts_no_server(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("AML_ROOT", str(tmp_path / "nobody"))

    notebook.complete("%aml show ex")

    assert notebook.shell._jupyter_aml.session.cache.settled(10)
    assert not (tmp_path / "nobody").exists()


def test_get_completes_names_of_metrics(notebook, engine):
    engine.add(metrics={"rmse": 1.0}, parameters={"alpha": 1})
    notebook.run("held = %aml show last")
    notebook.shell._jupyter_aml.session.cache.refresh()
    assert notebook.shell._jupyter_aml.session.cache.settled(10)

    assert notebook.complete("%aml get held rm") == ["rmse"]
    assert notebook.complete("%aml get exp_1 al") == ["alpha"]
    assert notebook.complete("%aml get #1 al") == ["alpha"]
    assert notebook.complete("%aml get exp#1 al") == ["alpha"]


def test_an_image_that_was_logged_comes_as_a_picture(notebook, engine):
    engine.add()
    engine.contents = {"plot.png": b"\x89PNG\r\n\x1a\n"}
    engine.values = {
        "plot": [{"kind": "image", "value": {"file": "plot.png"}, "time": 0.0, "step": None}]
    }

    assert notebook.run("%aml get last plot").value.data.startswith(b"\x89PNG")


def test_loading_twice_and_unloading(notebook):
    notebook.run("%reload_ext jupyter_aml")
    assert notebook.run("%aml help").error is None

    notebook.run("%unload_ext jupyter_aml")
    assert notebook.run("%aml help").error is not None
    notebook.run("%load_ext jupyter_aml")


def test_a_look_for_completions_starts_no_engine_where_the_last_one_has_gone(notebook, engine):
    session = notebook.shell.magics_manager.registry["AmlMagics"].session
    notebook.run("%aml ls")
    (engine.root / "engine.json").unlink()
    (engine.root / "engine.sock").unlink()

    session.cache.refresh()
    assert session.cache.settled(30)

    assert not (engine.root / "engine.log").exists()
