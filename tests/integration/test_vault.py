"""Secrets of a workspace: set once, handed to runs, and shown by nobody."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Datastore, Experiment, Keyvault, Run, ScriptRunConfig, Workspace
from jupyter_aml.sdk.exceptions import UserErrorException

VALUE = "tr0mbone-hunter2"
SCRIPT = f"""
import base64, sys
from azureml.core import Run

run = Run.get_context()
value = run.get_secret("db-password")
assert value == {VALUE[::-1]!r}[::-1]
print("plain", value)
print("encoded", base64.b64encode(("me:" + value).encode()).decode())
vault = run.experiment.workspace.get_default_keyvault()
assert vault.get_secrets(["db-password"]) == {{"db-password": value}}
store = run.experiment.workspace.datastores["blobs"]
print("key", store.account_key)
sys.stdout.flush()
raise ValueError("refused with " + value)
"""
KEY = "c2VjcmV0LWtleS1vZi1ibG9icw=="


def test_a_notebook_sets_and_gets_secrets(ws: Workspace) -> None:
    vault = ws.get_default_keyvault()
    vault.set_secret("token", VALUE, content_type="text/plain")
    vault.set_secrets({"one": "first", "two": "second"})

    assert isinstance(vault, Keyvault)
    assert vault.get_secret("token") == VALUE
    assert vault.get_secrets(["one", "two"]) == {"one": "first", "two": "second"}
    assert vault.list_secrets() == [{"name": "one"}, {"name": "token"}, {"name": "two"}]
    assert vault.get_secret_content_type("token") == "text/plain"
    vault.delete_secrets(["one", "two"])
    with pytest.raises(UserErrorException, match="there is no secret 'tokn'; did you mean 'token'"):
        vault.get_secret("tokn")
    with pytest.raises(UserErrorException, match="there is no secret 'one'"):
        vault.delete_secret("one")
    with pytest.raises(UserErrorException, match="cannot be the name of a secret"):
        vault.set_secret("a b", "x")
    with pytest.raises(UserErrorException, match="is a text, not int"):
        vault.set_secret("number", 3)  # type: ignore[arg-type]
    assert Workspace.create("other").get_default_keyvault().list_secrets() == []


def test_a_script_outside_of_a_run_gets_secrets_too(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws.get_default_keyvault().set_secret("token", VALUE)
    monkeypatch.setenv("OTHER_TOKEN", "from a variable")

    run = Run.get_context()

    assert run.get_secrets(["token", "other-token"]) == {
        "token": VALUE, "other-token": "from a variable",
    }  # fmt: skip
    with pytest.raises(UserErrorException, match=r"did you mean 'token'\? Else set it by"):
        run.get_secret("tokenn")


def test_what_a_run_is_told_stands_in_no_log_row_or_archive(
    ws: Workspace, aml_root: Path, tmp_path: Path
) -> None:
    ws.get_default_keyvault().set_secret("db-password", VALUE)
    Datastore.register_azure_blob_container(
        ws, "blobs", "c", "a", account_key=KEY, skip_validation=True
    )
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text(SCRIPT)

    run = Experiment(ws, "secrets").submit(ScriptRunConfig(tmp_path / "code", "train.py"))
    run.wait_for_completion(raise_on_error=False)

    log = ws.client.runs.log(run.id, "user_logs/std_log.txt").data.decode()
    assert f"plain {'*' * len(VALUE)}\n" in log, log
    assert f"key {'*' * len(KEY)}\n" in log
    assert run.get_status() == "Failed"
    details = run.get_details()
    assert f"refused with {'*' * len(VALUE)}" in json.dumps(details)
    ws.client.runs.archive(run.id, "run", tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as packed:
        for name in packed.namelist():
            assert not shows(packed.read(name)), name
    for path in aml_root.rglob("*"):
        # The script itself spells the value backwards.
        assert not (path.is_file() and shows(path.read_bytes())), path


def shows(content: bytes) -> bool:
    return VALUE.encode() in content or KEY.encode() in content
