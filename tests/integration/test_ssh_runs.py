"""Runs on a machine behind a real OpenSSH server, through the whole engine and the SDK."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.ssh.backend import SshBackend
from jupyter_aml.compute.ssh.place import Place
from jupyter_aml.domain.errors import IllegalMove, Invalid, Unreachable
from jupyter_aml.domain.ids import workspace_name
from jupyter_aml.engine.engine import Engine
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.sdk.core import Dataset, Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.compute import ComputeTarget, RemoteCompute
from jupyter_aml.sdk.data.output_dataset_config import OutputFileDatasetConfig
from jupyter_aml.wire.compute import decode_compute_change, decode_new_compute
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until
from tests.ssh_machine import SshMachine

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

DEFAULT = workspace_name("default")

TRAINING = """
import os
from azureml.core import Run

run = Run.get_context()
for step in range(5):
    run.log("loss", 1 / (1 + step))
run.tag("where", os.environ["AML_RUN_DIR"])
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write("model")
print("trained", run.id)
"""

STAY = "import signal; print('here', flush=True); signal.pause()"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def a_target(ssh: SshMachine, name: str = "box", **settings: Any) -> dict[str, Any]:
    return {"name": name, "kind": "ssh", "settings": {**ssh.settings, **settings}}


async def attach(engine: Engine, ssh: SshMachine, **settings: Any) -> Any:
    return await engine.compute.add(decode_new_compute(a_target(ssh, **settings)))


def on(script: str, **job: Any) -> dict[str, Any]:
    return asked(script, job={"target": "box", **job})


async def said(engine: Engine, run: Any, word: bytes = b"here") -> None:
    async with asyncio.timeout(60):
        while True:
            log = await engine.runs.log(run["runId"], "user_logs/std_log.txt")
            if word in log.data:
                return
            await asyncio.sleep(0.05)


def pids(root: Path, run: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder_of(root, run).status / "pids.1").read_text())
    return told


def far_folder(ssh: SshMachine, run: Any) -> Path | None:
    found = list((ssh.home / "runs").glob(f"*/{run['runId']}"))
    return found[0] if found else None


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


# ---- through the SDK and a headless engine ---------------------------------------------------


def test_a_machine_is_attached_as_sdk_v1_did_and_trains(
    ws: Workspace, tmp_path: Path, ssh: SshMachine
) -> None:
    target = ComputeTarget.attach(
        ws,
        "box",
        RemoteCompute.attach_configuration(
            username=ssh.user, address="127.0.0.1", ssh_port=ssh.port,
            private_key_file=str(ssh.folder / "key"),
            settings={
                "host_key": ssh.host_key, "folder": str(ssh.home), "python": sys.executable,
            },
        ),
    )  # fmt: skip
    target.wait_for_completion(show_output=True)
    (tmp_path / "train.py").write_text(TRAINING)
    config = ScriptRunConfig(str(tmp_path), script="train.py", compute_target="box")

    run = Experiment(ws, "on-a-box").submit(config)
    details = run.wait_for_completion()

    assert details["status"] == "Completed"
    assert target.type == "VirtualMachine"
    assert run.get_metrics()["loss"] == [1, 0.5, 1 / 3, 0.25, 0.2]
    assert run.get_tags()["where"].startswith(str(ssh.home))
    assert "outputs/model.txt" in run.get_file_names()
    run.download_file("outputs/model.txt", str(tmp_path / "back.txt"))
    assert (tmp_path / "back.txt").read_text() == "model"


DATA = """
import os, sys
from azureml.core import Run
run = Run.get_context()
assert run.input_datasets["data"] == sys.argv[1] == os.environ["AZUREML_DATAREFERENCE_data"]
assert sys.argv[1].startswith(os.environ["AML_RUN_DIR"])
text = open(os.path.join(sys.argv[1], "a.csv")).read()
open(os.path.join(sys.argv[2], "b.csv"), "w").write(text + "3,4\\n")
"""


def test_inputs_go_there_and_outputs_come_to_their_datastore(
    ws: Workspace, tmp_path: Path, ssh: SshMachine
) -> None:
    ComputeTarget.attach(
        ws,
        "data-box",
        RemoteCompute.attach_configuration(
            username=ssh.user, address="127.0.0.1", ssh_port=ssh.port,
            private_key_file=str(ssh.folder / "key"),
            settings={"host_key": ssh.host_key, "folder": str(ssh.home), "python": sys.executable},
        ),
    )  # fmt: skip
    store = ws.get_default_datastore()
    with store._store().open("far/a.csv", "wb") as file:
        file.write(b"x,y\n1,2\n")
    files = Dataset.File.from_files((store, "far"))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "s.py").write_text(DATA)

    def sent(mode: str) -> Any:
        written = OutputFileDatasetConfig(name="out", destination=(store, "written/{run-id}"))
        data = getattr(files.as_named_input("data"), mode)()
        config = ScriptRunConfig(
            str(tmp_path / "src"), "s.py", [data, written], compute_target="data-box"
        )
        run = Experiment(ws, "far-data").submit(config)
        run.wait_for_completion(raise_on_error=False)
        return run

    run, mounted = sent("as_download"), sent("as_mount")

    assert run.get_status() == "Completed"
    with store._store().open(f"written/{run.id}/b.csv", "rb") as file:
        assert file.read() == b"x,y\n1,2\n3,4\n"
    assert mounted.get_status() == "Failed"
    assert "as_download()" in mounted.get_details()["error"]["error"]["message"]


def test_an_engine_that_is_killed_is_followed_by_one_that_finds_the_run(
    ws: Workspace, tmp_path: Path, ssh: SshMachine, aml_root: Path
) -> None:
    ComputeTarget.attach(
        ws,
        "kept-box",
        RemoteCompute.attach_configuration(
            username=ssh.user, address="127.0.0.1", ssh_port=ssh.port,
            private_key_file=str(ssh.folder / "key"),
            settings={"host_key": ssh.host_key, "folder": str(ssh.home), "python": sys.executable},
        ),
    )  # fmt: skip
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "s.py").write_text(
        "import os, time\nprint('begun', flush=True)\n"
        "while not os.path.exists('go'):\n    time.sleep(0.02)\nprint('ended')\n"
    )
    config = ScriptRunConfig(str(tmp_path / "src"), "s.py", compute_target="kept-box")
    run = Experiment(ws, "kept").submit(config)
    while run.get_status() != "Running":
        time.sleep(0.05)

    os.kill(json.loads((aml_root / "engine.json").read_text())["pid"], signal.SIGKILL)
    there = next((ssh.home / "runs").glob(f"*/{run.id}"))
    (there / "work" / "go").touch()
    details = run.wait_for_completion()

    assert details["status"] == "Completed"
    console = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert console == "begun\nended\n"


# ---- through an engine -----------------------------------------------------------------------


async def test_the_check_says_what_is_there_and_refuses_a_key_that_nobody_accepted(
    aml_root: Path, ssh: SshMachine
) -> None:
    async with an_engine(aml_root) as engine:
        told = await engine.compute.probe(decode_new_compute(a_target(ssh)))
        with pytest.raises(Invalid) as unknown:
            await engine.compute.probe(decode_new_compute(a_target(ssh, host_key="SHA256:abc")))
        with pytest.raises(Invalid) as refused:
            nobody = decode_new_compute(a_target(ssh, username="nobody-here"))
            await engine.compute.probe(nobody)
        with pytest.raises(Unreachable):
            await engine.compute.probe(decode_new_compute(a_target(ssh, port=1)))

    assert "answers" in told and "Python" in told and "core" in told
    assert "SHA256:" in str(unknown.value) and ssh.host_key in str(unknown.value)
    assert "refuses 'nobody-here'" in str(refused.value)


async def test_a_run_is_followed_and_its_folder_there_is_removed(
    aml_root: Path, ssh: SshMachine
) -> None:
    script = f"{TRAINING}\n{STAY}"
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(script, grace=5))
        await said(engine, run)
        there = far_folder(ssh, run)
        await until(engine, run["runId"], lambda told: told["metrics"].get("loss") == 0.2)
        assert there is not None
        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])
        child = pids(aml_root, run)["child"]

    assert end["status"] == "Canceled"
    assert (folder_of(aml_root, run).outputs / "model.txt").read_text() == "model"
    assert not there.exists()
    assert not is_alive(child)


async def test_a_lost_connection_is_made_again_and_nothing_is_lost(
    aml_root: Path, ssh: SshMachine
) -> None:
    script = """
