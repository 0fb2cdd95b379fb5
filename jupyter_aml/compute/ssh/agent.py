"""The far end: started on a machine over SSH, it does there what the engine asks on its input.

It is sent each time a connection is made, needs Python 3.10 and the standard library alone, and
ends with its input; the jobs go on under their shims. What goes in and out are frames: a line of
JSON, and then as many bytes as its `size` says. A frame with an `id` is answered by one of the
same id; frames without one tell what became of the folders that are followed (following.py).
"""

from __future__ import annotations

import json
import os
import platform
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_aml.compute import proc
from jupyter_aml.compute.ssh import places
from jupyter_aml.compute.ssh.built import Built
from jupyter_aml.compute.ssh.following import Followed
from jupyter_aml.shim import shim

READY = "aml-agent-ready"
_BLOCK = 1 << 16
_IDLE = 3600.0

Told = dict[str, Any]


class Agent:
    """Answers one frame after the other, and tells between them what is new in run folders."""

    def __init__(self, home: Path) -> None:
        self._home, self._input = home, bytearray()
        self._built = Built(home)
        self._followed: dict[str, Followed] = {}
        self._shims: list[subprocess.Popen[bytes]] = []
        self._header: Told | None = None
        self._verbs: dict[str, Callable[[Told, bytes], Told]] = {
            "hello": self._hello,
            "missing": self._missing,
            "put": self._put,
            "make": self._make,
            "start": self._start,
            "state": self._state,
            "stop": self._stop,
            "end": self._end,
            "follow": self._follow,
            "confirm": self._confirm,
            "finish": self._finish,
            "unfollow": self._unfollow,
            "forget": self._forget,
            "built": self._state_of_environment,
            "build": self._build,
            "abandon": self._abandon,
        }

    def serve(self) -> None:
        """Work until the input ends."""
        while True:
            wait = self._tell()
            if not select.select([0], [], [], wait)[0]:
                continue
            block = os.read(0, _BLOCK)
            if not block:
                return
            self._input += block
            while (frame := self._frame()) is not None:
                self._answer(*frame)

    def _tell(self) -> float:
        """Send a piece of each folder that has one; the seconds until there may be more."""
        now, soonest = time.monotonic(), _IDLE
        for key, followed in list(self._followed.items()):
            if followed.due <= now:
                frame = followed.next()
                if frame is not None:
                    send({**frame[0], "run": key}, frame[1])
                if followed.is_over:
                    del self._followed[key]
                    continue
            soonest = min(soonest, max(0.0, followed.due - time.monotonic()))
        return soonest

    def _frame(self) -> tuple[Told, bytes] | None:
        if self._header is None:
            end = self._input.find(b"\n")
            if end < 0:
                return None
            self._header = json.loads(self._input[:end])
            del self._input[: end + 1]
        size = self._header.get("size", 0)
        if len(self._input) < size:
            return None
        header, payload = self._header, bytes(self._input[:size])
        del self._input[:size]
        self._header = None
        return header, payload

    def _answer(self, asked: Told, payload: bytes) -> None:
        self._shims = [one for one in self._shims if one.poll() is None]
        told: Told
        try:
            told = {"answer": self._verbs[asked["verb"]](asked, payload)}
        except OSError as error:
            where = "" if error.filename is None else f" ({os.fspath(error.filename)})"
            told = {"error": f"{error.strerror or error}{where}", "kind": "storage"}
        except Exception as error:
            told = {"error": f"{type(error).__name__}: {error}", "kind": "other"}
        send({**told, "id": asked["id"]})

    # ---- verbs ------------------------------------------------------------------------------

    def _hello(self, asked: Told, payload: bytes) -> Told:
        places.sweep(self._home)
        self._built.sweep()
        memory = 0
        if hasattr(os, "sysconf"):
            memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return {
            "host": os.uname().nodename,
            "system": f"{os.uname().sysname} {os.uname().machine}",
            "python": ".".join(map(str, sys.version_info[:3])),
            "executable": sys.executable,
            "platform": [os.uname().sysname, os.uname().machine, *platform.libc_ver()],
            "cores": places.cores(),
            "memory": memory,
            "boot": shim.boot(),
            "home": str(self._home),
        }

    def _missing(self, asked: Told, payload: bytes) -> Told:
        return {"missing": [name for name in asked["places"] if not (self._home / name).is_dir()]}

    def _put(self, asked: Told, payload: bytes) -> Told:
        draft = self._home / "uploads" / asked["upload"]
        places.append(draft, payload, asked["offset"])
        if asked["last"]:
            places.unpack(draft, self._home / asked["place"])
        return {}

    def _make(self, asked: Told, payload: bytes) -> Told:
        folder, sent = self._home / asked["folder"], self._home / asked["upload"]
        if folder.is_dir():
            places.remove(sent)
        else:
            if asked["data"] is not None:
                places.write(sent / "data.json", asked["data"].encode())
            snapshot = asked["snapshot"]
            places.make_run(folder, sent, None if snapshot is None else self._home / snapshot)
        return {}

    def _start(self, asked: Told, payload: bytes) -> Told:
        status = self._home / asked["folder"] / "status"
        claim = places.read(status / f"claim.{asked['attempt']}")
        if claim is None:
            python = asked["python"] or sys.executable
            environment = {**_own_variables(), **asked["environment"]}
            if "VIRTUAL_ENV" in environment and "PATH" not in asked["environment"]:
                programs = os.path.join(environment["VIRTUAL_ENV"], "bin")
                environment["PATH"] = f"{programs}:{environment.get('PATH') or os.defpath}"
            words = places.words(asked["words"], asked["pythons"], python, environment.get("PATH"))
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(self._home / asked["shim"]), *words],
                env=environment, cwd="/", start_new_session=True, close_fds=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self._shims.append(process)
        # What was begun for an engine that could not note it may be of an earlier boot.
        return {"boot": (claim or {}).get("boot", shim.boot())}

    def _state(self, asked: Told, payload: bytes) -> Told:
        folder = self._home / asked["folder"]
        return {"boot": shim.boot(), **places.state(folder, asked["attempt"], self._pids())}

    def _pids(self) -> list[int]:
        return [one.pid for one in self._shims if one.poll() is None]

    def _stop(self, asked: Told, payload: bytes) -> Told:
        status, attempt = self._home / asked["folder"] / "status", asked["attempt"]
        claim = places.read(status / f"claim.{attempt}")
        if claim and claim.get("pid", 0) > 0 and claim.get("boot") == shim.boot():
            places.write(status / f"grace.{attempt}", repr(float(asked["grace"])).encode())
            for number in (signal.SIGTERM, signal.SIGCONT):
                proc.send(int(claim["pid"]), str(claim["start"]), number)
        elif claim is None and status.is_dir():
            # Nothing has begun, and from now on nothing does.
            shim.claim(str(status), attempt, 0)
        return {}

    def _end(self, asked: Told, payload: bytes) -> Told:
        """Signal what lives of an attempt; says how much that was."""
        status, attempt = self._home / asked["folder"] / "status", asked["attempt"]
        pids = places.read(status / f"pids.{attempt}") or {}
        claim = places.read(status / f"claim.{attempt}") or {}
        is_now = claim.get("boot") == shim.boot()
        known = (
            [(int(pids["child"]), str(pids["childStart"]))] if is_now and "child" in pids else []
        )
        left = proc.of_run(asked["job"], attempt, known, root=asked["root"])
        for each in left:
            for number in asked["signals"]:
                each.send(number)
        return {"left": [each.pid for each in left]}

    def _follow(self, asked: Told, payload: bytes) -> Told:
        folder = self._home / asked["folder"]
        have = json.loads(payload)
        self._followed[asked["key"]] = Followed(folder, asked["attempt"], have, asked["others"])
        return {}

    def _confirm(self, asked: Told, payload: bytes) -> Told:
        followed = self._followed.get(asked["key"])
        if followed is not None:
            followed.confirm(asked["again"])
        return {}

    def _finish(self, asked: Told, payload: bytes) -> Told:
        followed = self._followed.get(asked["key"])
        if followed is not None:
            followed.finish()
        return {"is_followed": followed is not None}

    def _unfollow(self, asked: Told, payload: bytes) -> Told:
        self._followed.pop(asked["key"], None)
        return {}

    def _forget(self, asked: Told, payload: bytes) -> Told:
        # With the folders of its children, which lie beside it.
        places.remove((self._home / asked["folder"]).parent)
        return {}

    def _state_of_environment(self, asked: Told, payload: bytes) -> Told:
        told, log = self._built.state(asked["env"], asked["offset"])
        return {**told, "log": log}

    def _build(self, asked: Told, payload: bytes) -> Told:
        self._built.begin(asked, payload, self._home / asked["builder"])
        return {}

    def _abandon(self, asked: Told, payload: bytes) -> Told:
        self._built.abandon(asked["env"])
        return {}


def send(told: Told, payload: bytes = b"") -> None:
    """Write a frame."""
    line = json.dumps({**told, "size": len(payload)}).encode() + b"\n"
    data = memoryview(line + payload)
    while data:
        data = data[os.write(1, data) :]


def _own_variables() -> dict[str, str]:
    """What a login on this machine has, without what belongs to the connection."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SSH_")}


def main(home: str) -> None:
    """Make the folder of this user, say that all is ready, and serve."""
    folder = Path(os.path.abspath(os.path.expanduser(home)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        send({READY: False, "error": f"cannot make {folder}: {error.strerror}"})
        return
    send({READY: True})
    Agent(folder).serve()
