"""`jupyter aml data` and `secret`, and `%aml data`, against a real engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_aml.sdk.core import Workspace
from tests.shells import an_ipython

VALUE = "hunter2-of-the-shell"


def aml(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jupyter_aml.cli", *words],
        input=given, capture_output=True, text=True, timeout=100,
    )  # fmt: skip


def test_a_secret_comes_by_stdin_and_is_never_shown(ws: Workspace) -> None:
    kept = aml("secret", "set", "db-password", given=f"{VALUE}\n")
    listed = aml("secret", "ls", "--json")
    wrong = aml("secret", "set", "a_b", given=VALUE)
    empty = aml("secret", "set", "empty", given="\n")

    assert (kept.returncode, kept.stdout) == (0, "db-password is kept\n"), kept.stderr
    assert ws.get_default_keyvault().get_secret("db-password") == VALUE
    assert [each["name"] for each in json.loads(listed.stdout)] == ["db-password"]
    assert "cannot be the name of a secret" in wrong.stderr
    assert "its value is a text, not nothing" in empty.stderr
    for done in (kept, listed, wrong, empty):
        assert VALUE not in done.stdout + done.stderr
    assert aml("secret", "rm", "db-password").returncode == 0
    gone = aml("secret", "rm", "db-password")
    assert (gone.returncode, "there is no secret" in gone.stderr) == (1, True)


def test_files_go_up_and_down_from_the_shell(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "a.csv").write_text("1")
    (tmp_path / "data" / "sub" / "b.csv").write_text("22")

    up = aml("data", "upload", "data", ":big", "--json")
    one = aml("data", "upload", "data/a.csv", "workspacefilestore:one")
    stores = aml("data", "ls")
    files = aml("data", "ls", ":**/*.csv", "--json")
    down = aml("data", "download", ":big/sub", "back")

    assert json.loads(up.stdout) == {"files": 2}, up.stderr
    assert one.stdout == "1 file copied\n" and "Uploading data/a.csv" in one.stderr
    assert "workspaceblobstore" in stores.stdout and "AzureFile" in stores.stdout
    assert [each["path"] for each in json.loads(files.stdout)] == ["big/a.csv", "big/sub/b.csv"]
    assert down.stdout == "1 file copied\n"
    assert (tmp_path / "back" / "big" / "sub" / "b.csv").read_text() == "22"
    missing = aml("data", "ls", "workspaceblobstor:")
    assert missing.returncode == 1 and "did you mean 'workspaceblobstore'" in missing.stderr
    out = aml("data", "upload", "data", ":../x")
    assert out.returncode == 1 and "leads out of the datastore" in out.stderr


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    with an_ipython() as shell:
        shell.run_line_magic("load_ext", "jupyter_aml")
        yield shell
        shell.run_line_magic("unload_ext", "jupyter_aml")


def test_files_go_up_and_down_from_a_notebook(
    ws: Workspace, tmp_path: Path, shell: InteractiveShell
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1")

    reference = shell.run_line_magic("aml", "data upload data :x --force")
    stores = shell.run_line_magic("aml", "data")
    files = shell.run_line_magic("aml", "data ls :x/*")
    count = shell.run_line_magic("aml", "data download :x back")

    assert str(reference).startswith("$AZUREML_DATAREFERENCE_")
    assert next(store["name"] for store in stores) == "workspaceblobstore"
    assert [file.path for file in files] == ["x/a.csv"]
    assert count == 1 and (tmp_path / "back" / "x" / "a.csv").read_text() == "1"
