"""Many, slow, huge and stubborn: the server stays small and answers, and only runs are ended."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.proc import is_alive
from jupyter_aml.compute.proc import send as signal_process
from jupyter_aml.shim.shim import start_of
from jupyter_aml.testing.jupyter import until
from tests.attacks.conftest import Victim

MB = 1 << 20
SOON = 3.0
"""Seconds of the processor that the server may take before anybody else is answered.

One that does not answer at all has the victim's patience come to an end.
"""


@pytest.fixture
def unharmed(victim: Victim) -> Iterator[None]:
    """Others are answered soon afterwards, and the server has kept nothing open and little else."""
    victim.ask("GET", "status")
    files, memory = victim.open_files(), victim.memory()
    yield
    answers_soon(victim)
    until(lambda: victim.open_files() <= files + 8, seconds=20, what="the connections to be closed")
    assert victim.memory() < memory + 100 * MB


def answers_soon(victim: Victim) -> None:
    begun = victim.spent()
    assert victim.ask("GET", "status").code == 200
    assert victim.spent() - begun < SOON


@pytest.mark.usefixtures("unharmed")
def test_many_sockets_that_say_nothing_are_borne(victim: Victim) -> None:
    """Case 40, 41: 200 pages that have gone to sleep."""
    with ExitStack() as stack:
        lines = [stack.enter_context(victim.upgrade(victim.let_in)) for _ in range(200)]
        assert {line.recv(12) for line in lines} == {b"HTTP/1.1 101"}
        answers_soon(victim)


@pytest.mark.usefixtures("unharmed")
def test_requests_that_are_never_finished_hold_nobody_up(victim: Victim) -> None:
    """Case 41: half of a head, and half of a body, from 100 connections."""
    heads = [
        f"POST {victim.base}aml/runs HTTP/1.1\nHost: localhost\nContent-Length: 999\n\n{{",
        "GET / HTTP/1.1\nHost: loc",
    ]
    with ExitStack() as stack:
        for index in range(100):
            stack.enter_context(victim.line(heads[index % 2]))
        answers_soon(victim)


@pytest.mark.usefixtures("unharmed")
def test_a_client_that_does_not_read_costs_no_memory(victim: Victim) -> None:
    """Case 41: ten downloads of a file of 1 GB, an archive of it, and none is read."""
    run = victim.run("open('outputs/big', 'wb').truncate(1 << 30)")
    about = f"{victim.base}aml/runs/{run['runId']}"
    ways = [f"{about}/files/outputs/big"] * 10 + [f"{about}/archive?what=outputs"]
    with ExitStack() as stack:
        for way in ways:
            head = f"GET {way} HTTP/1.1\nHost: localhost:{victim.port}\n"
            allowed = "".join(f"{name}: {value}\n" for name, value in victim.let_in.items())
            line = stack.enter_context(victim.line(f"{head}{allowed}\n"))
            assert line.recv(12) == b"HTTP/1.1 200"
        answers_soon(victim)


@pytest.mark.usefixtures("unharmed")
def test_a_page_that_does_not_read_its_events_costs_no_memory(victim: Victim) -> None:
    """Case 40, 41: twenty listeners to a run that prints 100 MB, and none reads a word."""
    script = "line = 'x' * 99\nfor _ in range(1_000_000): print(line)"
    run = victim.submit(script, job={"environmentVariables": {"PYTHONUNBUFFERED": "0"}})
    wish = {"type": "subscribe", "topic": "run", "runId": run["runId"],
            "logs": {"user_logs/std_log.txt": 0}}  # fmt: skip
    with ExitStack() as stack:
        for _ in range(20):
            line = stack.enter_context(victim.upgrade(victim.let_in))
            assert line.recv(12) == b"HTTP/1.1 101"
            line.sendall(frame(json.dumps(wish).encode()))
        victim.ended(run["runId"])
        answers_soon(victim)


def frame(data: bytes) -> bytes:
    """A text frame of a client, masked with zeros."""
    return b"\x81" + bytes([0x80 | 126]) + len(data).to_bytes(2, "big") + bytes(4) + data


@pytest.mark.parametrize("asked", [
    "bytes=0-" + "9" * 18, "bytes=" + "9" * 300 + "-", "bytes=-" + "9" * 18,
    "bytes=" + ",".join(["0-0"] * 2000), "bytes=" + "0-" * 2000,
])  # fmt: skip
@pytest.mark.usefixtures("unharmed")
def test_a_huge_range_is_at_most_the_file(victim: Victim, asked: str) -> None:
    """Case 41: one file once, however often its bytes are asked for."""
    run = victim.run("open('outputs/file', 'w').write('x' * 1000)")

    answer = victim.ask("GET", f"runs/{run['runId']}/files/outputs/file", headers={"Range": asked})

    assert answer.code in (200, 206, 416)
    assert len(answer.body) <= 1000


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"tags": {str(number): "" for number in range(100_000)}}, "these would be 100,000 tags"),
        ({"tags": {"k" * MB: ""}}, "...' has 1,048,576 characters, and may have 20,000"),
        ({"properties": {"p": "v" * MB}}, "the property 'p' has 1,048,576 characters, and may"),
        ({"displayName": "v" * MB}, "the name of the run has 1,048,576 characters"),
        ({"description": "v" * MB}, "the description has 1,048,576 characters, and may have"),
        ({"parameters": {"a": "v" * MB}}, "the parameters have 1,048,585 characters together"),
        ({"arguments": ["v" * MB]}, "has 1,048,576 bytes, and one may have 131,071"),
        ({"job": {"command": ["main.py", "v" * MB]}}, "has 1,048,576 bytes, and one may have"),
        ({"job": {"command": ["main.py"], "environmentVariables": {"A": "v" * MB}}},
         "the environment variable 'A' has 1,048,578 bytes"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_run_has_a_bound_that_is_told(
    victim: Victim, body: dict[str, Any], told: str
) -> None:
    job = {"command": ["main.py"], "interpreter": sys.executable, **body.get("job", {})}
    asked = {"experiment": "attack", "source": {"files": {"main.py": ""}}, **body, "job": job}
    run = victim.run("")

    answers = [victim.ask("POST", "runs", asked)]
    if body.keys() & {"tags", "properties", "displayName", "description"}:
        answers.append(victim.ask("PATCH", f"runs/{run['runId']}", body))
    if "tags" in body:
        answers.append(victim.ask("POST", "workspaces", {"name": "big", **body}))
        answers.append(victim.ask("POST", "experiments", {"name": "big", **body}))
        answers.append(victim.ask("PATCH", "experiments/attack", body))

    assert {answer.code for answer in answers} == {422}
    for answer in answers:
        assert told in answer.json["message"]
        assert len(answer.json["message"]) < 300
    assert victim.ask("GET", f"runs/{run['runId']}").json == run


def test_what_a_script_says_behind_the_sdk_has_the_same_bound(victim: Victim) -> None:
    script = """
