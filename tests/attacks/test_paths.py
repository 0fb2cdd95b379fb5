"""No name, link, archive or deletion leads out of a run, and nothing special is waited for."""

from __future__ import annotations

import io
import os
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.engine.snapshot.plan import Limits, plan
from jupyter_aml.engine.snapshot.store import take
from jupyter_aml.server.routes import ROUTES
from jupyter_aml.store.blobs import Blobs
from tests.attacks.conftest import Victim

SECRET = b"the secret of somebody else"
NAMES = [
    "../../secret", "/etc/passwd", "//etc/passwd", "..%2f..%2fsecret", "%2e%2e/%2e%2e/secret",
    "%2fetc%2fpasswd", "%252e%252e%252fsecret", "..%5csecret", "c:%5csecret", "C:/secret",
    "%5c%5chost%5csecret", "secret%00.txt", "%c0%ae%c0%ae/secret", "..;/secret", "secret.",
    "secret%20", "a%0d%0aSet-Cookie:%20a=b", "x" * 300, "%ff%fe", "outputs/%2e%2e/%2e%2e/secret",
    "~/secret", "-rf", "$(id)", "file:%2f%2f%2fetc%2fpasswd",
]  # fmt: skip
LEAVE_ALL = """
import os, socket, sys
os.makedirs("outputs/deep", exist_ok=True)
os.mkfifo("outputs/pipe")
socket.socket(socket.AF_UNIX).bind("outputs/socket")
for name, to in (
    ("zero", "/dev/zero"), ("tty", "/dev/tty"), ("environment", "/proc/self/environ"),
    ("memory", "/proc/self/mem"), ("loop", "loop"), ("up", "../../.."), ("all", "/"),
    ("kernel", "/proc/kmsg"),
):
    os.symlink(to, "outputs/" + name)
for name in ("a\\nb", "back\\\\slash", "\\x1b[31mred", "ü" * 100, "...", "C:x", "tilde~", "-rf"):
    open("outputs/" + name, "w").write("plain")
open("outputs/deep/file", "w").write("plain")
os.utime("outputs/tilde~", (1e11, 1e11))
"""


@pytest.fixture
def secret(victim: Victim) -> Iterator[Path]:
    """A file of somebody else, in all places that are just outside."""
    places = [victim.root / "secret", victim.root.parent / "secret", victim.folder / "secret"]
    for place in places:
        place.write_bytes(SECRET)
    yield places[0]
    for place in places:
        assert place.read_bytes() == SECRET
        place.unlink()


def asked(victim: Victim, run: Any, route: str, name: str) -> str:
    """The path of a route with this name in every place where it takes one."""
    own = {"id": run["runId"]} if route.count("{") > 1 else {}
    return re.sub(r"\{\+?(\w+)\}", lambda found: own.get(found.group(1), name), route)


def test_no_name_in_any_route_leads_to_another_file(victim: Victim, secret: Path) -> None:
    """Case 11: each route, each of its names, read, written and deleted."""
    run = victim.run("open('outputs/file', 'w').write('mine')")
    named = [route for route in ROUTES if "{" in route.path]

    for route, name in product(named, NAMES):
        for method in route.calls:
            path = asked(victim, run, route.path, name)
            answer = victim.ask(method.upper(), path, None if method in ("get", "delete") else {})
            assert SECRET not in answer.body, path
            assert b"root:" not in answer.body, path
            assert answer.code < 500, (method, path, answer.body)
            assert "a=b" not in str(answer.headers)
    assert victim.ask("GET", f"runs/{run['runId']}/files/outputs/file").body == b"mine"


@pytest.mark.parametrize("source", [
    {"include": ["../secret"]}, {"include": ["/etc/passwd"]}, {"include": ["..\\secret"]},
    {"include": ["x/../../secret"]}, {"include": ["~/secret"]}, {"include": ["secret\0"]},
    {"files": {"../secret": "x"}}, {"files": {"/tmp/secret": "x"}}, {"files": {"a\\..\\b": "x"}},
    {"files": {"C:/x": "x"}}, {"files": {"a\0b": "x"}}, {"files": {"a//b": "x"}},
    {"directory": "relative"}, {"directory": "/proc/self/environ"}, {"directory": "/dev"},
    {"directory": "\0"},
])  # fmt: skip
def test_a_source_that_leads_out_is_refused(
    victim: Victim, secret: Path, source: dict[str, Any]
) -> None:
    """Case 11, 15: paths of snapshots; there are no URIs, so no scheme is understood."""
    body = {"experiment": "attack", "source": {"base": str(victim.folder), **source}}
    job = {"command": ["x.py"], "interpreter": "python"}

    answer = victim.ask("POST", "runs", {**body, "job": job, "dryRun": True})

    assert answer.code in (403, 404, 422), answer.body