import os, time
from azureml.core import Run
run = Run.get_context()
print("here", flush=True)
step = 0
while not os.path.exists("outputs/go"):
    run.log("loss", step)
    print("step", step, flush=True)
    step += 1
    time.sleep(0.01)
run.log("last", step)
"""
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(script))
        await said(engine, run, b"step 3")
        ssh.cut()
        there = far_folder(ssh, run)
        assert there is not None
        await said(engine, run, f"step {_steps(there) + 5}".encode())
        ssh.stop()
        gone = _steps(there)
        while _steps(there) < gone + 5:
            await asyncio.sleep(0.05)
        ssh.start()
        await said(engine, run, f"step {gone + 5}".encode())
        (there / "work" / "outputs" / "go").touch()
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed"
    console = folder_of(aml_root, run).console.read_text().split("\n")
    last = int(end["metrics"]["last"])
    assert console == ["here", *(f"step {step}" for step in range(last)), ""]
    assert end["metrics"]["loss"] == last - 1


def _steps(there: Path) -> int:
    return (there / "logs" / "std_log.txt").read_text().count("\n")


async def test_the_next_engine_finds_the_run_where_it_is(aml_root: Path, ssh: SshMachine) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(f"print('begun', flush=True)\n{STAY}"))
        await said(engine, run)
        before = pids(aml_root, run)
    async with an_engine(aml_root) as engine:
        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])

    assert end["status"] == "Canceled"
    assert pids(aml_root, run) == before
    assert folder_of(aml_root, run).console.read_text() == "begun\nhere\n"
    assert far_folder(ssh, run) is None


@asynccontextmanager
async def an_engine_that_ends_when_it_has_begun(root: Path) -> AsyncIterator[Engine]:
    """One that ends after the other machine has begun a run, and before it notes that."""
    begun = asyncio.Event()
    call = SshBackend._call

    async def called(self: SshBackend, place: Place, verb: str, **fields: Any) -> dict[str, Any]:
        told = await call(self, place, verb, **fields)
        if verb == "start":
            begun.set()
            await asyncio.Event().wait()
        return told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SshBackend, "_call", called)
        async with an_engine(root) as engine:
            yield engine
            await asyncio.wait_for(begun.wait(), 60)


async def begun_there(ssh: SshMachine, run: Any) -> Path:
    """The folder of a run there, once its script has begun."""
    async with asyncio.timeout(60):
        while True:
            there = far_folder(ssh, run)
            if there is not None and "begun" in RunFolder(there).console.read_text():
                return there
            await asyncio.sleep(0.05)


async def test_a_run_that_had_begun_when_the_engine_ended_is_not_begun_again(
    aml_root: Path, ssh: SshMachine
) -> None:
    script = """
