"""The user's own client is found and used; here a program that speaks as they do, on py-rattler.

No conda, mamba or micromamba can be had from a package index: `FAKE` takes the arguments that they
take, answers in their JSON, and installs for real.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.conda import client
from jupyter_aml.environments.conda.builder import CondaBuilder
from jupyter_aml.environments.user_managed import UserManaged
from jupyter_aml.testing.builds import Heard, conda_wish
from tests.channel import MINOR, PYTHON, channel
from tests.conda_builders import locked

pytestmark = pytest.mark.anyio
__all__ = ["channel"]

FAKE = """#!{python}
import argparse, asyncio, json, os, re, sys, time
from pathlib import Path
import rattler
import rattler.exceptions

parser = argparse.ArgumentParser()
parser.add_argument("verb", choices=["create"])
for flag in ("--yes", "--dry-run", "--json", "--override-channels"):
    parser.add_argument(flag, action="store_true")
parser.add_argument("--channel", action="append")
parser.add_argument("--prefix", type=Path)
parser.add_argument("--file", type=Path)
args = parser.parse_args()
with open(os.environ["FAKE_CALLS"], "a") as calls:
    calls.write(json.dumps([sys.argv[1:], args.file.read_text()]) + "\\n")
style = Path(sys.argv[0]).name
if os.environ.get("FAKE_HANGS") and not args.dry_run:
    args.prefix.mkdir(parents=True)
    Path(os.environ["FAKE_HANGS"]).write_text(str(os.getpid()))
    time.sleep(600)
specs = args.file.read_text().split("\\n")[:-1]
if specs[0] == "@EXPLICIT":
    names = [re.sub("[.]conda(#.*)?$", "", one.rpartition("/")[2]) for one in specs[1:]]
    specs = ["=".join(one.rsplit("-", 2)) for one in names]

async def main():
    try:
        records = await rattler.solve(
            [rattler.Channel(one) for one in args.channel],
            [rattler.MatchSpec(one) for one in specs],
            gateway=rattler.Gateway(cache_dir=args.prefix.parent / "repodata"),
            virtual_packages=rattler.VirtualPackage.detect(),
        )
    except rattler.exceptions.GatewayError:
        message = "CondaHTTPError: HTTP 000 CONNECTION FAILED for url <" + args.channel[0] + ">"
        if args.json:
            print(json.dumps(dict(success=False, message=message, exception_name="CondaHTTPError")))
        print(message, file=sys.stderr)
        return 1
    except rattler.exceptions.SolverError as error:
        missing = re.search("found for (.+?) ", str(error))[1]
        print("Encountered problems:\\n  - nothing provides requested " + missing, file=sys.stderr)
        return 1
    if args.dry_run:
        links = []
        for one in records:
            link = dict(name=one.name.normalized, version=str(one.version),
                        build_string=str(one.build), base_url=one.channel, platform=one.subdir,
                        dist_name=f"{{one.name.normalized}}-{{one.version}}-{{one.build}}")
            if style != "conda":
                link.update(url=one.url, md5=one.md5.hex(), sha256=one.sha256.hex())
            links.append(link)
        print(json.dumps(dict(success=True, dry_run=True, actions=dict(LINK=links, FETCH=[]))))
        return 0
    await rattler.install(records, args.prefix, show_progress=False)
    print("done")
    return 0

