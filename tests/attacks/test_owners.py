"""What belongs to another user is neither executed nor spoken to; loose modes are repaired."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from jupyter_aml.client import find
from jupyter_aml.client.finding import running
from jupyter_aml.domain.errors import AmlError, Invalid, Refused, StorageFailed, Unreachable
from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.settings import Settings
from jupyter_aml.environments.cache import Cache, Site
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.runtime.runtime import ensure_runtime
from jupyter_aml.server import forward, holder, seat
from jupyter_aml.server.headless import HeadlessApp
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended

STRANGER = 65534
"""A user that every system has and nobody is."""

Give = Callable[[Path], None]


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Give:
    """Make a path another user's. Who may not give it away becomes somebody else instead."""

    def gives(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, STRANGER, -1, follow_symlinks=False)
        else:
            monkeypatch.setattr("jupyter_aml.runfolder.trust.me", lambda: STRANGER)

    return gives


@pytest.fixture
def root(aml_root: Path, jupyter_env: Mapping[str, str]) -> Path:
    aml_root.mkdir(mode=0o700, exist_ok=True)
    return aml_root


@pytest.fixture
def foreign_socket(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A socket at which another user listens, and hears what is said."""
    path = root / "engine.sock"
    listening = socket.socket(socket.AF_UNIX)
    if os.geteuid() == 0:
        # The kernel tells who called listen(), whoever made the socket.
        listening.bind(str(path))
        path.chmod(0o666)
        stop: Callable[[], object] = listens_as(STRANGER, listening)
    else:
        listening.bind(str(path))
        listening.listen()
        monkeypatch.setattr("jupyter_aml.runfolder.trust.me", lambda: STRANGER)
        stop = listening.close
    try:
        yield path
    finally:
        stop()
        listening.close()


def listens_as(user: int, listening: socket.socket) -> Callable[[], object]:
    """Listen in a process of another user; returns what ends it."""
    ready, is_ready = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setuid(user)
        listening.listen()
        os.write(is_ready, b".")
        while True:
            signal.pause()
    os.read(ready, 1)
    os.close(ready)
    os.close(is_ready)

    def stop() -> None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    return stop


def says_where(root: Path, path: Path) -> holder.Holder:
    """Write an engine.json that leads to a socket."""
    found = root.stat()
    said = holder.Holder(
        pid=os.getpid(), start=holder.process_start(os.getpid()), version="0", protocol=1,
        epoch=1, kind="headless", socket=str(path), device=found.st_dev, inode=found.st_ino,
    )  # fmt: skip
    holder.write(root, said)
    return said


@pytest.mark.parametrize(
    "place", [".", "runtime", "environments", "workspaces", "blobs", "aml.db", "engine.lock"]
)
def test_a_root_of_another_user_is_no_root(root: Path, give: Give, place: str) -> None:
    path = root / place
    if "." in place[1:]:
        path.touch()
    else:
        path.mkdir(exist_ok=True)
    give(path)

    with pytest.raises(StorageFailed, match=r"belongs to .* set AML_ROOT to a folder of yours"):
        holder.own(root)


def test_a_client_starts_nothing_and_writes_nothing_in_the_root_of_another_user(
    root: Path, give: Give, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("precious")
    (root / "engine.log").symlink_to(mine)
    give(root)

    with pytest.raises(StorageFailed, match="belongs to"):
        find(root)

    assert mine.read_text() == "precious"


def test_a_log_that_is_a_link_is_not_written_to(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("precious")
    (root / "engine.log").symlink_to(mine)

    with pytest.raises(StorageFailed, match=r"engine\.log"):
        find(root)

    assert mine.read_text() == "precious"


def test_a_root_that_all_may_replace_is_no_root(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)

    with pytest.raises(StorageFailed, match="every user may replace what lies in"):
        holder.own(shared / "root")
    shared.chmod(0o1777)
    holder.own(shared / "root")


def test_what_others_left_in_a_root_that_was_open_is_found_wherever_it_lies(
    root: Path, give: Give
) -> None:
    holder.own(root)
    (root / "engine.lock").touch()
    planted = root / "blobs" / "ab" / "planted"
    planted.parent.mkdir(parents=True)
    planted.touch()
    give(planted)
    root.chmod(0o777)

    with pytest.raises(StorageFailed, match=str(planted)):
        holder.own(root)


def test_loose_modes_of_our_own_are_repaired(root: Path) -> None:
    for name in ("runtime", "environments"):
        (root / name).mkdir()
        (root / name).chmod(0o777)

    holder.own(root)

    assert {stat.S_IMODE((root / name).stat().st_mode) for name in ("runtime", "environments")} == {
        0o755
    }


def test_a_runtime_with_a_file_of_another_user_is_not_handed_to_runs(
    root: Path, give: Give
) -> None:
    library = ensure_runtime(root).pythonpath[0]
    ensure_runtime.__globals__["_ready"].clear()
    give(library / "jupyter_aml" / "azureml.py")

    with pytest.raises(StorageFailed, match=r"azureml\.py belongs to"):
        ensure_runtime(root)


def test_a_runtime_that_others_might_have_written_to_is_closed(root: Path) -> None:
    library = ensure_runtime(root).pythonpath[0]
    ensure_runtime.__globals__["_ready"].clear()
    for path in (library, library / "jupyter_aml" / "azureml.py", root / "runtime"):
        path.chmod(0o777)

    ensure_runtime(root)

    assert {stat.S_IMODE(path.stat().st_mode) & 0o022 for path in root.rglob("runtime/**/*")} == {0}


@pytest.mark.parametrize("what", ["key", "key/entry.json", "key/env", "key/env/bin/python"])
def test_an_environment_of_another_user_is_not_used(tmp_path: Path, give: Give, what: str) -> None:
    interpreter = tmp_path / "key" / "env" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.touch()
    cache = Cache(tmp_path)
    built = Materialised(key="key", kind="pip", interpreter=str(interpreter))
    cache.finish(Site(tmp_path / "key"), built)
    assert cache.entry("key") is not None
    give(tmp_path / what)

    assert cache.entry("key") is None


def test_a_client_says_nothing_at_a_socket_of_another_user(
    root: Path, foreign_socket: Path
) -> None:
    says_where(root, foreign_socket)

    with pytest.raises(Refused, match="belongs to another user"):
        running(root)


@pytest.mark.anyio
async def test_a_server_says_nothing_at_a_socket_of_another_user(
    root: Path, foreign_socket: Path
) -> None:
    said = says_where(root, foreign_socket)

    for ask in (
        lambda: forward.connect(said),
        lambda: forward.open_socket(said),
        lambda: forward.find(said, "/aml/environments/x"),
    ):
        with pytest.raises(AmlError, match="belongs to another user"):
            await ask()


@pytest.mark.anyio
async def test_a_server_does_not_follow_a_holder_of_another_user(
    root: Path, foreign_socket: Path
) -> None:
    says_where(root, foreign_socket)
    engine = await Engine.open(Settings(root=root), kind="headless")
    place = seat.Seat(Settings(root=root), logging.getLogger("test"), listen=never_listens)
    place.start()
    try:
        with pytest.raises(Unreachable, match="belongs to another user"):
            async with asyncio.timeout(30):
                while True:
                    with contextlib.suppress(TimeoutError):
                        await place.settled(seat.Deadline(5))
    finally:
        await place.close()
        await engine.close()


async def never_listens(engine: object) -> seat.Closing:
    raise AssertionError("the root was taken")


def test_the_folder_of_sockets_is_checked_wherever_it_is(
    tmp_path: Path, give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = tmp_path / ("x" * 120)
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o777)
    runtime.chmod(0o777)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))

    place = holder.socket_path(far)
    assert (place.parent, stat.S_IMODE(runtime.stat().st_mode) & 0o022) == (runtime, 0)
    give(runtime)
    with pytest.raises(StorageFailed, match="belongs to"):
        holder.socket_path(far)


def test_the_folder_of_last_resort_for_sockets_is_this_users_alone(
    tmp_path: Path, give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = tmp_path / ("x" * 120)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / ("y" * 120)))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    private = tmp_path / f"aml-{os.getuid()}"

    assert holder.socket_path(far).parent == private
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    private.chmod(0o755)
    holder.socket_path(far)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    elsewhere = tmp_path / "elsewhere"
    private.rename(elsewhere)
    private.symlink_to(elsewhere)
    with pytest.raises(Refused, match="must be a folder of this user alone"):
        holder.socket_path(far)
    private.unlink()
    private.mkdir(mode=0o700)
    give(private)
    with pytest.raises(Refused, match="must be a folder of this user alone"):
        holder.socket_path(far)


def test_settings_of_another_user_are_not_executed(
    root: Path, give: Give, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    planted = tmp_path / "jupyter_aml_config.py"
    planted.write_text("raise SystemExit('executed')")
    give(planted)

    with pytest.raises(Invalid, match=str(planted)):
        HeadlessApp().read([])


@pytest.mark.anyio
async def test_a_run_folder_of_another_user_is_not_taken_in(
    root: Path, give: Give, tmp_path: Path
) -> None:
    async with an_engine(root) as engine:
        run = await ended(engine, (await submit(engine, asked("print(1)")))["runId"])
    runs = root / "workspaces" / "default" / "runs"
    planted = runs / "planted_1"
    planted.mkdir()
    told = json.loads((runs / run["runId"] / "run.json").read_text())
    trace = tmp_path / "trace"
    job = {**told["job"], "command": ["-c", f"open({str(trace)!r}, 'w')"]}
    planted_run = {**told, "runId": "planted_1", "status": "NotStarted", "job": job}
    (planted / "run.json").write_text(json.dumps(planted_run))
    give(planted / "run.json")

    async with an_engine(root) as engine:
        page = await engine.runs.page(workspace="default")

    assert "planted_1" not in {run["runId"] for run in page["runs"]}
    assert not trace.exists()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