import os, time
print("begun", flush=True)
while not os.path.exists("go"):
    time.sleep(0.02)
"""
    async with an_engine_that_ends_when_it_has_begun(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(script))
    there = await begun_there(ssh, run)
    assert not (folder_of(aml_root, run).status / "ssh.1").exists()

    async with an_engine(aml_root) as engine:
        await said(engine, run, b"begun")
        (there / "work" / "go").touch()
        end = await ended(engine, run["runId"])

    assert (end["status"], end["attempt"]) == ("Completed", 1)
    assert folder_of(aml_root, run).console.read_text() == "begun\n"


async def test_a_run_that_had_begun_before_its_machine_was_started_again_is_tried_again(
    aml_root: Path, ssh: SshMachine
) -> None:
    script = f"""
import os
kept = os.path.exists("outputs/checkpoint")
open("outputs/checkpoint", "a").write("one")
print("begun", flush=True)
if not kept:
    {STAY.replace("; ", chr(10) + "    ")}
"""
    async with an_engine_that_ends_when_it_has_begun(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(script))
    there = await begun_there(ssh, run)
    record = there / "status" / "claim.1"
    told = json.loads((there / "status" / "pids.1").read_text())
    record.write_text(json.dumps({**json.loads(record.read_text()), "boot": "that of before"}))
    for pid in (told["shim"], told["child"]):
        os.kill(pid, signal.SIGKILL)

    async with an_engine(aml_root) as engine:
        end = await ended(engine, run["runId"])

    assert (end["status"], end["attempt"]) == ("Completed", 2), end["error"]
    assert "was started again" in " ".join(end["warnings"])
    assert (folder_of(aml_root, run).outputs / "checkpoint").read_text() == "oneone"


async def test_a_script_that_is_killed_fails_and_keeps_its_outputs(
    aml_root: Path, ssh: SshMachine
) -> None:
    script = f"import os\nopen('outputs/half', 'w').write('half')\n{STAY}"
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(script))
        await said(engine, run)
        os.kill(pids(aml_root, run)["child"], signal.SIGKILL)
        end = await ended(engine, run["runId"])

    assert (end["status"], end["error"]["code"]) == ("Failed", "Killed")
    assert (folder_of(aml_root, run).outputs / "half").read_text() == "half"


async def test_a_run_whose_shim_is_killed_fails_and_is_ended(
    aml_root: Path, ssh: SshMachine
) -> None:
    script = f"import os\nopen('outputs/half', 'w').write('half')\n{STAY}"
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(script))
        await said(engine, run)
        told = pids(aml_root, run)
        os.kill(told["shim"], signal.SIGKILL)
        end = await ended(engine, run["runId"])

    assert end["status"] == "Failed"
    assert "vanished" in end["error"]["message"]
    assert not is_alive(told["child"])
    assert (folder_of(aml_root, run).outputs / "half").read_text() == "half"
    assert far_folder(ssh, run) is None


async def test_a_run_waits_for_a_machine_that_is_off_and_can_be_cancelled(
    aml_root: Path, ssh: SshMachine
) -> None:
    ssh.stop()
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(STAY))
        waiting = await until(
            engine, run["runId"], lambda told: "cannot connect" in (told["reason"] or "")
        )
        await engine.runs.cancel(run["runId"])
        end = await ended(engine, run["runId"])

    assert waiting["status"] == "Starting"
    assert end["status"] == "Canceled"
    assert not (folder_of(aml_root, run).status / "ssh.1").exists()
    assert far_folder(ssh, run) is None


async def test_a_run_waits_until_a_setting_that_is_wrong_is_mended(
    aml_root: Path, ssh: SshMachine
) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh, python="/no/such/python")
        run = await submit(engine, on("print('done')"))
        await until(engine, run["runId"], lambda told: "/no/such/python" in (told["reason"] or ""))
        mended = {"settings": {"python": sys.executable}}
        await engine.compute.change(decode_compute_change("box", mended))
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed"


async def test_an_interpreter_that_is_named_is_that_of_the_machine(
    aml_root: Path, ssh: SshMachine
) -> None:
    def within(python: str) -> dict[str, Any]:
        named = {"userManagedDependencies": True, "interpreterPath": python}
        return {"name": "there", "python": named}

    script = "import sys; print('by', sys.executable)"
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        there = await submit(engine, {**on(script), "environment": within("/usr/bin/python3")})
        missing = await submit(engine, {**on(script), "environment": within("/no/python")})
        ends = [await ended(engine, each["runId"]) for each in (there, missing)]

    assert [end["status"] for end in ends] == ["Completed", "Failed"]
    assert folder_of(aml_root, there).console.read_text() == "by /usr/bin/python3\n"
    assert "/no/python" in ends[1]["error"]["message"]


CHILDREN = """
from azureml.core import Run
run = Run.get_context()
for number in range(2):
    with run.child_run(name=f"fold-{number}") as child:
        child.log("score", number)
