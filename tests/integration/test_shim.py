"""The shim itself, as a process: what it starts, ends and writes down."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jupyter_aml.compute import proc
from jupyter_aml.shim import shim
from tests.disk import journal_of

_NEVER = threading.Event()
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a subreaper")


class Attempt:
    """One shim at work on a script, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.status, self.log, self.cwd = folder / "status", folder / "logs" / "out.txt", folder
        # No other run on the machine may have its id: what is left of it is looked for and ended.
        self.run = uuid4().hex
        self.process: subprocess.Popen[bytes] | None = None
        self.status.mkdir()

    def start(self, code: str = "", *, command: list[str] | None = None, **options: Any) -> None:
        """Start the shim on a piece of Python, or on a command."""
        words = [sys.executable, "-I", "-S", "-c", code] if command is None else command
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", shim.__file__, str(self.status), "1"),
                *(str(options.pop("log", self.log)), str(options.pop("cwd", self.cwd))),
                *(str(options.pop("grace", 5)), str(options.pop("limit", 0)), "--", *words),
            ],
            env={"PATH": os.environ["PATH"], "AML_RUN_ID": self.run},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )

    def says(self, text: str) -> None:
        """Wait until the script has printed that."""
        until(lambda: self.log.exists() and text in self.log.read_text())

    def end(self) -> dict[str, Any]:
        """Wait for the exit record."""
        assert self.process is not None
        assert self.process.wait(30) == 0
        record: dict[str, Any] = json.loads((self.status / "exit.1").read_text())
        return record