def test_a_folder_whose_name_only_begins_alike_is_another_folder(
    victim: Victim, tmp_path: Path
) -> None:
    """Case 12: neither of a run nor of a source is the sibling a part."""
    run = victim.run("pass", runId="pair")
    other = victim.run("open('outputs/secret', 'w').write('x' * 9)", runId="pair-secret")
    path = victim.folder_of(run).outputs / "link"
    path.symlink_to(victim.folder_of(other).outputs / "secret")
    (tmp_path / "src").mkdir()
    (tmp_path / "src-secret").mkdir()
    (tmp_path / "src-secret" / "file").write_bytes(SECRET)
    (tmp_path / "src" / "link").symlink_to("../src-secret/file")
    job = {"command": ["x.py"], "interpreter": "python"}

    file = victim.ask("GET", "runs/pair/files/outputs/link")
    source = {"directory": str(tmp_path / "src")}
    sent = victim.ask("POST", "runs", {"experiment": "attack", "source": source, "job": job})

    assert (file.code, sent.code) == (403, 403)


@contextmanager
def swapping(good: Path, bad: Path) -> Iterator[None]:
    """Put the one in the other's place, and back, as fast as can be."""
    done = threading.Event()
    spare = good.with_name("spare")

    def swap() -> None:
        while not done.is_set():
            os.rename(good, spare)
            os.rename(bad, good)
            os.rename(good, bad)
            os.rename(spare, good)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("kind", ["file", "folder", "pipe"])
def test_a_link_that_comes_between_look_and_open_is_not_followed(
    victim: Victim, secret: Path, kind: str
) -> None:
    """Case 13: file, folder above it and pipe, swapped while files, logs and archives are read."""
    run = victim.run("import os; os.mkdir('logs/d'); open('logs/d/file', 'w').write('mine')")
    folder = victim.folder_of(run).work / "logs" / "d"
    if kind == "folder":
        (secret.parent / "elsewhere").mkdir(exist_ok=True)
        (secret.parent / "elsewhere" / "file").write_bytes(SECRET)
        good, bad = folder, folder.parent / "bad"
        bad.symlink_to(secret.parent / "elsewhere")
    else:
        good, bad = folder / "file", folder / "bad"
        os.mkfifo(bad) if kind == "pipe" else bad.symlink_to(secret)
    about = f"runs/{run['runId']}"
    ways = [f"{about}/files/logs/d/file", f"{about}/logs/logs/d/file", f"{about}/archive?what=run"]

    with swapping(good, bad):
        answers = [victim.ask("GET", way) for _ in range(40) for way in ways]

    assert not [answer for answer in answers if SECRET in opened_up(answer.body)]
    assert {answer.code for answer in answers} <= {200, 403, 404}, victim.log.read_text()[-3000:]
    # It is asked again, as by chance the wrong one was there each time.
    assert victim.ask("GET", ways[0]).body == b"mine"


def opened_up(body: bytes) -> bytes:
    """The body, or all that an archive holds."""
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return b"".join(packed.read(name) for name in packed.namelist())


def test_a_folder_of_the_source_that_becomes_a_link_is_not_followed(tmp_path: Path) -> None:
    """Case 13: the source is looked at first and read afterwards."""
    source, secrets = tmp_path / "source", tmp_path / "secrets"
    for folder, content in ((source / "data", b"mine"), (secrets, SECRET)):
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(content)
    planned = plan(source, limits=Limits())
    (source / "data").rename(tmp_path / "away")
    (source / "data").symlink_to(secrets)

    with pytest.raises(AmlError, match=r"data/file .* link"):
        take(planned, Blobs(tmp_path / "blobs"))


def test_special_files_in_a_run_are_neither_listed_nor_waited_for(victim: Victim) -> None:
    """Case 13, 14, 17: pipes, devices, links and odd names in outputs: all calls answer."""
    run = victim.run(LEAVE_ALL)
    about = f"runs/{run['runId']}"

    listed = {file["name"] for file in victim.ask("GET", f"{about}/files").json["files"]}
    names = ("pipe", "socket", "zero", "tty", "environment", "memory", "loop", "all/etc/passwd")
    codes = {victim.ask("GET", f"{about}/files/outputs/{name}").code for name in names}
    packed = {
        what: zipfile.ZipFile(io.BytesIO(victim.ask("GET", f"{about}/archive?what={what}").body))
        for what in ("outputs", "run", "snapshot")
    }

    assert run["status"] == "Completed"
    assert "outputs/deep/file" in listed
    assert not [name for name in listed if name.startswith("outputs/") and name[8:] in names]
    assert codes <= {403, 404}
    for archive in packed.values():
        assert archive.testzip() is None
        for entry in archive.infolist():
            assert stat.S_ISREG(entry.external_attr >> 16)
            assert not entry.filename.startswith("/")
            assert ".." not in entry.filename.split("/")
    assert packed["outputs"].read("outputs/deep/file") == b"plain"
    assert victim.ask("DELETE", about).code == 204