code = asyncio.run(main())
sys.stdout.flush()
os._exit(code)
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "calls"
    monkeypatch.setenv("FAKE_CALLS", str(path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return path


def put(tmp_path: Path, name: str) -> str:
    """Put the fake client on PATH under this name."""
    path = tmp_path / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(FAKE.format(python=sys.executable))
    path.chmod(0o755)
    return str(path)


def builder(tmp_path: Path, channel: str, **options: str) -> CondaBuilder:
    return CondaBuilder(
        Cache(tmp_path / "environments"),
        channels=(channel,),
        pip_fallback=UserManaged(),
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("name", ["micromamba", "mamba", "conda"])
async def test_the_users_client_builds(
    tmp_path: Path, calls: Path, channel: str, name: str
) -> None:
    put(tmp_path, name)
    heard = Heard()

    built = await builder(tmp_path, channel).ensure(
        conda_wish(f"python={MINOR}", "needs-old-hello", "with-variables"), build=heard
    )

    code = "import needs_old_hello, hello_pure; print(hello_pure.VERSION)"
    said = subprocess.run(
        [built.interpreter, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stdout == "1.0\n"
    assert locked(built.lock) == {
        "python": PYTHON, "hello-pure": "1.0", "needs-old-hello": "0.1", "with-variables": "1.0",
    }  # fmt: skip
    assert "WITH_VARIABLES" in built.variables
    (solving, _), (installing, chosen) = map(json.loads, calls.read_text().splitlines())
    assert "--dry-run" in solving
    assert installing[:2] == ["create", "--yes"]
    assert ("@EXPLICIT" in chosen) == (name != "conda")
    assert ("hello-pure=1.0=0" in chosen) == (name == "conda")
    assert f"/{name} create" in heard.logged


async def test_a_ready_environment_asks_no_client(
    tmp_path: Path, calls: Path, channel: str
) -> None:
    put(tmp_path, "mamba")
    ours = builder(tmp_path, channel)
    first = await ours.ensure(conda_wish("with-variables"), build=Heard())
    calls.unlink()

    again = await ours.ensure(conda_wish("with-variables"), build=Heard())

    assert again == first
    assert not calls.exists()


async def test_its_failures_are_sentences(tmp_path: Path, calls: Path, channel: str) -> None:
    put(tmp_path, "conda")

    with pytest.raises(Invalid, match="there is no package 'no-such-thing' in file:"):
        await builder(tmp_path, channel).ensure(conda_wish("no-such-thing"), build=Heard())


async def test_one_that_does_not_say_what_it_chose_is_no_help(
    tmp_path: Path, calls: Path, channel: str
) -> None:
    mute = Path(put(tmp_path, "mamba"))
    mute.write_text("#!/bin/sh\nexit 0\n")

    with pytest.raises(Unreachable, match="conda_client to py-rattler"):
        await builder(tmp_path, channel).ensure(conda_wish("hello"), build=Heard())


async def test_a_channel_that_it_cannot_reach_is_named(tmp_path: Path, calls: Path) -> None:
    put(tmp_path, "conda")
    refusing = builder(tmp_path, "http://127.0.0.1:1/channel", fallback="refuse")

    with pytest.raises(Invalid, match=r"http://127\.0\.0\.1:1/channel.*conda_fallback"):
        await refusing.ensure(conda_wish("numpy"), build=Heard())


async def test_one_silent_channel_among_others_sends_nobody_to_the_python_index(
    tmp_path: Path, calls: Path, channel: str
) -> None:
    put(tmp_path, "conda")
    both = CondaBuilder(
        Cache(tmp_path / "environments"),
        channels=("http://127.0.0.1:1/channel", channel),
        pip_fallback=UserManaged(),
    )

    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1/channel.*but file:.* does"):
        await both.ensure(conda_wish("hello-pure"), build=Heard())


def test_the_configured_client_comes_first_then_variables_then_path(
    tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.find(None) is None
    by_path = [put(tmp_path, "conda"), put(tmp_path, "mamba"), put(tmp_path, "micromamba")]
    assert client.find(None) == by_path[2]
    (tmp_path / "own").write_text("#!/bin/sh\n")
    (tmp_path / "own").chmod(0o755)
    monkeypatch.setenv("MAMBA_EXE", str(tmp_path / "own"))
    assert client.find(None) == str(tmp_path / "own")
    monkeypatch.setenv("CONDA_EXE", by_path[0])
    assert client.find(None) == by_path[0]
    assert client.find(by_path[1]) == by_path[1]
    assert client.find("py-rattler") is None


def test_a_configured_client_that_is_no_program_is_named(calls: Path) -> None:
    with pytest.raises(Invalid, match=r"/nowhere/conda.*conda_client"):
        client.find("/nowhere/conda")


@pytest.mark.parametrize("ending", ["cancelled", "killed"])
async def test_it_does_not_outlive_the_build(
    tmp_path: Path, calls: Path, channel: str, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    put(tmp_path, "mamba")
    mark = tmp_path / "hangs"
    monkeypatch.setenv("FAKE_HANGS", str(mark))
    if ending == "cancelled":
        wish = conda_wish("with-variables")
        building = asyncio.create_task(builder(tmp_path, channel).ensure(wish, build=Heard()))
        pid = await _written(mark)
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
    else:
        server = subprocess.Popen(
            [sys.executable, "-c", _BUILDS, str(tmp_path / "environments"), channel],
            cwd=Path(__file__).parents[2],
        )
        with server:
            pid = await _written(mark)
            server.kill()

    await _gone(pid)
    monkeypatch.delenv("FAKE_HANGS")
    built = await builder(tmp_path, channel).ensure(conda_wish("with-variables"), build=Heard())
    assert Path(built.interpreter).exists()


_BUILDS = """
import asyncio, sys
from pathlib import Path
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.conda.builder import CondaBuilder
from jupyter_aml.testing.builds import Heard, conda_wish

builder = CondaBuilder(Cache(Path(sys.argv[1])), channels=(sys.argv[2],), pip_fallback=None)
asyncio.run(builder.ensure(conda_wish("with-variables"), build=Heard()))
"""


async def _written(path: Path) -> int:
    deadline = time.monotonic() + 30
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline, f"{path} was not written"
        await asyncio.sleep(0.02)
    return int(path.read_text())


async def _gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while _lives(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        await asyncio.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