def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, with a time limit."""
    limit = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < limit, "this did not come about within 30 s"
        _NEVER.wait(0.005)


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[Attempt]:
    attempt = Attempt(tmp_path)
    yield attempt
    if attempt.process is not None and attempt.process.poll() is None:
        attempt.process.kill()
        attempt.process.wait(10)
    for left in proc.of_run(attempt.run, "1", []):
        left.send(signal.SIGKILL)


@pytest.mark.parametrize("code", [0, 1, 77])
def test_the_exit_code_is_written_down(code: int, attempt: Attempt) -> None:
    attempt.start(f"raise SystemExit({code})")

    end = attempt.end()
    assert (end["code"], end["why"]) == (code, None)
    assert end["started"] <= end["time"] <= time.time()
    assert end["maxRssKb"] > 1000


def test_death_by_a_signal_is_a_negative_code(attempt: Attempt) -> None:
    attempt.start("import os; os.kill(os.getpid(), 9)")

    assert attempt.end()["code"] == -9


def test_both_streams_go_to_the_log_in_order(attempt: Attempt) -> None:
    attempt.start("import os; [os.write(n, b'%d' % n) for n in (1, 2, 1, 2)]")
    attempt.end()

    assert attempt.log.read_text() == "1212"


def test_the_script_reads_nothing_and_leads_its_own_session(attempt: Attempt) -> None:
    attempt.start(
        "import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read()), "
        "sorted(os.listdir('/proc/self/fd'))[:4])"
        if sys.platform == "linux"
        else "import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read()))"
    )
    attempt.end()

    # The fourth is the listing's own: no descriptor of the shim gets into the script.
    assert attempt.log.read_text().strip() in (
        "True '' ['0', '1', '2', '3']",
        "True ''",
    )


def test_the_script_finds_all_signals_as_new(attempt: Attempt) -> None:
    attempt.start(
        "import signal; print([s for s in (1, 2, 13, 15, 17) if s != 2 and s != 13 and "
        "signal.getsignal(s) != signal.SIG_DFL], signal.pthread_sigmask(signal.SIG_BLOCK, []))",
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, 1]),
    )
    attempt.end()

    assert attempt.log.read_text().strip() == "[] set()"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"command": ["no such \"command\" ü"]}, "No such file or directory: 'no such"),
        ({"command": ["/etc/passwd"]}, "Permission denied: '/etc/passwd'"),
        ({"cwd": "/no/such/folder"}, "No such file or directory: '/no/such/folder'"),
        ({"log": "/proc/nowhere/log"}, "No such file or directory"),
        ({"log": "/etc"}, "Is a directory: '/etc'"),
    ],
)  # fmt: skip
def test_what_cannot_be_started_says_why(
    options: dict[str, Any], why: str, attempt: Attempt
) -> None:
    attempt.start(**options)

    end = attempt.end()
    assert end["code"] == 127
    assert end["why"].startswith(f"spawn failed: {why}")
    if "log" not in options:
        assert attempt.log.read_text() == end["why"] + "\n"


def test_term_ends_the_script_and_its_group(attempt: Attempt) -> None:
    attempt.start(
        "import os, signal\nos.fork()\nprint('here', flush=True)\nsignal.pause()",
    )
    until(lambda: attempt.log.exists() and attempt.log.read_text().count("here") == 2)
    assert attempt.process is not None
    attempt.process.terminate()

    end = attempt.end()
    assert (end["code"], end["why"]) == (-15, "canceled")
    assert not proc.of_run(attempt.run, "1", [])


def test_a_script_that_ends_well_when_told_keeps_its_code(attempt: Attempt) -> None:
    attempt.start(
        "import signal, sys; signal.signal(15, lambda *_: sys.exit(0)); "
        "print('here', flush=True); signal.pause()"
    )
    attempt.says("here")
    assert attempt.process is not None
    attempt.process.terminate()

    end = attempt.end()
    assert (end["code"], end["why"]) == (0, "canceled")


def test_a_deaf_script_is_killed_after_the_grace(attempt: Attempt) -> None:
    attempt.start(
        "import signal; signal.signal(15, signal.SIG_IGN); print('here', flush=True)\n"
        "while True: signal.pause()",
        grace=0.3,
    )
    attempt.says("here")
    assert attempt.process is not None
    asked = time.time()
    attempt.process.terminate()
    # Whoever asks again and again gets it no later.
    while attempt.process.poll() is None:
        attempt.process.send_signal(signal.SIGINT)
        _NEVER.wait(0.01)

    end = attempt.end()
    assert (end["code"], end["why"]) == (-9, "canceled")
    assert end["time"] - asked >= 0.3


def test_a_stopped_script_hears_of_its_end_too(attempt: Attempt) -> None:
    attempt.start("import os; print('here', flush=True); os.kill(os.getpid(), 19)")
    attempt.says("here")
    assert attempt.process is not None
    attempt.process.terminate()

    assert attempt.end()["code"] == -15


def test_a_script_out_of_time_is_ended(attempt: Attempt) -> None:
    attempt.start("import signal; signal.pause()", limit=0.3)

    end = attempt.end()
    assert (end["code"], end["why"]) == (-15, "timeout")
    assert end["time"] - end["started"] >= 0.3


@LINUX
def test_a_daemon_in_its_own_session_is_ended_with_the_script(attempt: Attempt) -> None:
    attempt.start(
        "import os, signal\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        signal.signal(15, signal.SIG_IGN)\n"
        "        print('daemon', os.getpid(), flush=True)\n"
        "        while True: signal.pause()\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "import time\n"
        "while 'daemon' not in open(" + repr(str(attempt.log)) + ").read(): time.sleep(0.01)\n"
    )

    assert attempt.end()["code"] == 0
    daemon = int(attempt.log.read_text().split()[1])
    assert not os.path.exists(f"/proc/{daemon}")


@LINUX
def test_who_tidies_up_behind_the_script_has_a_moment(attempt: Attempt) -> None:
    attempt.start(
        "import os\nr, w = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.close(w); os.read(r, 1); os.write(1, b'tidied')\n"
        "    os._exit(0)\n"
    )
    attempt.end()

    assert attempt.log.read_text() == "tidied"


def test_an_attempt_is_started_once(attempt: Attempt) -> None:
    assert shim.claim(str(attempt.status), "1", 0)
    assert not shim.claim(str(attempt.status), "1", os.getpid())
    attempt.start("print('never')")

    assert attempt.process is not None
    assert attempt.process.wait(30) == shim.TAKEN
    assert not attempt.log.exists()
    assert sorted(path.name for path in attempt.status.iterdir()) == ["claim.1"]


def test_of_many_shims_one_starts_the_script(attempt: Attempt) -> None:
    processes = []
    for _ in range(6):
        attempt.start("print('x')")
        assert attempt.process is not None
        processes.append(attempt.process)

    assert sorted(process.wait(30) for process in processes) == [0, *[shim.TAKEN] * 5]
    assert attempt.log.read_text() == "x\n"


def test_without_hard_links_an_attempt_is_still_taken_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)

    assert shim.claim(str(tmp_path), "1", 0)
    assert not shim.claim(str(tmp_path), "1", 0)
    assert json.loads((tmp_path / "claim.1").read_text())["pid"] == 0


def test_a_link_that_was_made_and_is_said_to_be_there_already_is_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS asks once more for a link whose answer was lost, and then says that it is there."""
    link = os.link

    def twice(source: str, target: str) -> None:
        link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", twice)

    assert shim.claim(str(tmp_path), "1", 0)
    assert not shim.claim(str(tmp_path), "1", 0)
    assert [path.name for path in tmp_path.iterdir()] == ["claim.1"]


