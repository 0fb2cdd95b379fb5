"""Two runs side by side, and a run to take away, through a real engine."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.testing.engines import end_engine
from tests.conftest import a_root

FIRST = "import os\nalpha = 0.1\nos.makedirs('outputs', exist_ok=True)\n"
LEAVES = """
import os
os.makedirs("outputs/sub")
open("outputs/sub/model.txt", "w").write("the model")
os.symlink("/etc/hostname", "outputs/link")
os.mkfifo("outputs/pipe")
os.symlink("/etc", "outputs/etc")
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with a_root() as root:
        yield find(root)
        end_engine(root)


def ended(client: Client, files: dict[str, str], **fields: Any) -> str:
    run = client.runs.submit({
        "experiment": "versus", "script": "main.py", "source": {"files": files},
        "job": {"command": ["main.py"], "interpreter": sys.executable, "target": "local"}, **fields,
    })  # fmt: skip
    while client.runs.get(run["runId"])["endedAt"] is None:
        client.runs.look(run["runId"])
    return str(run["runId"])


def test_all_in_which_two_runs_differ_is_told(client: Client) -> None:
    same = {"same.py": "x = 1\n", "gone.txt": "old\n"}
    left = ended(client, {"main.py": FIRST, **same}, parameters={"alpha": 0.1, "kind": "ridge"})
    changed = FIRST.replace("0.1", "0.5")
    news = {"main.py": changed, "same.py": "x = 1\n", "new.py": "y = 2\n"}
    right = ended(client, news, parameters={"alpha": 0.5, "kind": "ridge"}, tags={"of": "ada"})

    told = client.runs.difference(left, right)

    assert (told["left"]["runId"], told["right"]["runId"]) == (left, right)
    assert told["parameters"] == [{"name": "alpha", "left": 0.1, "right": 0.5}]
    assert {"name": "tag of", "left": None, "right": "ada"} in told["facts"]
    assert told["packages"] == []
    states = {each["path"]: each["state"] for each in told["files"]}
    assert states == {"gone.txt": "removed", "main.py": "changed", "new.py": "added"}
    diff = next(each["diff"] for each in told["files"] if each["path"] == "main.py")
    assert diff is not None
    assert "-alpha = 0.1\n+alpha = 0.5" in diff
    # Of a run that logs from an unknown process the packages are not known, which is no difference.
    unknown = client.runs.submit({"experiment": "trial", "type": "azureml.interactive"})["runId"]
    assert client.runs.difference(left, unknown)["packages"] == []
    client.runs.cancel(unknown)


def test_what_is_no_text_is_not_compared_line_by_line(client: Client, tmp_path: Path) -> None:
    for name, content in (("one", b"\0\1"), ("two", b"\0\2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text("pass\n")
        (tmp_path / name / "data.bin").write_bytes(content)
    left, right = (
        ended(client, {}, source={"directory": str(tmp_path / name)}) for name in ("one", "two")
    )

    told = client.runs.difference(left, right)

    assert told["files"] == [{"path": "data.bin", "state": "binary", "diff": None}]


@pytest.mark.parametrize("what", ["outputs", "snapshot", "run"])
def test_a_run_can_be_taken_away_whole_and_nothing_else_with_it(
    client: Client, what: str, tmp_path: Path
) -> None:
    run_id = ended(client, {"main.py": LEAVES})

    client.runs.archive(run_id, what, tmp_path / "run.zip")

    with zipfile.ZipFile(tmp_path / "run.zip") as packed:
        assert packed.testzip() is None
        names = packed.namelist()
    wanted = {
        "outputs": "outputs/sub/model.txt",
        "snapshot": "main.py",
        "run": "work/outputs/sub/model.txt",
    }
    assert wanted[what] in names
    assert not any(name.startswith(("/", "..")) or "etc" in name for name in names)
    assert not any(os.path.basename(name) in ("link", "pipe") for name in names)


def test_what_cannot_be_packed_is_named(client: Client, tmp_path: Path) -> None:
    run_id = ended(client, {"main.py": "pass\n"})

    with pytest.raises(Invalid, match="'secrets' cannot be packed; outputs, snapshot, run can"):
        client.runs.archive(run_id, "secrets", tmp_path / "run.zip")
    assert list(tmp_path.iterdir()) == []
