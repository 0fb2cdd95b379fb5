"""`%aml env` and `%%aml env` in a real shell."""

from __future__ import annotations

import builtins

import pytest
from IPython.core.error import UsageError

from jupyter_aml.client.environments import Environments
from jupyter_aml.magics.env.building import BuildFailed


@pytest.fixture
def there(engine):
    """The environments of the server."""
    return engine.environments


def test_environments_are_listed_with_state_size_and_use(notebook, there):
    there.add()
    there.add(name="<b>x", state="failed", reason="no package 'pandsa'", size=None, runs=0)

    table = notebook.run("%aml env ls").value

    assert [each["name"] for each in table] == ["ridge", "<b>x"]
    said = " ".join(repr(table).split())
    assert "ridge 1 pip ready 123.5 MB 2 runs" in said
    assert "failed: no package 'pandsa'" in said
    assert "<b>" not in table._repr_html_()


def test_an_empty_list_says_so(notebook):
    assert repr(notebook.run("%aml env ls").value) == "no environments"


def test_one_is_shown_as_yaml_with_its_warnings(notebook, there):
    there.add()
    definition = {
        "name": "ridge",
        "environmentVariables": {"A": "x: y"},
        "docker": {"enabled": True, "baseImage": "mine:1", "arguments": []},
    }
    there.add(warnings=["numpy==1.16 gave way to 1.26"], definition=definition)

    said = notebook.run("%aml env show ridge").text

    assert said.startswith("# ridge:2: pip, ready, 123.5 MB, built 2026-01-02 12:00:00 UTC, used")
    assert "# other versions: 1" in said
    assert "# warning: numpy==1.16 gave way to 1.26" in said
    assert "  - pandas==2.2.0" in said
    assert 'environmentVariables:\n  A: "x: y"' in said
    assert 'docker:\n  enabled: true\n  baseImage: "mine:1"' in said
    assert "# ridge:1:" in notebook.run("%aml env show ridge:1").text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%aml env show rigde", "there is no environment 'rigde'"),
        ("%aml env show a/b", "cannot be the name of an environment"),
        ("%aml env show ridge:", "cannot be the name of a version"),
        ("%aml env shwo ridge", "%aml env has no verb 'shwo'; did you mean show?"),
        ("%aml env lock ridge", "is not built"),
        ("%aml env ls x", "one word too many"),
        ("%%aml env x\n\n", "the cell is empty"),
        ("%%aml env a/b\nx", "cannot be the name of an environment"),
        ("%aml evn ls", "did you mean env?"),
    ],
)
def test_a_mistake_is_one_line(notebook, there, line, said):
    there.add()

    shown = notebook.run(line)

    assert said in shown.text
    assert shown.text.startswith("UsageError: ")
    assert shown.text.count("\n") == 1


@pytest.mark.parametrize("line", ["%aml env", "%aml env -h", "%aml help env"])
def test_the_verbs_of_env_are_listed(notebook, line):
    said = notebook.run(line)

    assert said.error is None
    assert "%aml env from-kernel" in said.text
    assert "Register an environment of the packages" in said.text


def test_a_build_says_what_is_done_in_one_line_and_then_that_it_is_ready(notebook, there):
    there.add()
    there.looks = [("building", "starting"), ("building", "resolving"),
                   ("building", "3 of 9 packages"), ("ready", None)]  # fmt: skip
    there.warnings = ["numpy gave way"]

    said = notebook.run("%aml env build ridge --again")

    assert said.error is None
    assert there.builds == [{"workspace": "default", "version": "1", "again": True}]
    steps = [step.strip() for step in said.text.split("\r")]
    assert steps[1:4] == ["starting", "resolving", "3 of 9 packages"]
    assert steps[-1] == "warning: numpy gave way\nridge:1 is ready, 123.5 MB"


def test_a_failed_build_shows_the_end_of_its_log_and_the_cause(notebook, there):
    there.add()
    there.looks = [("building", "resolving"), ("failed", "there is no package 'pandsa'")]
    there.log = b"".join(b"line %d\n" % number for number in range(100))

    said = notebook.run("%aml env build ridge")

    assert isinstance(said.error, BuildFailed)
    assert said.error.reason == "there is no package 'pandsa'"
    assert "line 99\nBuildFailed: environment ridge:1 could not be built: there is" in said.text
    assert "line 79" not in said.text
    assert "Traceback" not in said.text


def test_a_build_whose_server_ended_is_not_taken_for_ready(notebook, there):
    there.add()
    there.looks = [("building", "resolving"), ("not built", None)]

    said = notebook.run("%aml env build ridge")

    assert "build it again" in said.error.reason


def test_one_may_go_on_without_waiting(notebook, there):
    there.add()
    there.looks = [("building", "resolving")]

    said = notebook.run("%aml env build ridge --detach")

    assert said.error is None
    assert "`%aml env build ridge:1` follows" in said.text


def test_an_interrupt_leaves_the_build_alone(notebook, there, monkeypatch):
    there.add()
    there.looks = [("building", "resolving")]

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Environments, "build_state", interrupted)
    said = notebook.run("%aml env build ridge")

    assert said.error is None
    assert "Detached: the build goes on" in said.text


def test_a_lock_is_printed(notebook, there):
    there.add()
    there.locks["ridge:1"] = {"numpy": "1.26.4", "pandas": "2.2.0"}

    said = notebook.run("%aml env lock ridge").text

    assert said == "# ridge:1, Python 3.11.7\nnumpy==1.26.4\npandas==2.2.0\n"


