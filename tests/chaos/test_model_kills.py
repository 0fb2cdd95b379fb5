"""Engines and clients are killed while models are registered: each version is whole or not there.

`AML_CHAOS_ROUNDS` sets how many are killed; `AML_CHAOS_SEED` repeats a story.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from blake3 import blake3

from jupyter_aml.client import find
from jupyter_aml.testing.engines import end_engine

ROUNDS = min(int(os.environ.get("AML_CHAOS_ROUNDS", "8")), 60)
SEED = int(os.environ.get("AML_CHAOS_SEED", str(time.time_ns() % 10**9)))
SIZE = 4_000_000

# Tells each version that it was given, once `register` has returned.
REGISTER = """
import os, sys
from jupyter_aml.sdk.core import Model, Workspace
from jupyter_aml.domain.errors import Unreachable
ws = Workspace.from_config()
folder, name = sys.argv[1:]
told = os.open(os.path.join(folder, "told"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
count = 0
while True:
    count += 1
    with open(os.path.join(folder, "model.bin"), "wb") as file:
        file.write(os.urandom(64) * (int(os.environ["SIZE"]) // 64))
    try:
        model = Model.register(ws, os.path.join(folder, "model.bin"), name)
    except Unreachable:
        continue
    os.write(told, f"{model.version}\\n".encode())
"""


def registering(folder: Path, name: str) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    with (folder / "errors").open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-c", REGISTER, str(folder), name],
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "SIZE": str(SIZE)},
        )


def told(folder: Path) -> list[int]:
    path = folder / "told"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def engine_pid(root: Path) -> int | None:
    with suppress(OSError, ValueError, KeyError):
        return int(json.loads((root / "engine.json").read_text())["pid"])
    return None


def test_what_is_killed_leaves_no_half_of_a_model(
    aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    print(f"AML_CHAOS_SEED={SEED}")
    os.chdir(tmp_path)
    with closing(find(aml_root)) as client:
        client.status()
    clients = {name: registering(tmp_path / name, name) for name in ("one", "two")}
    try:
        for number in range(ROUNDS):
            before = sum(len(told(tmp_path / name)) for name in clients)
            deadline = time.monotonic() + 60
            while sum(len(told(tmp_path / name)) for name in clients) <= before:
                assert time.monotonic() < deadline, [
                    (tmp_path / name / "errors").read_text()[-2000:] for name in clients
                ]
                time.sleep(0.01)
            time.sleep(chance.random() * 0.1)
            if number % 2:
                name = chance.choice(sorted(clients))
                clients[name].kill()
                clients[name].wait()
                clients[name] = registering(tmp_path / name, name)
            else:
                pid = engine_pid(aml_root)
                if pid is not None:
                    with suppress(ProcessLookupError):
                        os.kill(pid, 9)
    finally:
        for process in clients.values():
            process.kill()
            process.wait()
        os.chdir("/")
    end_engine(aml_root, 9)

    for name in clients:
        found = whole(aml_root, name)
        versions = told(tmp_path / name)
        # What was told is there, in the order in which it was told, and no number twice.
        assert versions == sorted(set(versions)), SEED
        assert set(versions) <= set(found), SEED
        assert sorted(found) == list(range(1, len(found) + 1)), SEED
    with closing(find(aml_root)) as client:
        listed = list(client.models.list("default"))
        assert len(listed) == sum(len(whole(aml_root, name)) for name in clients)
        client.models.save("default", "one", "1", "model.bin", tmp_path / "fetched")
        assert (tmp_path / "fetched").stat().st_size == SIZE // 64 * 64
    end_engine(aml_root)


def whole(root: Path, name: str) -> list[int]:
    """The versions of a model, each looked at without an engine: its files are what it says."""
    found = []
    for path in (root / "workspaces" / "default" / "models" / name).glob("[!.]*.json"):
        data: dict[str, Any] = json.loads(path.read_text())
        for _, size, hash in data["definition"]["files"]:
            content = (root / "blobs" / hash[:2] / hash[2:]).read_bytes()
            assert (len(content), blake3(content).hexdigest()) == (size, hash), SEED
        found.append(int(path.stem))
    return found