import os
from jupyter_aml.runfolder.records import RecordWriter
writer = RecordWriter(os.environ["AML_RUN_DIR"] + "/metrics")
writer.record("name", "n" * 100_000, 0.0)
writer.record("property", "p" * 100_000, "v" * 100_000, 0.0)
for number in range(5_000):
    writer.record("tag", f"t{number}", "", 0.0)
"""
    run = victim.run(script)

    assert (run["status"], len(run["tags"]), len(run["displayName"])) == (
        "Completed",
        1_000,
        20_000,
    )
    [(key, value)] = [item for item in run["properties"].items() if item[0].startswith("p")]
    assert (len(key), len(value)) == (20_000, 20_000)
    assert [text for text in run["warnings"] if "at most 1,000 tags" in text] == run["warnings"]


@pytest.mark.usefixtures("unharmed")
def test_a_body_that_would_unpack_to_much_is_not_unpacked(victim: Victim) -> None:
    """Case 41: compressed bodies are bytes that are no JSON; long ones are refused."""
    bomb = gzip.compress(bytes(200 * MB), 1)

    packed = victim.ask("POST", "runs", raw=bomb, headers={"Content-Encoding": "gzip"})
    long = victim.ask("POST", "runs", raw=b'{"a": "' + b"x" * 17 * MB + b'"}')

    assert (packed.code, long.code) == (400, 413)


@pytest.mark.parametrize(("names", "source"), [
    (["a" * 250, "b/" + "a" * 250], {".amlignore": "\n".join(["*a" * 60 + "b", "*?" * 60 + "b"])}),
    (["a" * 250, "b/" + "a" * 250], {".gitignore": "**/" + "*[a-c]" * 30 + "z\n" + "*a" * 99}),
    (["a" * 250], {"include": ["*a" * 60 + "b", "**/" * 30 + "*a*a*a*a*b"]}),
])  # fmt: skip
def test_patterns_of_users_take_no_time(
    victim: Victim, tmp_path: Path, names: list[str], source: dict[str, Any]
) -> None:
    """Case 42: stars in ignore files and globs, against the longest names."""
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    given: dict[str, Any] = {"directory": str(tmp_path)}
    if "include" in source:
        given = {"base": str(tmp_path), **source}
    else:
        for name, text in source.items():
            (tmp_path / name).write_text(text)
    job = {"command": ["x"], "interpreter": "python"}
    begun = victim.spent()

    body = {"experiment": "attack", "source": given, "job": job, "dryRun": True}
    answer = victim.ask("POST", "runs", body)

    assert answer.code in (200, 422)
    assert victim.spent() - begun < SOON


def test_two_sources_without_a_line_in_common_are_compared_soon(victim: Victim) -> None:
    """Case 42: the time for a difference is bounded, not only its length."""
    lines = [f"{number:06x}" for number in range(60_000)]
    texts = ("\n".join(lines), "\n".join(reversed(lines)))
    scrambled = ("\n".join(lines[::7] * 3 + lines), "\n".join(lines[::-3] + lines[::5] * 4))
    one, other = (
        victim.submit("pass", source={"files": {"main.py": "pass", "a.txt": a, "b.txt": b}})
        for a, b in zip(texts, scrambled, strict=True)
    )
    begun = victim.spent()

    answer = victim.ask("GET", f"runs/{one['runId']}/difference/{other['runId']}")

    assert answer.code == 200
    assert len(answer.body) < 2 * MB
    assert victim.spent() - begun < 10


def test_only_the_process_that_is_meant_is_signalled() -> None:
    """Case 43: a process that has got the pid of an earlier one is a stranger."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        start = start_of(stranger.pid)
        signal_process(stranger.pid, f"{start}0", 9)
        lived = stranger.poll() is None and is_alive(stranger.pid, start)
        signal_process(stranger.pid, start, 9)

    assert lived
    assert stranger.returncode == -9


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 256)
        code = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        code += "open('daemon', 'w').write(str(os.getpid())); time.sleep(300)"
        os.execve(sys.executable, ["harmless", "-c", code], {"PATH": "/bin"})
    os._exit(0)
