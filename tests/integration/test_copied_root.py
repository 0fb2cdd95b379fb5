"""A copy of a root is another root: it never reaches the original, nor what runs there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.client import Client, find, running
from jupyter_aml.compute.proc import is_alive
from jupyter_aml.domain.errors import NotFound
from jupyter_aml.environments.cache import Cache, Site
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.testing.engines import end_engine
from jupyter_aml.testing.jupyter import JupyterServer, until
from tests.integration.test_engine import asked
from tests.integration.test_sent_twice import the_end

WAITS = """
import os, time
while not os.path.exists(os.environ["GATE"]):
    time.sleep(0.02)
print("the end")
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@pytest.fixture
def copy(aml_root: Path) -> Iterator[Path]:
    """Where a copy of the root shall lie; its engine is ended after the test."""
    place = aml_root.with_name("copy")
    yield place
    end_engine(place)


@pytest.fixture
def original(aml_root: Path, jupyter_env: Mapping[str, str]) -> Iterator[Client]:
    client = find(aml_root)
    yield client
    client.close()
    end_engine(aml_root)


def waiting(gate: Path, **more: Any) -> dict[str, Any]:
    return asked(WAITS, job={"environmentVariables": {"GATE": str(gate)}}, **more)


def copied(root: Path, place: Path) -> None:
    """Copy as a backup does: names, times and modes stay."""
    subprocess.run(["cp", "-a", root, place], check=True)


def tarred(root: Path, place: Path) -> None:
    """Restore from an archive."""
    place.mkdir(mode=0o700)
    archive = root.with_name("archive.tar")
    # A socket is no file, which tar says and goes on.
    subprocess.run(["tar", "-cf", archive, "-C", root, "."], check=True, stderr=subprocess.PIPE)
    subprocess.run(["tar", "-xf", archive, "-C", place], check=True)