def test_what_was_built_is_compared(notebook, there):
    there.add()
    there.add()
    there.locks["ridge:1"] = {"numpy": "1.26.4", "Old_Thing": "1", "same": "1"}
    there.locks["ridge:2"] = {"numpy": "2.0.0", "new": "3", "same": "1"}

    said = notebook.run("%aml env diff ridge:1 ridge").text

    assert said.splitlines() == [
        "ridge:1 -> ridge:2: packages as built", "+ new 3", "~ numpy 1.26.4 -> 2.0.0",
        "- old-thing 1",
    ]  # fmt: skip


def test_definitions_are_compared_where_one_is_not_built(notebook, there):
    conda = {"dependencies": ["python=3.12", "scipy", {"pip": ["pandas"]}]}
    definition = {"name": "ridge", "python": {"condaDependencies": conda}}
    there.add()
    there.add(definition=definition)
    there.locks["ridge:1"] = {"numpy": "1.26.4"}

    said = notebook.run("%aml env diff ridge:1 ridge:2").text

    assert said.splitlines() == [
        "ridge:1 -> ridge:2: definitions (ridge:2 is not built)",
        "~ pandas ==2.2.0 -> any", "~ python =3.11 -> =3.12", "+ scipy",
    ]  # fmt: skip


def test_the_same_differs_in_nothing(notebook, there):
    there.add()

    assert "no package differs" in notebook.run("%aml env diff ridge ridge").text


def test_deleting_asks_first(notebook, there, monkeypatch):
    there.add()
    there.add()
    asked = []

    def answer(question):
        asked.append(question)
        return "n"

    monkeypatch.setattr(builtins, "input", answer)
    said = notebook.run("%aml env rm ridge")

    assert "Nothing was deleted." in said.text
    assert asked == ["Delete environment ridge with its 2 versions, used by 2 runs? [y/N] "]
    assert len(there.all) == 2


def test_where_nobody_can_be_asked_it_needs_yes(notebook, there, monkeypatch):
    there.add()
    there.add()

    def nobody(question):
        raise EOFError

    monkeypatch.setattr(builtins, "input", nobody)
    refused = notebook.run("%aml env rm ridge:1")
    done = notebook.run("%aml env rm ridge:1 --yes")

    assert isinstance(refused.error, UsageError)
    assert "add --yes" in refused.text
    assert done.text == "Deleted ridge:1.\n"
    assert list(there.all) == [("ridge", "2")]


def test_a_cell_becomes_an_environment(notebook, there):
    there.warnings = ["channels are left out"]
    cell = "dependencies:\n- pip:\n  - pandas\n"

    said = notebook.run(f"%%aml env ridge\n{cell}")

    assert said.error is None
    assert said.text == "warning: channels are left out\nridge:1 is registered\n"
    assert there.added == [
        {"workspace": "default", "name": "ridge", "specification": cell, "format": "conda"}
    ]
    assert not there.builds


def test_requirements_are_registered_and_built_at_once(notebook, there):
    said = notebook.run("%%aml env ridge --pip --build\npandas\n")

    assert there.added[0]["format"] == "pip"
    assert there.builds == [{"workspace": "default", "version": "1", "again": False}]
    assert "ridge:1 is ready" in said.text


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (
            ("the specification, line 2, column 4: did not find expected '-'", 2, 4),
            "the cell, line 5, column 4: did not find expected '-'",
        ),
        (("there is no key 'depends'; did you mean", None, None), "line 4, column 1: there is no"),
        (("no requirement: 'not a package'", None, None), "line 6, column 9: no requirement"),
        (("a package is missing", None, None), "UsageError: a package is missing"),
    ],
)
def test_a_mistake_in_the_cell_is_told_as_the_editor_counts(notebook, there, mistake, said):
    there.mistakes = [dict(zip(("message", "line", "column"), mistake, strict=True))]

    shown = notebook.run("\n\n%%aml env ridge\ndepends:\n  - pip:\n      - not a package\n")

    assert said in shown.text
    assert shown.text.count("\n") == 1
    assert not there.added


def test_the_kernel_becomes_an_environment(notebook, there):
    said = notebook.run("%aml env from-kernel mine")

    assert said.error is None
    conda = there.added[0]["definition"]["python"]["condaDependencies"]
    python, pip, packages = conda["dependencies"]
    assert python.startswith("python=3.")
    assert pip == "pip"
    assert any(each.startswith("ipython==") for each in packages["pip"])
    assert not any(each.startswith("jupyter-aml") for each in packages["pip"])
    assert f"{len(packages['pip'])} packages of this kernel" in said.text


def test_names_are_completed_with_versions_behind_a_colon(notebook, there):
    there.add()
    there.add()
    there.add(name="tree")
    notebook.shell._jupyter_aml.session.cache.refresh()
    assert notebook.shell._jupyter_aml.session.cache.settled(10)

    assert notebook.complete("%aml env sh") == ["show"]
    assert sorted(notebook.complete("%aml env show ")) == ["ridge", "tree"]
    assert sorted(notebook.complete("%aml env diff ridge t")) == ["tree"]
    assert notebook.complete("%%aml submit -e ri") == ["ridge"]
    assert sorted(notebook.complete("%aml env show ridge:")) == ["ridge:1", "ridge:2"]