os.wait()
while not os.path.exists("daemon") or not os.path.getsize("daemon"):
    time.sleep(0.01)
print("up", flush=True)
WAIT
"""


@pytest.mark.parametrize("how", ["it is cancelled", "it ends"])
def test_a_daemon_of_a_run_ends_with_it(victim: Victim, how: str) -> None:
    """Case 44: forked twice, in a session of its own, deaf, and with an empty environment."""
    wait = "time.sleep(300)" if how == "it is cancelled" else ""
    run = victim.submit(DAEMON.replace("WAIT", wait))
    folder = victim.folder_of(run)
    until(lambda: "up" in victim.console(run), seconds=20, what="the daemon")
    pid = int((folder.work / "daemon").read_text())
    start = start_of(pid)

    if how == "it is cancelled":
        assert victim.ask("POST", f"runs/{run['runId']}/cancel").code == 202
    ended = victim.ended(run["runId"])

    assert ended["status"] == ("Canceled" if how == "it is cancelled" else "Completed")
    until(lambda: not is_alive(pid, start), seconds=20, what="the daemon to end")


def test_a_run_cannot_have_a_stranger_ended_by_naming_it(victim: Victim) -> None:
    """Case 43: a script that writes another process into its records; its pid alone is no proof."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        pid = stranger.pid
        forged = json.dumps(
            {"child": pid, "childStart": "1", "shim": pid, "shimStart": "1", "pid": pid}
        )
        script = f"""
import glob, os, time
for path in glob.glob(os.environ["AML_RUN_DIR"] + "/status/*s.1"):
    open(path, "w").write({forged!r})
print("up", flush=True)
time.sleep(300)
"""
        run = victim.submit(script)
        until(lambda: "up" in victim.console(run), seconds=20, what="the script")
        victim.ask("POST", f"runs/{run['runId']}/cancel")
        ended = victim.ended(run["runId"])
        lived = stranger.poll() is None
        stranger.kill()

    assert (ended["status"], lived) == ("Canceled", True)
