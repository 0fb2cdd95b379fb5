"""Parts of attached machines that need none: settings, words, what is left there, what is sent."""

from __future__ import annotations

import builtins
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.protocol import ANY_PYTHON, BackendJob
from jupyter_aml.compute.ssh import far, link, places
from jupyter_aml.compute.ssh.copying import Copy
from jupyter_aml.compute.ssh.following import Followed, own_path
from jupyter_aml.compute.ssh.options import SshOptions
from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.domain.run import RANKS

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK"


def options(**settings: Any) -> SshOptions:
    return SshOptions.from_json({"address": "box", "username": "ada", **settings})


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("", ""),
        (KEY, KEY),
        (f"{KEY} root@box", KEY),
        (f"[box]:2222 {KEY}", KEY),
        ("SHA256:abc=", "SHA256:abc"),
    ],
)
def test_a_host_key_is_taken_as_people_have_it(given: str, accepted: str) -> None:
    assert options(host_key=given).accepted_key() == accepted


@pytest.mark.parametrize(
    "wrong", [{"host_key": "yes"}, {"port": 0}, {"max_runs": 1.5}, {"address": "a b"}]
)
def test_a_setting_that_is_wrong_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=next(iter(wrong))):
        options(**wrong)


def test_without_the_library_is_said_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def absent(name: str, *more: Any, **others: Any) -> Any:
        if name == "asyncssh":
            raise ImportError(name)
        return found(name, *more, **others)

    monkeypatch.delitem(sys.modules, "asyncssh", raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)

    with pytest.raises(Invalid, match=r"pip install 'jupyter-aml\[ssh\]'"):
        link._asyncssh()


def a_job(folder: Path, *command: str, **fields: Any) -> BackendJob:
    return BackendJob(
        id="run.1", attempt=1, folder=folder, command=command, cwd=folder / "work",
        environment={"AML_RUN_DIR": str(folder), "AML_SOCKET": "/here", "DATA": f"{folder}s"},
        **fields,
    )  # fmt: skip


def test_paths_of_the_run_folder_become_those_of_the_machine(tmp_path: Path) -> None:
    job = a_job(tmp_path, "cat", f"--in={tmp_path}/inputs/x", f"{tmp_path}-2/y")

    told = far.translated(job, "/there/run", "/there", None)

    assert told["words"][-3:] == ["cat", "--in=/there/run/inputs/x", f"{tmp_path}-2/y"]
    assert told["words"][:2] == ["/there/run/status", "1"]
    assert told["pythons"] == []
    assert told["environment"] == {"AML_RUN_DIR": "/there/run", "DATA": f"{tmp_path}s"}


def test_the_python_of_the_machine_takes_the_place_of_ours_alone(tmp_path: Path) -> None:
    ranks = (ANY_PYTHON, "-m", RANKS, "mpi", "2", "0", "--", ANY_PYTHON, "main.py", ANY_PYTHON)
    told = far.translated(
        a_job(tmp_path, *ranks, interpreter=ANY_PYTHON), "/there/run", "/there", None
    )

    words = places.words(told["words"], told["pythons"], "/opt/python", None)

    kept = words[words.index("--") + 1 :]
    assert kept == ["/opt/python", *ranks[1:7], "/opt/python", "main.py", ANY_PYTHON]


def test_what_was_left_long_ago_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("uploads/old", "uploads/new", "runs/old/run/status", "runs/new/run/status"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "runs/new/run/status/pulse").touch()
    for name in ("uploads/old", "runs/old/run/status", "runs/old", "runs/new"):
        os.utime(tmp_path / name, (1, 1))

    places.sweep(tmp_path)

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*")}
    assert left == {"uploads/new", "runs/new"}


@pytest.mark.parametrize(
    "path", ["../x", "work/outputs/../../run.json", "run.json", "children/a/run.json", "/etc/x"]
)
def test_nothing_that_is_told_leaves_the_folder_of_the_run(path: str, tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        Copy(tmp_path).take({"push": "piece", "path": path, "offset": 0}, b"x")


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "run" / "work").mkdir(parents=True)
    (tmp_path / "run" / "work" / "outputs").symlink_to(tmp_path)

    with pytest.raises(StorageFailed):
        Copy(tmp_path / "run").take(
            {"push": "whole", "path": "work/outputs/x", "offset": 0, "last": True, "mtime": 0,
             "mode": 0o644},
            b"x",
        )  # fmt: skip

    assert not (tmp_path / "x").exists()


def copied(followed: Followed, copy: Copy) -> list[str]:
    """Take all that is told until there is nothing; what differs of what was compared."""
    wrong: list[str] = []
    for _ in range(1000):
        frame = followed.next()
        if frame is None:
            break
        if frame[0]["push"] == "names":
            wrong = copy.compare(frame[0])
            followed.confirm(wrong)
        copy.take(*frame)
    return wrong


def test_the_copy_has_the_same_bytes_also_of_what_was_changed_behind(tmp_path: Path) -> None:
    there, here = tmp_path / "there" / "run", tmp_path / "here"
    (there / "status").mkdir(parents=True)
    (there / "logs").mkdir()
    (there / "work" / "outputs").mkdir(parents=True)
    here.mkdir()
    followed, copy = Followed(there, "1", {}, ()), Copy(here)
    (there / "logs" / "std_log.txt").write_bytes(b"first\n")
    (there / "work" / "outputs" / "model").write_bytes(b"m" * 600_000)
    copied(followed, copy)
    with (there / "logs" / "std_log.txt").open("r+b") as file:
        file.write(b"FIRST\nsecond\n")
    (there / "work" / "outputs" / "model").unlink()
    (there / "status" / "exit.1").write_text("{}")

    wrong = copied(followed, copy)
    copied(followed, copy)

    assert wrong == ["logs/std_log.txt"]
    assert (here / "logs" / "std_log.txt").read_bytes() == b"FIRST\nsecond\n"
    assert not (here / "work" / "outputs" / "model").exists()
    assert (here / "status" / "exit.1").exists()


def test_what_is_there_is_not_told_again(tmp_path: Path) -> None:
    there, here = tmp_path / "there" / "run", tmp_path / "here"
    (there / "logs").mkdir(parents=True)
    here.mkdir()
    (there / "logs" / "a").write_bytes(b"one\n")
    copy = Copy(here)
    copied(Followed(there, "1", copy.have(), ()), copy)

    assert Followed(there, "1", copy.have(), ()).next() is None


def test_a_child_has_the_paths_of_a_run() -> None:
    assert own_path("children/fold-1/metrics/a") == "metrics/a"
    assert own_path("metrics/a") == "metrics/a"