print("here", flush=True)
"""


async def test_a_script_makes_children_there(aml_root: Path, ssh: SshMachine) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(CHILDREN))
        end = await ended(engine, run["runId"])
        page = await engine.runs.page(workspace=DEFAULT, filter=f"parent:{run['runId']}")

    assert end["status"] == "Completed"
    scores = {each["displayName"]: each["metrics"] for each in page["runs"]}
    assert scores == {"fold-0": {"score": 0}, "fold-1": {"score": 1}}
    assert {each["status"] for each in page["runs"]} == {"Completed"}


async def test_a_run_whose_machine_was_started_again_goes_on_from_its_outputs(
    aml_root: Path, ssh: SshMachine
) -> None:
    script = f"""
import os
kept = os.path.exists("outputs/checkpoint")
open("outputs/checkpoint", "a").write("one")
print("again" if kept else "first", flush=True)
if not kept:
    {STAY.replace("; ", chr(10) + "    ")}
"""
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh)
        run = await submit(engine, on(script))
        await said(engine, run)
        told, record = pids(aml_root, run), folder_of(aml_root, run).status / "ssh.1"
        record.write_text(json.dumps({"boot": "that of before"}))
        for pid in (told["shim"], told["child"]):
            os.kill(pid, signal.SIGKILL)
        end = await ended(engine, run["runId"])

    assert end["status"] == "Completed"
    assert "was started again" in " ".join(end["warnings"])
    assert folder_of(aml_root, run).console.read_text() == "first\nhere\nagain\n"
    assert (folder_of(aml_root, run).outputs / "checkpoint").read_text() == "oneone"


async def test_a_key_with_a_passphrase_and_a_host_of_known_hosts(
    aml_root: Path, ssh: SshMachine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, key = tmp_path / "home", tmp_path / "locked"
    (home / ".ssh").mkdir(parents=True)
    shutil.copy(ssh.folder / "key", key)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", key], check=True)
    monkeypatch.setenv("HOME", str(home))
    opened = {
        "private_key_file": str(key), "private_key_passphrase": "open sesame", "host_key": "",
    }  # fmt: skip

    async def probed(engine: Engine, **settings: str) -> str:
        asked = decode_new_compute(a_target(ssh, **{**opened, **settings}))
        return await engine.compute.probe(asked)

    async with an_engine(aml_root) as engine:
        with pytest.raises(Invalid) as unknown:
            await probed(engine)
        (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{ssh.port} {ssh.host_key}\n")
        told = await probed(engine)
        with pytest.raises(Invalid) as closed:
            await probed(engine, private_key_passphrase="wrong")
        await attach(engine, ssh, **opened)
        run = await submit(engine, on("print('done')"))
        end = await ended(engine, run["runId"])
        shown = await engine.compute.get(DEFAULT, "box")

    assert "is not known here" in str(unknown.value) and ssh.host_key in str(unknown.value)
    assert "answers" in told
    assert "private_key_passphrase" in str(closed.value)
    assert end["status"] == "Completed"
    assert "open sesame" not in json.dumps(shown)


async def test_cancels_at_any_moment_leave_nothing_there(aml_root: Path, ssh: SshMachine) -> None:
    async with an_engine(aml_root) as engine:
        await attach(engine, ssh, max_runs=4)
        runs = [await submit(engine, on("print('ended')")) for _ in range(8)]
        for number, run in enumerate(runs):
            await asyncio.sleep(0.05 * number)
            with contextlib.suppress(IllegalMove):
                await engine.runs.cancel(run["runId"])
        ends = [await ended(engine, run["runId"]) for run in runs]
        left = [far_folder(ssh, run) for run in runs]

    assert {end["status"] for end in ends} <= {"Completed", "Canceled"}
    assert left == [None] * 8
    for run, end in zip(runs, ends, strict=True):
        console = folder_of(aml_root, run).console
        printed = console.read_text() if console.exists() else ""
        assert printed == "ended\n" or end["status"] == "Canceled"