SPOILERS = {
    "pipes among the records": 'os.mkfifo(d + "/metrics/a.jsonl")',
    "a folder among the records": 'os.mkdir(d + "/metrics/a.jsonl")',
    "an endless device among the records": 'os.symlink("/dev/zero", d + "/metrics/a.jsonl")',
    "a pipe for the console": "swap(d + '/logs/std_log.txt')",
    "links for its folders": 'shutil.rmtree("outputs"); os.symlink("/usr", "outputs")',
    "a pipe for what was sent": "swap(d + '/snapshot.json')",
    "a pipe for its facts": "swap(d + '/facts.json')",
    "a pipe for its record": "swap(d + '/run.json')",
    "pipes for the status": "[swap(p) for p in glob.glob(d + '/status/[!c]*')]",
    "packed records that are none": (
        "open(d + '/metrics/packed.json', 'w').write('[' * 9999); swap(d + '/metrics/packed.bin')"
    ),
    "no folder at all": "os.chdir('/'); shutil.rmtree(d + '/work')",
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILERS)
def test_a_script_that_spoils_its_own_folder_makes_nobody_wait(victim: Victim, how: str) -> None:
    """Case 17: whatever a script puts in the place of the run's files, all calls answer."""
    script = f"""
import glob, os, shutil
d = os.environ["AML_RUN_DIR"]
def swap(path):
    if os.path.exists(path):
        os.remove(path)
    os.mkfifo(path)
{SPOILERS[how]}
"""
    run = victim.run(script)
    about = f"runs/{run['runId']}"
    listed = victim.ask("GET", f"{about}/files").json["files"]

    reads = (
        "metrics", "metrics?source=system", "facts", "snapshot", "files",
        "logs/user_logs/std_log.txt", "archive?what=run", f"difference/{run['runId']}",
    )  # fmt: skip
    for rest in reads:
        answer = victim.ask("GET", f"{about}/{rest}")
        assert answer.code in (200, 404, 507), (rest, answer.body)
    assert len(listed) < 10
    assert victim.ask("DELETE", about).code == 204


def test_a_source_with_special_files_is_sent_without_them(victim: Victim, tmp_path: Path) -> None:
    """Case 17: pipes, sockets and devices in the folder that is sent."""
    (tmp_path / "main.py").write_text("print('ran')")
    os.mkfifo(tmp_path / "pipe")
    os.symlink("main.py", tmp_path / "link.py")

    run = victim.run("", source={"directory": str(tmp_path)})

    sent = victim.ask("GET", f"runs/{run['runId']}/snapshot").json
    assert {file["path"] for file in sent["files"]} == {"main.py", "link.py"}
    assert "a pipe" in "".join(sent["excluded"])


def test_a_run_that_is_deleted_takes_nothing_with_it(victim: Victim, tmp_path: Path) -> None:
    """Case 16: links in its folder, or in its place, are removed and not followed."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("kept")
    for way in ("inside", "instead"):
        run = victim.run("pass")
        folder = victim.folder_of(run)
        if way == "inside":
            (folder.outputs / "link").symlink_to(tmp_path / "mine")
            os.link(tmp_path / "mine" / "file", folder.outputs / "hard")
        else:
            folder.path.rename(tmp_path / "moved")
            folder.path.symlink_to(tmp_path / "mine")
        assert victim.ask("DELETE", f"runs/{run['runId']}").code == 204
        assert not folder.path.exists()
    assert (tmp_path / "mine" / "file").read_text() == "kept"
    assert (tmp_path / "moved" / "run.json").exists()


def test_what_a_careless_user_starts_is_for_that_user_alone(victim: Victim) -> None:
    """Case 18: with umask 0 the root is closed, and what matters in it is closed once more."""
    victim.run("pass")

    def mode(path: Path) -> int:
        return stat.S_IMODE(path.lstat().st_mode)

    assert mode(victim.root) == 0o700
    for path in victim.root.iterdir():
        if path.name.startswith(("engine", "aml.db")):
            assert mode(path) & 0o077 == 0, path
    outside = [path for path in victim.root.parent.iterdir() if path != victim.root]
    assert outside == []
