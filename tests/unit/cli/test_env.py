"""`jupyter aml env` and `jupyter aml kernel` against a server in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.cli import env
from jupyter_aml.client.environments import Environments
from tests.unit.cli.conftest import Call, Done
from tests.unit.magics.engine import FakeEngine
from tests.unit.magics.environments import FakeEnvironments


@pytest.fixture
def there(engine: FakeEngine) -> FakeEnvironments:
    """The environments of the root that the commands find."""
    return engine.environments


def test_environments_are_listed(call: Call, there: FakeEnvironments) -> None:
    empty = call("env", "ls")
    there.add()

    done = call("env", "ls")

    assert empty == Done(0, "no environments\n", "")
    assert done.code == 0
    assert "ridge 1 pip ready 123.5 MB 2 runs" in " ".join(done.out.split())
    assert json.loads(call("env", "ls", "--json").out)[0]["name"] == "ridge"


def test_one_is_shown(call: Call, there: FakeEnvironments) -> None:
    there.add()
    there.add(warnings=["numpy gave way"])

    done = call("env", "show", "ridge")

    assert "# ridge:2: pip, ready" in done.out
    assert "# warning: numpy gave way" in done.out
    assert json.loads(call("env", "show", "ridge:1", "--json").out)["version"] == "1"


def test_what_is_not_there_is_one_line_and_exit_code_1(call: Call) -> None:
    done = call("env", "show", "nope")

    assert done == Done(1, "", "jupyter aml: there is no environment 'nope'\n")


def test_a_build_tells_its_steps_on_stderr_and_the_end_on_stdout(
    call: Call, there: FakeEnvironments
) -> None:
    there.add()
    there.looks = [("building", "resolving"), ("building", "3 of 9 packages"), ("ready", None)]
    there.warnings = ["numpy gave way"]

    done = call("env", "build", "ridge", "--again")

    assert done == Done(
        0, "ridge:1: ready\n", "resolving\n3 of 9 packages\nwarning: numpy gave way\n"
    )
    assert there.builds == [{"workspace": "default", "version": "1", "again": True}]


def test_a_failed_build_says_why_and_with_v_its_log(call: Call, there: FakeEnvironments) -> None:
    there.add()
    there.log = b"looking for pandsa\n"
    there.looks = [("failed", "there is no package 'pandsa'")]

    quiet = call("env", "build", "ridge")
    loud = call("env", "build", "ridge", "-v")
    asked = call("env", "build", "ridge", "--json")

    cause = "jupyter aml: environment ridge:1 could not be built: there is no package 'pandsa'\n"
    assert quiet == Done(1, "", cause)
    assert loud == Done(1, "", f"looking for pandsa\n{cause}")
    assert (asked.code, json.loads(asked.out)["state"]) == (1, "failed")


def test_a_build_may_be_left_alone(
    call: Call, there: FakeEnvironments, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.add()
    there.looks = [("building", "resolving")]

    detached = call("env", "build", "ridge", "--detach")

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Environments, "build_state", interrupted)
    left = call("env", "build", "ridge")

    assert detached == Done(0, "ridge:1: building  resolving\n", "")
    assert left == Done(130, "", "the build of ridge:1 goes on\n")


def test_locks_are_printed_and_compared(call: Call, there: FakeEnvironments) -> None:
    there.add()
    there.add()
    there.locks = {"ridge:1": {"numpy": "1"}, "ridge:2": {"numpy": "2", "rich": "3"}}

    assert call("env", "lock", "ridge:1").out == "numpy==1\n"
    assert call("env", "diff", "ridge:1", "ridge:2") == Done(0, "~ numpy 1 -> 2\n+ rich 3\n", "")
    told = json.loads(call("env", "diff", "ridge:2", "ridge:1", "--json").out)
    assert (told["removed"], told["changed"]) == ({"rich": "3"}, {"numpy": ["2", "1"]})
    there.locks.clear()
    unbuilt = call("env", "diff", "ridge:1", "ridge:2")
    assert unbuilt.out == "no package differs\n"
    assert "these are definitions" in unbuilt.err


def test_deleting_needs_yes_where_nobody_can_be_asked(call: Call, there: FakeEnvironments) -> None:
    there.add()
    there.add()

    refused = call("env", "rm", "ridge")
    done = call("env", "rm", "ridge:1", "-y")

    assert refused.code == 1
    assert "Delete environment ridge with its 2 versions, used by 2 runs?" in refused.err
    assert "add --yes" in refused.err
    assert done.out == "deleted ridge:1\n"
    assert list(there.all) == [("ridge", "2")]


@pytest.mark.parametrize(
    ("file", "text", "words", "asked"),
    [
        (
            "environment.yml",
            "name: mine\ndependencies: [numpy]\n",
            [],
            {
                "name": "mine",
                "specification": "name: mine\ndependencies: [numpy]\n",
                "format": "conda",
            },
        ),
        (
            "needs.txt",
            "numpy\n",
            [],
            {"name": "needs", "specification": "numpy\n", "format": "pip"},
        ),
        (
            "x.yaml",
            "dependencies: [numpy]\n",
            ["--name", "y"],
            {"name": "y", "specification": "dependencies: [numpy]\n", "format": "conda"},
        ),
        ("azureml_environment.json", '{"name": "z"}', [], {"definition": {"name": "z"}}),
    ],
)
def test_a_file_is_registered(
    call: Call,
    there: FakeEnvironments,
    file: str,
    text: str,
    words: list[str],
    asked: dict[str, Any],
) -> None:
    Path(file).write_text(text)

    done = call("env", "add", file, *words)

    assert there.added == [{"workspace": "default", **asked}]
    assert done.code == 0
    assert done.out.endswith(":1\n")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("gone.yml", None, "cannot read gone.yml: No such file"),
        ("bad.yml", "dependencies:\n  - a: [\n", "bad.yml, line 3, column 1"),
        ("key.yml", "depends: []\n", "key.yml: there is no key 'depends'"),
        ("a b.txt", "numpy", "'a b' cannot be the name of an environment"),
        ("x.toml", "", "expected a file that ends in .yml"),
        ("x.json", "[1", "is not JSON"),
        ("y.json", "[]", "expected an object"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    call: Call, there: FakeEnvironments, file: str, text: str | None, said: str
) -> None:
    if text is not None:
        Path(file).write_text(text)

    done = call("env", "add", file)

    assert done.code == 1
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not there.added


def test_pruning_says_what_went_and_how_much(call: Call, there: FakeEnvironments) -> None:
    dry = call("env", "prune", "--older-than", "4w", "--keep", "5GB", "--dry-run")
    done = call("env", "prune", "--keep", "1.5 GiB")

    assert dry.out == "pip-1\npip-2\nwould remove 2 built environments, 1.5 GB\n"
    assert done.out.endswith("removed 2 built environments, 1.5 GB\n")
    assert there.prunes == [
        {"olderThanDays": 28.0, "keepBytes": 5_000_000_000, "dryRun": True},
        {"keepBytes": 1_610_612_736, "dryRun": False},
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["build", "x", "--detach", "-v"],
        ["prune"],
        ["prune", "--older-than", "soon"],
        ["prune", "--keep", "much"],
        ["show"],
        ["shwo", "x"],
        [],
    ],
)
def test_a_line_that_is_not_understood_exits_with_2(call: Call, words: list[str]) -> None:
    assert call("env", *words).code == 2


@pytest.mark.parametrize(
    ("text", "count"), [("0", 0), ("10", 10), ("1k", 1000), ("2 MB", 2_000_000), ("1KiB", 1024)]
)
def test_amounts_are_read_with_their_units(text: str, count: int) -> None:
    assert env._bytes(text) == count


def test_a_workspace_is_named_or_taken_from_config_json(
    call: Call, there: FakeEnvironments
) -> None:
    there.add()
    Path("config.json").write_text(
        '{"subscription_id": "", "resource_group": "", "workspace_name": "team"}'
    )

    call("kernel", "add", "ridge")
    unknown = call("env", "ls", "--workspace", "nope")

    assert there.specs["aml-ridge"]["workspace"] == "team"
    assert unknown.code == 1
    assert "there is no workspace 'nope'" in unknown.err


def test_kernels_are_made_listed_and_removed(call: Call, there: FakeEnvironments) -> None:
    made = call("kernel", "add", "ridge:2", "--name", "Mine")
    listed = call("kernel", "ls")
    gone = call("kernel", "rm", "aml-mine")

    assert made == Done(0, "aml-mine\n", "")
    assert "aml-mine Mine ridge, version 2 local" in " ".join(listed.out.split())
    assert gone == Done(0, "removed aml-mine\n", "")
    assert call("kernel", "ls").out == "no kernels of environments\n"
    assert call("kernel", "rm", "x").code == 1