def test_a_claim_names_the_file_that_it_was_made_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AML_ROOT_ID", "token")

    for attempt, link in (("1", os.link), ("2", None)):
        if link is None:
            monkeypatch.setattr(os, "link", _refuse)
        shim.claim(str(tmp_path), attempt, os.getpid())
        path = tmp_path / f"claim.{attempt}"
        told, found = json.loads(path.read_text()), path.stat()
        assert (told["root"], told["file"]) == ("token", [found.st_dev, found.st_ino])


def _refuse(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@LINUX
def test_an_exit_record_is_on_the_disk_before_its_name_and_its_name_before_all_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = journal_of(monkeypatch)

    shim._write_exit(str(tmp_path), "1", 1.0, 0, None)

    assert told == [
        ("written", tmp_path / "exit.1.tmp"), ("named", tmp_path / "exit.1"),
        ("written", tmp_path),
    ]  # fmt: skip
    assert json.loads((tmp_path / "exit.1").read_text())["code"] == 0


@LINUX
def test_that_a_script_was_begun_is_on_the_disk_before_it_is_guarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut it must not be begun a second time."""
    shim.claim(str(tmp_path), "1", os.getpid())
    told = journal_of(monkeypatch)

    shim._write_pids(str(tmp_path), "1", os.getpid(), 1.0)

    assert told == [
        ("named", tmp_path / "pids.1"), ("written", tmp_path / "claim.1"),
        ("written", tmp_path),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_lies_in_the_place_of_a_record_is_neither_written_through_nor_waited_for(
    kind: str, attempt: Attempt
) -> None:
    """A script, or the one of an attempt before it, may put anything there."""
    precious = attempt.cwd / "precious"
    precious.write_text("kept")
    os.utime(precious, (1, 1))
    for name in ("pulse", "pids.1.tmp", "exit.1.tmp"):
        if kind == "link":
            (attempt.status / name).symlink_to(precious)
        else:
            os.mkfifo(attempt.status / name)

    attempt.start("print('ran')")

    assert attempt.process is not None
    attempt.process.wait(30)
    assert attempt.log.read_text() == "ran\n"
    assert (precious.read_text(), precious.stat().st_mtime) == ("kept", 1)


def test_a_claim_that_cannot_be_written_starts_nothing(attempt: Attempt) -> None:
    attempt.status.rmdir()
    attempt.start("print('never')")

    assert attempt.process is not None
    assert attempt.process.wait(30) == shim.NO_CLAIM
    assert not attempt.log.exists()


def test_records_name_the_shim_and_the_script(attempt: Attempt) -> None:
    attempt.start("import os, signal; print(os.getpid(), flush=True); signal.pause()")
    until(lambda: (attempt.status / "pulse").exists())
    attempt.says("\n")
    assert attempt.process is not None

    claim = json.loads((attempt.status / "claim.1").read_text())
    pids = json.loads((attempt.status / "pids.1").read_text())
    assert claim["pid"] == pids["shim"] == attempt.process.pid
    assert pids["child"] == int(attempt.log.read_text())
    assert claim["start"] == pids["shimStart"] == shim.start_of(attempt.process.pid)
    assert proc.is_alive(pids["child"], pids["childStart"])
    assert not proc.is_alive(pids["child"], "1")
    attempt.process.terminate()
    attempt.end()
    assert not proc.is_alive(pids["child"], pids["childStart"])


def test_a_disk_full_at_the_end_still_takes_the_exit_record(attempt: Attempt) -> None:
    attempt.start("import signal; print('here', flush=True); signal.pause()")
    until(lambda: (attempt.status / "pulse").exists())
    attempt.says("here")
    assert attempt.process is not None
    reserved = (attempt.status / "exit.1.tmp").stat()
    if hasattr(resource, "prlimit"):
        # From here on the shim can make no file longer than what it has reserved.
        limits = (reserved.st_size, resource.RLIM_INFINITY)
        resource.prlimit(attempt.process.pid, resource.RLIMIT_FSIZE, limits)
    attempt.process.terminate()

    assert attempt.end()["code"] == -15
    assert (attempt.status / "exit.1").stat().st_ino == reserved.st_ino


@pytest.mark.parametrize("text", ["plain", 'a "b" \\c', "ü ☃ 𝄞", "\n\t\x00\x7f", "\udcff"])
def test_texts_in_records_are_json(text: str) -> None:
    assert json.loads(shim._quoted(text)) == text
