"""Secret variables reach the script, and stand nowhere but in a file of their own."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.kernels.asking import home_of
from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.runconfig import RunConfiguration
from jupyter_aml.testing.engines import end_engine
from tests.conftest import a_root

SECRET = "hunter2-correct-horse"
MARKED = "nothing-in-its-name-says-so"
URL = "postgres://me:tr0mbone@db/runs"
SCRIPT = """
import hashlib, os
values = [os.environ[name] for name in ("API_TOKEN", "MARKED", "DB")]
print(hashlib.sha256("".join(values).encode()).hexdigest())
"""
SEEN = hashlib.sha256((SECRET + MARKED + URL).encode()).hexdigest()
DEADLINE = 100.0


@pytest.fixture
def root() -> Iterator[Path]:
    with a_root() as root:
        yield root


@pytest.fixture
def client(root: Path) -> Iterator[Client]:
    with closing(find(root)) as client:
        yield client


def test_secrets_of_a_run_stand_in_no_answer_and_no_file_but_their_own(
    root: Path, client: Client, tmp_path: Path
) -> None:
    answers: list[Any] = [client.runs.submit(a_run())]
    run_id = answers[0]["runId"]
    answers.append(ended(client, run_id))
    again = client.runs.retry(run_id, {})
    answers += [
        again,
        ended(client, again["runId"]),
        client.runs.difference(run_id, again["runId"]),
    ]
    answers += [
        client.runs.cell(run_id),
        client.runs.facts(run_id),
        client.runs.page(workspace="default"),
    ]
    client.runs.archive(run_id, "run", tmp_path / "run.zip")
    folder = root / "workspaces/default/runs" / run_id

    assert client.runs.get(run_id)["job"]["environmentVariables"] == {  # type: ignore[index]
        "API_TOKEN": "***", "MARKED": "***", "DB": "***", "MODE": "fast",
    }  # fmt: skip
    for each in (run_id, again["runId"]):
        assert SEEN in client.runs.log(each, "user_logs/std_log.txt").data.decode()
    assert not holds_secret(json.dumps(answers).encode())
    assert not holds_secret(unpacked(tmp_path / "run.zip"))
    assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600
    assert files_with_secrets(root) == {"secrets.json"}
    client.runs.delete(run_id)
    client.runs.delete(again["runId"])
    assert files_with_secrets(root) == set()


def test_a_run_that_waits_has_its_secrets_after_a_restart_of_the_engine(root: Path) -> None:
    gate = root / "gate"
    blocks = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)"
    with closing(find(root)) as client:
        places = client.compute.list()[0]["slots"]
        for _ in range(places):
            client.runs.submit({**a_run(), "source": {"files": {"main.py": blocks}}})
        run_id = client.runs.submit(a_run())["runId"]
        assert not client.runs.get(run_id)["startedAt"]
    end_engine(root)
    gate.touch()

    with closing(find(root)) as client:
        assert ended(client, run_id)["status"] == "Completed"
        assert SEEN in client.runs.log(run_id, "user_logs/std_log.txt").data.decode()


def test_a_run_is_the_same_only_with_the_same_secrets(client: Client) -> None:
    first = ended(client, client.runs.submit(a_run())["runId"])
    same = client.runs.submit({**a_run(), "ifChanged": True})
    other = a_run()
    other["job"]["environmentVariables"]["API_TOKEN"] = "rotated"

    assert same["runId"] == first["runId"]
    assert client.runs.submit({**other, "ifChanged": True})["runId"] != first["runId"]


def test_a_hidden_value_that_nobody_knows_is_asked_for(client: Client) -> None:
    body = a_run()
    body["job"]["environmentVariables"]["API_TOKEN"] = "***"

    with pytest.raises(Invalid, match=r"the value of API_TOKEN is hidden .* give it once more"):
        client.runs.submit(body)


def test_a_copied_run_without_its_secrets_says_so_when_it_is_repeated(
    root: Path, client: Client
) -> None:
    run_id = ended(client, client.runs.submit(a_run())["runId"])["runId"]
    (root / "workspaces/default/runs" / run_id / "secrets.json").unlink()

    with pytest.raises(Invalid, match="is hidden"):
        client.runs.retry(run_id, {})


def test_environments_keep_their_secrets_apart(root: Path, client: Client) -> None:
    first = client.environments.add({"definition": a_definition(SECRET)})
    second = client.environments.add({"definition": a_definition("rotated")})
    as_shown = client.environments.add({"definition": first["definition"]})
    body = a_run()
    body["environment"] = first["definition"]
    body["job"]["environmentVariables"] |= {"API_TOKEN": "***"}
    run = client.runs.submit(body)
    ended(client, run["runId"])
    client.environments.remove("default", "keys")
    again = ended(client, client.runs.retry(run["runId"], {})["runId"])

    assert (first["version"], second["version"], as_shown["version"]) == ("1", "2", "1")
    assert first["definition"]["environmentVariables"] == {"API_TOKEN": "***", "MODE": "slow"}
    assert first["definition"]["docker"]["baseImageRegistry"]["password"] == "***"
    assert SEEN in client.runs.log(run["runId"], "user_logs/std_log.txt").data.decode()
    assert SEEN in client.runs.log(again["runId"], "user_logs/std_log.txt").data.decode()
    assert not holds_secret(json.dumps([first, as_shown, run, again]).encode())
    assert all(name.endswith("secrets.json") for name in files_with_secrets(root))


def test_an_environment_with_a_hidden_value_that_nobody_knows_is_refused(client: Client) -> None:
    with pytest.raises(Invalid, match=r"environment 'keys': the value of API_TOKEN is hidden"):
        client.environments.add({"definition": a_definition("***")})


def test_what_an_earlier_version_left_open_is_mended_when_it_is_adopted(
    root: Path, client: Client
) -> None:
    run_id = ended(client, client.runs.submit(a_run())["runId"])["runId"]
    client.environments.add({"definition": a_definition(SECRET)})
    end_engine(root)
    folder = root / "workspaces/default/runs" / run_id
    told = json.loads((folder / "run.json").read_text())
    told["job"]["environmentVariables"]["API_TOKEN"] = SECRET
    del told["job"]["secretVariables"]
    (folder / "run.json").write_text(json.dumps(told))
    registered = root / "workspaces/default/environments/keys/1.json"
    told = json.loads(registered.read_text())
    told["definition"]["environmentVariables"]["API_TOKEN"] = SECRET
    registered.write_text(json.dumps(told))
    doctor = [sys.executable, "-m", "jupyter_aml.cli", "--root", str(root), "doctor"]
    found = subprocess.run(doctor, capture_output=True, text=True, timeout=DEADLINE).stdout
    reindexed = subprocess.run([*doctor[:-1], "reindex"], capture_output=True, timeout=DEADLINE)

    row = next(line for line in found.splitlines() if "secrets" in line)
    assert run_id in row and "environment keys:1" in row
    assert reindexed.returncode == 0
    assert files_with_secrets(root) == {"secrets.json", ".1.secrets.json"}


def test_the_code_of_a_run_takes_secrets_from_where_it_is_run(root: Path, client: Client) -> None:
    run_id = ended(client, client.runs.submit(a_run())["runId"])["runId"]

    code = client.runs.cell(run_id)["text"]

    assert "'API_TOKEN': os.environ['API_TOKEN']" in code
    assert code.startswith("import os\n")
    assert "config.run_config.secret_variables = ['MARKED']" in code


def test_an_export_is_without_secrets(root: Path, client: Client, tmp_path: Path) -> None:
    run_id = ended(client, client.runs.submit(a_run())["runId"])["runId"]
    export = [*command(root), "export", "--format", "csv", run_id, str(tmp_path / "there")]

    subprocess.run(export, check=True, timeout=DEADLINE, capture_output=True)

    assert (tmp_path / "there/runs" / run_id / "run.json").is_file()
    assert files_with_secrets(tmp_path / "there") == set()


def test_the_sdk_hides_what_is_marked(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AML_ROOT", str(root))
    (tmp_path / "main.py").write_text(SCRIPT)
    space = Workspace()
    config = ScriptRunConfig(tmp_path, "main.py", run_config=RunConfiguration())
    config.run_config.environment_variables = {"API_TOKEN": SECRET, "MARKED": MARKED, "DB": URL}
    config.run_config.secret_variables = ["MARKED"]

    run = Experiment(space, "e").submit(config)
    details = run.wait_for_completion()

    assert set(details["runDefinition"]["environment"]["environmentVariables"].values()) == {"***"}
    assert set(run.get_environment().environment_variables.values()) == {"***"}
    assert SEEN in run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert not holds_secret(repr(run).encode())
    space.client.close()


def test_a_kernel_has_the_secrets_of_its_environment(
    root: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AML_ROOT", str(root))
    definition = a_definition(SECRET)
    definition["python"]["interpreterPath"] = sys.executable
    client.environments.add({"definition": definition})
    built = client.environments.build("keys", {"workspace": "default"})

    home = asyncio.run(home_of("keys", workspace="default", version=None, say=lambda _: None))

    assert built["variables"]["API_TOKEN"] == "***"
    assert home.variables["API_TOKEN"] == "***"
    assert home.for_kernel({}, kernel="k")["API_TOKEN"] == SECRET


def a_run() -> dict[str, Any]:
    variables = {"API_TOKEN": SECRET, "MARKED": MARKED, "DB": URL, "MODE": "fast"}
    job = {
        "command": ["main.py"], "interpreter": sys.executable, "target": "local",
        "environmentVariables": variables, "secretVariables": ["MARKED"],
    }  # fmt: skip
    source = {"files": {"main.py": SCRIPT}}
    return {"experiment": "e", "script": "main.py", "job": job, "source": source}


def a_definition(value: str) -> dict[str, Any]:
    registry = {"address": "here.example", "username": "me", "password": "tr0mbone"}
    return {
        "name": "keys",
        "python": {"userManagedDependencies": True},
        "docker": {"baseImageRegistry": registry},
        "environmentVariables": {"API_TOKEN": value, "MODE": "slow"},
    }


def ended(client: Client, run_id: str) -> Any:
    end = time.monotonic() + DEADLINE
    while not (seen := client.runs.look(run_id))["endedAt"]:
        assert time.monotonic() < end, seen
        time.sleep(0.02)
    assert seen["status"] == "Completed", seen["error"]
    return seen


def command(root: Path) -> list[str]:
    return [sys.executable, "-m", "jupyter_aml.cli", "--root", str(root)]


def holds_secret(data: bytes) -> bool:
    return any(each in data for each in (SECRET.encode(), MARKED.encode(), b"tr0mbone"))


def files_with_secrets(folder: Path) -> set[str]:
    found = set()
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_file() and holds_secret(path.read_bytes()):
                found.add(name)
    return found


def unpacked(path: Path) -> bytes:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())
