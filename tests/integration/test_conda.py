"""Conda environments are built for real by py-rattler, out of a channel of our own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.conda import packages as conda_packages
from jupyter_aml.environments.conda.builder import CondaBuilder
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.testing.builds import Heard, a_wish, conda_wish
from tests.channel import MINOR, PYTHON, channel, make_wheel
from tests.conda_builders import FakePip, anyio_backend, builder, cache, heard, locked, pip
from tests.index import nobody, serving

pytestmark = pytest.mark.anyio
__all__ = ["anyio_backend", "builder", "cache", "channel", "heard", "pip"]


def run(environment: Materialised, code: str) -> str:
    variables = {**os.environ, **environment.variables}
    return subprocess.run(
        [environment.interpreter, "-c", code],
        env=variables, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


def whole(cache: Cache) -> list[str]:
    return [entry.key for entry in cache.entries()]


async def test_packages_are_there_and_the_lock_names_each(
    builder: CondaBuilder, cache: Cache, heard: Heard
) -> None:
    wish = conda_wish(f"python={MINOR}", "needs-old-hello")

    built = await builder.ensure(wish, build=heard)

    assert run(built, "import needs_old_hello, hello_pure; print(hello_pure.VERSION)") == "1.0"
    assert built.kind == "conda"
    assert locked(built.lock) == {
        "python": PYTHON, "hello-pure": "1.0", "needs-old-hello": "0.1"
    }  # fmt: skip
    assert all("#" in line for line in built.lock.splitlines())
    assert "solving" in heard.said
    assert "installing: 3 of 3 packages" in heard.said
    assert "hello-pure=1.0" in heard.logged
    assert whole(cache) == [built.key]


async def test_its_commands_run_from_where_it_lies(builder: CondaBuilder, heard: Heard) -> None:
    built = await builder.ensure(conda_wish("hello-pure"), build=heard)

    said = subprocess.run(
        ["say-hello"], env=dict(built.variables), check=True, capture_output=True, text=True
    )

    assert said.stdout == "hello 2\n"


async def test_a_wish_that_was_met_costs_nothing(builder: CondaBuilder, heard: Heard) -> None:
    first = await builder.ensure(conda_wish("hello-pure"), build=Heard())

    again = await builder.ensure(conda_wish("hello-pure"), build=heard)

    assert again == first
    assert heard.said == []


async def test_a_build_may_be_named(builder: CondaBuilder, heard: Heard) -> None:
    built = await builder.ensure(conda_wish("hello-pure=1.0=0"), build=heard)

    assert locked(built.lock)["hello-pure"] == "1.0"


async def test_two_wishes_for_the_same_packages_share_one_environment(
    builder: CondaBuilder, cache: Cache, heard: Heard
) -> None:
    first = await builder.ensure(conda_wish("hello-pure=2"), build=heard)
    second = await builder.ensure(conda_wish("hello-pure>1"), build=heard)

    assert first.key == second.key
    assert len(whole(cache)) == 1


async def test_asked_at_once_it_is_built_once(
    builder: CondaBuilder, cache: Cache, channel: str, pip: FakePip
) -> None:
    other = CondaBuilder(cache, client="py-rattler", channels=(channel,), pip_fallback=pip)
    listeners = [Heard() for _ in range(4)]
    wish = conda_wish("hello-pure")

    built = await asyncio.gather(
        *(
            one.ensure(wish, build=heard)
            for one, heard in zip([builder, other] * 2, listeners, strict=True)
        )
    )

    assert len({one.key for one in built}) == 1
    assert sum("installing: 2 of 2 packages" in heard.said for heard in listeners) == 1


async def test_packages_that_no_environment_is_linked_to_can_be_removed(
    builder: CondaBuilder, cache: Cache, heard: Heard
) -> None:
    built = await builder.ensure(conda_wish("hello-pure=1.0"), build=heard)
    other = await builder.ensure(conda_wish("hello-pure=2.0"), build=heard)
    assert conda_packages.clean(cache) == 0
    await cache.remove(other.key)

    would_free = conda_packages.clean(cache, dry_run=True)
    freed = conda_packages.clean(cache)

    assert freed == would_free > 0
    assert conda_packages.clean(cache) == 0
    names = {one.name for one in (conda_packages.folder(cache) / "pkgs").iterdir()}
    assert "hello-pure-1.0-0" in names
    assert not any(one.startswith("hello-pure-2.0") for one in names)
    assert run(built, "import hello_pure; print(hello_pure.VERSION)") == "1.0"
    again = await builder.ensure(conda_wish("hello-pure=2.0"), build=heard)
    assert run(again, "import hello_pure; print(hello_pure.VERSION)") == "2.0"


async def test_packages_are_kept_while_one_builds(cache: Cache) -> None:
    folder = conda_packages.folder(cache)
    (folder / "pkgs" / "thing-1-0").mkdir(parents=True)
    (folder / "pkgs" / "thing-1-0" / "file").write_text("x")

    async with conda_packages.held(folder):
        assert conda_packages.clean(cache) == 0

    assert conda_packages.clean(cache) > 0


async def test_activation_scripts_give_their_variables(
    builder: CondaBuilder, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setenv("PATH", f"/elsewhere/bin:{os.environ['PATH']}")

    built = await builder.ensure(conda_wish("with-variables"), build=heard)

    home = Path(built.interpreter).parent.parent
    path = built.variables["PATH"].split(os.pathsep)
    assert path[:2] == [str(home / "tools"), str(home / "bin")]
    assert "/elsewhere/bin" not in path
    assert built.variables["CONDA_PREFIX"] == str(home)
    assert built.variables["CONDA_DEFAULT_ENV"] == str(home)
    assert built.variables["WITH_VARIABLES"] == f"{home}/share"
    assert built.variables["TWO_LINES"] == "one\ntwo"
    assert not {"PWD", "SHLVL", "_"} & set(built.variables)


async def test_a_script_for_the_installation_is_not_run_and_told(
    builder: CondaBuilder, heard: Heard
) -> None:
    first = await builder.ensure(conda_wish("with-script"), build=heard)
    joined = await builder.ensure(conda_wish("with-script>=1"), build=heard)

    told = ("the script that with-script brings for its installation was not run",)
    assert (first.warnings, joined.warnings) == (told, told)
    assert not (Path(first.interpreter).parent.parent / "ran").exists()


async def test_the_pip_section_and_extras_come_on_top(
    builder: CondaBuilder, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(tmp_path / "wheels", "on-top", "3.1")
    make_wheel(tmp_path / "wheels", "an-extra", "0.7")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    lines = {"pip": ["on-top==3.1", "azureml-pipeline"]}

    built = await builder.ensure(conda_wish("hello-pure", lines, extras=("an-extra",)), build=heard)

    assert run(built, "import on_top, an_extra, hello_pure; print(on_top.VERSION)") == "3.1"
    assert built.lock.endswith("# pip\nan-extra==0.7\non-top==3.1\n")
    assert locked(built.lock)["on-top"] == "3.1"


async def test_what_retired_distributions_brought_comes_by_pip_or_gives_way(
    builder: CondaBuilder, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "index") as index:
        index.add("on-top", "3.1")
        index.add("mlflow", "2.0")
        index.add("numpy", "1.23.5")
        index.add("numpy", "1.26.4")
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        had = conda_wish("hello-pure", {"pip": ["on-top", "azureml-mlflow"]})
        not_had = conda_wish("hello-pure", {"pip": ["on-top", "azureml-tensorboard"]})
        old = conda_wish("python=3.6.2", "hello-pure", {"pip": ["numpy"]})

        whole, less, aged = [await builder.ensure(one, build=heard) for one in (had, not_had, old)]

    assert (locked(whole.lock)["mlflow"], whole.warnings) == ("2.0", ())
    assert locked(less.lock)["on-top"] == "3.1"
    assert less.warnings == ("what retired distributions brought cannot be had: tensorboard",)
    assert locked(aged.lock)["numpy"] == "1.23.5"
    assert "python=3.6.2 is of a time before: numpy 1.23.5 is taken for it" in aged.warnings


async def test_asked_again_the_pip_section_is_what_the_index_has_now(
    builder: CondaBuilder, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(tmp_path / "wheels", "on-top", "3.1")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    wish = conda_wish("hello-pure", {"pip": ["on-top"]})
    first = await builder.ensure(wish, build=heard)
    make_wheel(tmp_path / "wheels", "on-top", "3.2")

    kept = await builder.ensure(wish, build=heard)
    anew = await builder.ensure(replace(wish, again=True), build=heard)
    after = await builder.ensure(wish, build=heard)

    versions = [locked(one.lock)["on-top"] for one in (first, kept, anew, after)]
    assert versions == ["3.1", "3.1", "3.2", "3.2"]


async def test_a_conda_package_that_pip_replaces_is_told(
    builder: CondaBuilder, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(tmp_path / "wheels", "bringer", "0.9")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_NO_INDEX", "1")

    built = await builder.ensure(conda_wish("bringer", {"pip": ["bringer>=0.9"]}), build=heard)

    assert built.warnings == (
        "bringer 0.5 of the conda packages gave way to bringer 0.9 for the `pip:` section",
    )


async def test_where_builds_of_torch_cannot_be_had_the_pip_section_takes_that_of_the_index(
    builder: CondaBuilder, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = {"condaDependencies": {"dependencies": ["hello-pure", {"pip": ["torch"]}]}}
    wish = a_wish(python=python, environmentVariables={"UV_TORCH_BACKEND": "cpu"})
    with serving(tmp_path / "index") as index:
        index.add("torch", "2.0")
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        monkeypatch.setenv("HTTPS_PROXY", nobody())

        built = await builder.ensure(wish, build=heard)

    assert locked(built.lock)["torch"] == "2.0"
    assert "the cpu builds of torch cannot be had" in built.warnings[0]


async def test_an_allowed_option_brings_previews_to_the_pip_section(
    cache: Cache,
    channel: str,
    pip: FakePip,
    heard: Heard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for version in ("1.0", "2.0rc1"):
        make_wheel(tmp_path / "wheels", "on-top", version)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    allowing = CondaBuilder(
        cache, client="py-rattler", channels=(channel,), pip_fallback=pip, allow_sources=True
    )

    built = await allowing.ensure(
        conda_wish("hello-pure", {"pip": ["--pre", "on-top"]}), build=heard
    )

    assert locked(built.lock)["on-top"] == "2.0rc1"


async def test_a_pip_line_that_cannot_be_met_fails_the_build(
    builder: CondaBuilder, cache: Cache, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_NO_INDEX", "1")

    with pytest.raises(Invalid, match="no-such-thing"):
        await builder.ensure(conda_wish("hello-pure", {"pip": ["no-such-thing"]}), build=heard)

    assert whole(cache) == []


async def test_nothing_is_installed_into_it_later(builder: CondaBuilder, heard: Heard) -> None:
    built = await builder.ensure(conda_wish("hello-pure"), build=heard)

    pip = subprocess.run(
        [built.interpreter, "-m", "pip", "install", "x"], capture_output=True, text=True
    )

    assert pip.returncode == 1
    assert "build it again" in pip.stderr
    library = Path(built.interpreter).parent.parent / "lib" / f"python{MINOR}"
    assert "Error=" in (library / "EXTERNALLY-MANAGED").read_text()


@pytest.mark.parametrize(
    ("packages", "sentence"),
    [
        (("hello-pur",), "there is no package 'hello-pur' in .*; did you mean 'hello-pure'"),
        (("hello-pure=9",), r"there is no hello-pure 9\.\* in file:"),
        (
            ("needs-old-hello", "needs-new-hello"),
            "needs-(new|old)-hello 0.. needs hello-pure[<>=2]+, but needs-...-hello 0.. needs ",
        ),
        (
            ("needs-old-hello", "hello-pure=2"),
            "needs-old-hello 0.1 needs hello-pure<2, but hello-pure=2 is required",
        ),
        (("needs-old-python",), r"needs-old-python 0.2 needs python<3.4, but python >=3.10"),
        (("hello-pure=1", "hello-pure=2"), r"hello-pure 2.* and hello-pure 1.* cannot be had to"),
        (("hello-pure=>1",), "cannot be read|not a conda requirement"),
    ],
)
async def test_what_cannot_be_met_is_said_in_a_sentence(
    builder: CondaBuilder, cache: Cache, heard: Heard, packages: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence) as raised:
        await builder.ensure(conda_wish(*packages), build=heard)

    assert "\n" not in str(raised.value)
    assert whole(cache) == []


async def test_an_old_python_gives_way_to_the_nearest(builder: CondaBuilder, heard: Heard) -> None:
    built = await builder.ensure(conda_wish("python=3.6.2", "hello-pure"), build=heard)

    assert built.warnings == (f"python=3.6.2 is too old for runs; Python {PYTHON} is taken",)
    assert run(built, "import sys; print('%d.%d' % sys.version_info[:2])") == MINOR


async def test_an_old_version_gives_way_to_one_for_this_python(
    builder: CondaBuilder, heard: Heard
) -> None:
    built = await builder.ensure(conda_wish("aged=0.20.3", "hello-pure=1.0"), build=heard)

    assert built.warnings == (f"aged=0.20.3 cannot be had for Python {PYTHON}: aged 1.1 is taken",)
    assert locked(built.lock)["hello-pure"] == "1.0"


async def test_where_the_nearest_does_not_go_with_the_rest_a_newer_one_is_taken(
    builder: CondaBuilder, heard: Heard
) -> None:
    built = await builder.ensure(conda_wish("aged=0.20.3", "needs-new-aged"), build=heard)

    assert built.warnings == (f"aged=0.20.3 cannot be had for Python {PYTHON}: aged 2.0 is taken",)


async def test_strict_makes_an_error_of_giving_way(
    cache: Cache, channel: str, pip: FakePip, heard: Heard
) -> None:
    strict = CondaBuilder(
        cache, client="py-rattler", channels=(channel,), pip_fallback=pip, strict=True
    )

    with pytest.raises(Invalid, match="strict"):
        await strict.ensure(conda_wish("python=3.6.2", "hello-pure"), build=heard)


async def test_a_cancelled_build_leaves_nothing_that_counts(
    builder: CondaBuilder, cache: Cache
) -> None:
    begun = asyncio.Event()

    class Noticing(Heard):
        def say(self, line: str) -> None:
            if line.startswith("installing"):
                begun.set()

    building = asyncio.create_task(builder.ensure(conda_wish("hello-pure"), build=Noticing()))
    await asyncio.wait_for(begun.wait(), 30)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building

    assert whole(cache) == []
    assert [one for one in cache.path.iterdir() if not one.name.startswith(".")] == []
    built = await builder.ensure(conda_wish("hello-pure"), build=Heard())
    assert run(built, "import hello_pure; print(1)") == "1"


_KILLED = """
import asyncio, sys
from contextlib import ExitStack
from pathlib import Path
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.conda.builder import CondaBuilder
from jupyter_aml.testing.builds import Heard, conda_wish

class Telling(Heard):
    def say(self, line):
        print(line, flush=True)

builder = CondaBuilder(
    Cache(Path(sys.argv[1])), client="py-rattler", channels=(sys.argv[2],), pip_fallback=None
)
asyncio.run(builder.ensure(conda_wish("hello-pure"), build=Telling()))
"""


async def test_killed_in_the_middle_the_next_one_starts_clean(
    builder: CondaBuilder, cache: Cache, channel: str
) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(cache.path), channel],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert server.stdout is not None
    with server:
        while "installing" not in server.stdout.readline():
            assert server.poll() is None
        server.send_signal(signal.SIGKILL)

    assert whole(cache) == []
    built = await builder.ensure(conda_wish("hello-pure"), build=Heard())
    assert run(built, "import hello_pure; print(1)") == "1"
    assert whole(cache) == [built.key]
