"""An engine whose process is stopped: who waits for it says so, and does not wait for ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from jupyter_aml.cli import codes
from jupyter_aml.client import find
from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.sdk.core import Workspace

DEADLINE = 100.0


def test_the_shell_says_whom_it_waits_for_and_ends_in_a_sentence(
    jupyter_env: Mapping[str, str], aml_root: Path
) -> None:
    with a_stopped_engine(aml_root) as pid:
        done = subprocess.run(
            command("ls"),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            stdin=subprocess.DEVNULL,
        )

    first, *_, last = done.stderr.splitlines()
    assert done.returncode == codes.UNREACHABLE
    assert first.startswith("jupyter aml: waiting for the engine of ")
    assert str(pid) in first and str(aml_root) in first
    assert f"is stopped; `kill -CONT {pid}` lets it go on" in last
    assert str(aml_root) in last


def test_what_is_asked_of_an_engine_that_goes_on_in_time_is_done(
    jupyter_env: Mapping[str, str], aml_root: Path
) -> None:
    with a_stopped_engine(aml_root) as pid:
        asked = subprocess.Popen(
            command("ls", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert asked.stderr is not None
        said = asked.stderr.readline()
        os.kill(pid, signal.SIGCONT)
        answer, _ = asked.communicate(timeout=DEADLINE)

    assert "waiting for the engine" in said
    assert (asked.returncode, json.loads(answer)) == (0, [])


def test_the_sdk_raises_what_the_shell_says(
    jupyter_env: Mapping[str, str], aml_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(find(aml_root)) as client, a_stopped_engine(aml_root) as pid:
        with pytest.raises(Unreachable, match=rf"process {pid}.*is stopped"):
            Workspace()
        with pytest.raises(Unreachable, match=rf"process {pid}.*is stopped"):
            client.workspaces.list()

    # Nothing is said twice, as long as nothing has answered in between.
    said = f"waiting for the engine of {aml_root} (process {pid})\n"
    assert capsys.readouterr().err.count(said) == 2


def test_a_wait_for_a_run_goes_on_with_the_engine(
    jupyter_env: Mapping[str, str], aml_root: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    (tmp_path / "train.py").write_text(
        f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)\n"
    )
    sent = subprocess.run(
        command("submit", "--json", "train.py"), cwd=tmp_path, capture_output=True, check=True,
        timeout=DEADLINE,
    )  # fmt: skip
    run_id = json.loads(sent.stdout)["runId"]
    with a_stopped_engine(aml_root) as pid:
        waits = subprocess.Popen(
            command("wait", run_id), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert waits.stderr is not None
        said = waits.stderr.readline()
        os.kill(pid, signal.SIGCONT)
        gate.touch()
        told, _ = waits.communicate(timeout=DEADLINE)

    assert f"process {pid}" in said
    assert waits.returncode == 0
    assert "Completed" in told


def test_doctor_names_the_process_that_does_not_answer(
    jupyter_env: Mapping[str, str], aml_root: Path
) -> None:
    with a_stopped_engine(aml_root) as pid:
        done = subprocess.run(command("doctor"), capture_output=True, text=True, timeout=DEADLINE)

    row = next(line for line in done.stdout.splitlines() if "does not answer" in line)
    assert f"process {pid}" in row


@contextmanager
def a_stopped_engine(root: Path) -> Iterator[int]:
    """An engine of the root that was stopped; it goes on afterwards, so that it can be ended."""
    with closing(find(root)) as client:
        pid = client.status()["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "jupyter_aml.cli", *words]