def shell(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_aml.cli", "--root", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def is_running(client: Client, run_id: str) -> bool:
    return bool(client.runs.get(run_id)["status"] == "Running")


def script_of(root: Path, run_id: str) -> tuple[int, str]:
    status = root / "workspaces" / "default" / "runs" / run_id / "status"
    pids = json.loads((status / "pids.1").read_text())
    return int(pids["child"]), str(pids["childStart"])


def begun(client: Client, root: Path, gate: Path, run_id: str) -> tuple[int, str]:
    """Send a run that waits at the gate; returns its process."""
    client.runs.submit(waiting(gate, runId=run_id))
    until(lambda: is_running(client, run_id), seconds=60, what="the run")
    until((script_of_path(root, run_id)).exists, seconds=60, what="its process")
    return script_of(root, run_id)


def script_of_path(root: Path, run_id: str) -> Path:
    return root / "workspaces" / "default" / "runs" / run_id / "status" / "pids.1"


def test_what_is_deleted_in_a_copy_stays_in_the_original(
    original: Client, aml_root: Path, copy: Path
) -> None:
    original.runs.submit(asked("print(1)", runId="kept_1"))
    the_end(original, "kept_1")
    copied(aml_root, copy)

    done = shell(copy, "rm", "kept_1", "--yes")

    assert done.returncode == 0, done.stderr
    assert original.runs.get("kept_1")["status"] == "Completed"
    with pytest.raises(NotFound):
        find(copy).runs.get("kept_1")


@pytest.mark.parametrize("copying", [copied, tarred])
def test_the_script_of_the_original_goes_on_whatever_is_done_in_the_copy(
    original: Client, aml_root: Path, copy: Path, gate: Path, copying: Callable[..., None]
) -> None:
    process = begun(original, aml_root, gate, "live_1")
    original.runs.submit(asked("print(1)", runId="over_1"))
    the_end(original, "over_1")
    copying(aml_root, copy)

    there = find(copy)
    run = the_end(there, "live_1")
    there.runs.cancel("live_1")
    there.runs.delete("live_1")

    assert (run["status"], run["error"]["code"]) == ("Failed", "CopiedRoot")
    assert f"a copy of {aml_root}" in run["error"]["message"]
    assert there.runs.get("over_1")["status"] == "Completed"
    assert is_alive(*process)
    gate.touch()
    assert the_end(original, "live_1")["status"] == "Completed"
    there.close()


def test_what_waited_when_a_root_was_copied_runs_in_the_original_alone(
    aml_root: Path, copy: Path, gate: Path, jupyter_env: Mapping[str, str], tmp_path: Path
) -> None:
    Path(jupyter_env["JUPYTER_CONFIG_DIR"]).mkdir(parents=True)
    config = Path(jupyter_env["JUPYTER_CONFIG_DIR"], "jupyter_aml_config.json")
    config.write_text(json.dumps({"AmlConfig": {"max_runs": 1}}))
    original = find(aml_root)
    begun(original, aml_root, gate, "first_1")
    traces = tmp_path / "traces"
    script = f"open({str(traces)!r}, 'a').write('once')"
    original.runs.submit(asked(script, runId="second_1"))
    until(lambda: original.runs.get("second_1")["status"] == "Queued", seconds=60, what="the queue")
    copied(aml_root, copy)

    there = find(copy)
    assert the_end(there, "second_1")["error"]["code"] == "CopiedRoot"
    gate.touch()

    assert the_end(original, "second_1")["status"] == "Completed"
    assert traces.read_text() == "once"
    end_engine(aml_root)


def test_a_run_that_logs_from_a_kernel_ends_in_the_copy_and_goes_on_in_the_original(
    original: Client, aml_root: Path, copy: Path
) -> None:
    me = {"pid": os.getpid(), "start": Path("/proc/self/stat").read_text().split()[21]}
    body = {"experiment": "trial", "type": "azureml.interactive", "process": me}
    run_id = original.runs.submit(body)["runId"]
    until(lambda: is_running(original, run_id), seconds=60, what="the run")
    copied(aml_root, copy)

    assert the_end(find(copy), run_id)["error"]["code"] == "CopiedRoot"
    assert is_running(original, run_id)


def test_two_copies_are_two_roots(original: Client, aml_root: Path, copy: Path, gate: Path) -> None:
    process = begun(original, aml_root, gate, "live_1")
    other = aml_root.with_name("other")
    copied(aml_root, copy)
    copied(aml_root, other)

    tokens = set()
    for place in (copy, other):
        assert the_end(find(place), "live_1")["error"]["code"] == "CopiedRoot"
        tokens.add(token_of(place))
    tokens.add(token_of(aml_root))
    end_engine(other)

    assert len(tokens) == 3
    assert is_alive(*process)
    gate.touch()
    assert the_end(original, "live_1")["status"] == "Completed"


def test_a_copy_of_a_copy_is_recognised_as_one(
    original: Client, aml_root: Path, copy: Path, gate: Path
) -> None:
    find(copy_of(aml_root, copy)).close()
    first = find(copy)
    process = begun(first, copy, gate, "live_1")
    other = aml_root.with_name("other")
    copied(copy, other)

    assert the_end(find(other), "live_1")["error"]["code"] == "CopiedRoot"

    end_engine(other)
    assert is_alive(*process)
    gate.touch()
    assert the_end(first, "live_1")["status"] == "Completed"


def test_a_copy_is_told_by_doctor_and_the_original_is_not(
    original: Client, aml_root: Path, copy: Path
) -> None:
    copied(aml_root, copy)

    assert f"a copy of {aml_root}" in shell(copy, "doctor").stdout
    find(copy).close()
    assert f"a copy of {aml_root}" in shell(copy, "doctor").stdout
    assert "a copy of" not in shell(aml_root, "doctor").stdout


def test_a_socket_of_the_environment_is_not_taken_for_another_root(
    original: Client, aml_root: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a notebook whose kernel has AML_SOCKET, and which sets AML_ROOT."""
    original.runs.submit(asked("print(1)", runId="kept_1"))
    the_end(original, "kept_1")
    copied(aml_root, copy)
    monkeypatch.setenv("AML_SOCKET", str(aml_root / "engine.sock"))
    monkeypatch.setenv("AML_ROOT", str(copy))

    assert running() is None
    find().runs.delete("kept_1")

    assert original.runs.get("kept_1")["status"] == "Completed"


def test_a_server_on_the_copy_holds_it_itself(
    original: Client, aml_root: Path, copy: Path, jupyter_env: Mapping[str, str], tmp_path: Path
) -> None:
    copied(aml_root, copy)
    env = {**os.environ, **jupyter_env, "AML_ROOT": str(copy)}

    with JupyterServer(tmp_path, runtime=tmp_path / "r", env=env) as server:
        told = until(lambda: settled(server), seconds=60, what="the engine")

    assert (told["root"], told["kind"]) == (str(copy), "jupyter")
    assert original.status()["root"] == str(aml_root)


def settled(server: JupyterServer) -> Any:
    try:
        return server.get("aml/status")
    except OSError:
        return None


# ---- what is no copy --------------------------------------------------------------------------


def test_a_root_that_was_moved_is_the_same_and_its_runs_are_its_own(
    original: Client, aml_root: Path, gate: Path, jupyter_env: Mapping[str, str]
) -> None:
    process = begun(original, aml_root, gate, "live_1")
    token = token_of(aml_root)
    end_engine(aml_root)
    moved = aml_root.with_name("moved")
    aml_root.rename(moved)

    there = find(moved)
    there.runs.cancel("live_1")
    run = the_end(there, "live_1")
    end_engine(moved)

    assert run["status"] in ("Canceled", "Failed")
    assert (run["error"] or {}).get("code") != "CopiedRoot"
    assert not is_alive(*process)
    assert token_of(moved) == token


def test_an_engine_is_found_again_in_a_root_that_was_moved_below_it(
    original: Client, aml_root: Path
) -> None:
    pid = original.status()["pid"]
    moved = aml_root.with_name("moved")
    aml_root.rename(moved)

    found = running(moved)

    assert found is not None
    assert found.status()["pid"] == pid
    moved.rename(aml_root)


def test_a_root_that_was_restored_in_its_place_goes_on_with_what_waited(
    aml_root: Path, jupyter_env: Mapping[str, str], gate: Path
) -> None:
    original = find(aml_root)
    process = begun(original, aml_root, gate, "live_1")
    original.close()
    end_engine(aml_root)
    backup = aml_root.with_name("backup")
    copied(aml_root, backup)
    waiting_run = backup / "workspaces" / "default" / "runs" / "waited_1"
    token = token_of(aml_root)
    gate.touch()
    until(lambda: not is_alive(*process), seconds=60, what="the script")
    shutil.rmtree(aml_root)
    tarred(backup, aml_root)
    shutil.rmtree(backup)
    assert not waiting_run.exists()

    there = find(aml_root)
    run = the_end(there, "live_1")
    end_engine(aml_root)

    assert run["status"] == "Failed"
    assert run["error"]["code"] != "CopiedRoot"
    assert token_of(aml_root) == token


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may bind folders")
def test_a_root_that_is_seen_through_a_bind_mount_is_the_same(
    original: Client, aml_root: Path, gate: Path
) -> None:
    process = begun(original, aml_root, gate, "live_1")
    place = aml_root.with_name("bound")
    place.mkdir()
    if subprocess.run(["mount", "--bind", aml_root, place], check=False).returncode:
        pytest.skip("mounts are not allowed here")
    try:
        found = running(place)
        assert found is not None
        assert found.status()["pid"] == original.status()["pid"]
        end_engine(aml_root)
        there = find(place)
        assert is_running(there, "live_1")
        assert is_alive(*process)
        gate.touch()
        assert the_end(there, "live_1")["status"] == "Completed"
        end_engine(place)
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def token_of(root: Path) -> str:
    return str(json.loads((root / "root.json").read_text())["token"])


def copy_of(root: Path, place: Path) -> Path:
    copied(root, place)
    return place


# ---- a run's folder alone ---------------------------------------------------------------------


def test_a_run_folder_that_is_copied_into_another_root_leaves_its_script_alone(
    original: Client, aml_root: Path, copy: Path, gate: Path
) -> None:
    process = begun(original, aml_root, gate, "live_1")
    runs = copy / "workspaces" / "default" / "runs"
    runs.mkdir(mode=0o700, parents=True)
    copy.chmod(0o700)
    copied(aml_root / "workspaces" / "default" / "runs" / "live_1", runs / "live_1")

    there = find(copy)
    run = the_end(there, "live_1")
    there.runs.delete("live_1")
    there.close()

    assert run["status"] == "Failed"
    assert "was left alone" in run["error"]["message"]
    assert is_alive(*process)
    gate.touch()
    assert the_end(original, "live_1")["status"] == "Completed"


def test_runs_of_one_id_in_two_roots_do_not_end_each_other(
    original: Client, aml_root: Path, copy: Path, gate: Path
) -> None:
    process = begun(original, aml_root, gate, "same_1")
    there = find(copy)
    begun(there, copy, gate, "same_1")
    shim = json.loads(script_of_path(copy, "same_1").read_text())["shim"]

    # Without its shim the engine looks for what is left of the run by the id it carries.
    os.kill(shim, signal.SIGKILL)

    assert the_end(there, "same_1")["status"] == "Failed"
    there.close()
    assert is_alive(*process)
    gate.touch()
    assert the_end(original, "same_1")["status"] == "Completed"


def test_a_run_whose_claim_an_earlier_version_wrote_is_found_again(
    aml_root: Path, copy: Path, gate: Path, jupyter_env: Mapping[str, str]
) -> None:
    client = find(aml_root)
    process = begun(client, aml_root, gate, "live_1")
    client.close()
    end_engine(aml_root)
    claim = aml_root / "workspaces/default/runs/live_1/status/claim.1"
    told = json.loads(claim.read_text())
    claim.write_text(json.dumps({name: told[name] for name in ("pid", "start", "boot", "time")}))
    (aml_root / "root.json").unlink()
    copied(aml_root, copy)

    assert "was left alone" in the_end(find(copy), "live_1")["error"]["message"]
    client = find(aml_root)
    assert is_running(client, "live_1")
    assert is_alive(*process)
    gate.touch()
    assert the_end(client, "live_1")["status"] == "Completed"
    client.close()
    end_engine(aml_root)


def test_what_was_built_in_the_original_is_not_used_in_the_copy(tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    home = original / "key" / "env"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python").touch()
    built = Materialised(key="key", kind="pip", interpreter=str(home / "bin" / "python"))
    Cache(original).finish(Site(original / "key"), built)
    shutil.copytree(original, copy)
    bound = tmp_path / "bound"
    bound.symlink_to(original)

    assert Cache(original).entry("key") is not None
    assert Cache(bound).entry("key") is not None
    assert Cache(copy).entry("key") is None
