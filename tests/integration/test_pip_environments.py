"""Environments of Python packages, really built: from an index on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uv

from jupyter_aml.domain.errors import AmlError, Invalid, Unreachable
from jupyter_aml.environments import pruning, pythons
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.pip.builder import PipBuilder
from jupyter_aml.environments.pip.resolving import versions
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.testing.builds import Heard, conda_wish
from jupyter_aml.testing.environment_contracts import answer
from tests.index import Index, serving

pytestmark = pytest.mark.anyio
OWN = "cp{}{}".format(*sys.version_info[:2])
DEADLINE = 30.0


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        index.add("hello")
        yield index


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "environments")


@pytest.fixture
def builder(cache: Cache, index: Index) -> PipBuilder:
    return PipBuilder(cache)


async def built(builder: PipBuilder, *pip: str, python: str = "pip") -> Materialised:
    return await builder.ensure(conda_wish(python, {"pip": list(pip)}), build=Heard())


async def refused(builder: PipBuilder, *pip: str) -> str:
    with pytest.raises(AmlError) as error:
        await built(builder, *pip)
    return str(error.value)


async def test_the_distributions_of_sdk_v1_are_satisfied_by_the_runtime_and_what_they_brought(
    builder: PipBuilder, index: Index
) -> None:
    for name in ("adlfs", "numpy", "pandas", "pyarrow", "requests"):
        index.add(name)

    environment = await built(builder, "azureml-defaults~=1.27.0", "azureml-dataprep[pandas]")

    assert sorted(versions(environment.lock)) == [
        "adlfs", "numpy", "pandas", "pyarrow", "requests",
    ]  # fmt: skip
    assert environment.warnings == ()


async def test_what_they_brought_gives_way_where_it_cannot_be_had(
    builder: PipBuilder, index: Index
) -> None:
    index.add("numpy")

    environment = await built(builder, "hello", "azureml-dataprep")

    assert sorted(versions(environment.lock)) == ["hello", "numpy"]
    assert environment.warnings == ("what retired distributions brought cannot be had: pyarrow",)


async def test_strict_does_not_let_it_go(cache: Cache, index: Index) -> None:
    index.add("numpy")

    told = await refused(PipBuilder(cache, strict=True), "hello", "azureml-dataprep")

    assert "cannot be had: pyarrow" in told


async def test_a_retired_distribution_that_nothing_replaces_is_named(builder: PipBuilder) -> None:
    environment = await built(builder, "hello", "azureml-accel-models~=1.27.0")

    assert environment.warnings == (
        "azureml-accel-models~=1.27.0 is retired with Azure ML and nothing takes its place",
    )


async def test_an_old_python_takes_libraries_of_its_time(builder: PipBuilder, index: Index) -> None:
    for version in ("1.23.5", "1.26.4"):
        index.add("numpy", version)
    for version in ("1.5.3", "2.2"):
        index.add("pandas", version, requires=["numpy"])

    old = await built(builder, "pandas", python="python=3.6.2")
    chosen = await built(builder, "pandas", "numpy==1.26.4", python="python=3.6.2")
    today = await built(builder, "pandas")

    assert versions(old.lock) == {"numpy": "1.23.5", "pandas": "1.5.3"}
    assert old.warnings[1:] == (
        "python=3.6.2 is of a time before: numpy 1.23.5, pandas 1.5.3 are taken for it",
    )
    assert versions(chosen.lock) == {"numpy": "1.26.4", "pandas": "1.5.3"}
    assert versions(today.lock) == {"numpy": "1.26.4", "pandas": "2.2"}


async def test_the_time_of_a_python_gives_way_where_it_cannot_be_had(
    builder: PipBuilder, index: Index
) -> None:
    index.add("numpy", "1.26.4")
    index.add("needy-new", "1.0", requires=["numpy>=1.25"])

    environment = await built(builder, "needy-new", python="python=3.6.2")

    assert versions(environment.lock)["numpy"] == "1.26.4"
    assert len(environment.warnings) == 1


async def test_constraints_of_the_server_do_not_bind_an_environment(
    builder: PipBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "constraints.txt").write_text("hello==0.1\n")
    monkeypatch.setenv("UV_CONSTRAINT", str(tmp_path / "constraints.txt"))

    environment = await built(builder, "hello")

    assert environment.warnings == ()
    assert versions(environment.lock)["hello"] != "0.1"


async def test_a_version_that_has_wheels_for_old_pythons_alone_gives_way_to_the_nearest(
    builder: PipBuilder, index: Index
) -> None:
    for version in ("0.20", "0.24"):
        index.add("learn", version, tag="cp36-cp36m-manylinux1_x86_64")
    for version in ("1.1", "1.2"):
        index.add("learn", version)

    environment = await built(builder, "learn==0.20", "hello")

    assert answer(environment, "import learn; print(learn.VERSION)") == "1.1"
    assert environment.warnings == (
        f"learn==0.20 cannot be had for Python {sys.version_info[0]}.{sys.version_info[1]}: "
        "learn==1.1 is taken",
    )


async def test_strict_makes_an_error_of_it(cache: Cache, index: Index) -> None:
    index.add("learn", "0.20", tag="cp36-cp36m-manylinux1_x86_64")
    index.add("learn", "1.1")

    told = await refused(PipBuilder(cache, strict=True), "learn==0.20")

    assert "AmlConfig.strict" in told


async def test_a_package_older_than_numpy_2_gets_an_older_numpy(
    builder: PipBuilder, index: Index
) -> None:
    index.add("numpy", "1.26.4")
    index.add("numpy", "2.4.0")
    index.add("scikit-learn", "1.1.3", requires=["numpy>=1.17"])

    environment = await built(builder, "scikit-learn==1.1.3")

    assert answer(environment, "import numpy; print(numpy.VERSION)") == "1.26.4"
    assert "numpy<2" in environment.warnings[0]


async def test_a_python_that_is_not_here_gives_way_with_a_warning(builder: PipBuilder) -> None:
    environment = await built(builder, "hello", python="python=3.6.2")

    version = answer(environment, "import sys; print('%d.%d.%d' % sys.version_info[:3])")
    assert version == str(min(pythons.found()))
    assert environment.warnings == (
        f"python=3.6.2 is not on this machine; Python {version} is taken",
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["no-such-package-at-all"], "there is no package 'no-such-package-at-all' in the index"),
        (["scikit-lern"], "did you mean 'scikit-learn'"),
        (["sklearn-x", "hello"], "there is no package 'sklearn-x'"),
        (["hello==7"], "there is no version hello==7 in the index"),
        (["needy", "hello==1.0"], "needy needs hello>=2, but hello==1.0 is required"),
        (["hello=="], "'hello==' is not a requirement"),
        (["-e ."], "options are not taken"),
        (["-r more.txt"], "options are not taken"),
        (["--index-url http://x/"], "AmlConfig.allow_package_sources"),
        (["hello @ http://u:secret@x/h.whl"], "http://***@x/h.whl"),
        (["git+https://x/y"], "AmlConfig.allow_package_sources"),
        (["../hello"], "AmlConfig.allow_package_sources"),
        (["hello\x1b[31m"], "control character"),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence(
    builder: PipBuilder, index: Index, cache: Cache, lines: list[str], told: str
) -> None:
    index.add("needy", requires=["hello>=2"])
    index.add("hello", "2.0")

    assert told in await refused(builder, *lines)
    assert list(cache.entries()) == []


async def test_a_package_for_another_python_names_it(builder: PipBuilder, index: Index) -> None:
    index.add("late", python=">=3.99")

    told = await refused(builder, "late")

    assert told.startswith("late==1.0 needs Python>=3.99, and this is Python 3.")


async def test_an_index_that_is_away_is_no_fault_of_the_requirements(
    builder: PipBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:secret@127.0.0.1:9/simple")

    with pytest.raises(Unreachable, match="the package index does not answer") as error:
        await built(builder, "hello")

    assert "secret" not in str(error.value)


async def test_pip_in_a_shared_environment_says_what_to_do_instead(builder: PipBuilder) -> None:
    environment = await built(builder, "hello")

    for command in (
        [environment.interpreter, "-m", "pip", "install", "x"],
        [str(Path(environment.interpreter).with_name("pip")), "install", "x"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "Add what is missing to its definition" in done.stderr


async def test_a_second_environment_shares_its_files_with_the_first(
    builder: PipBuilder, index: Index
) -> None:
    index.add("large", padding=3_000_000)
    index.add("small")

    await built(builder, "large")
    second = await built(builder, "large", "small")

    assert second.size < 1_000_000


async def test_the_same_packages_are_one_environment_whatever_the_wish_was(
    builder: PipBuilder, index: Index
) -> None:
    one = await built(builder, "hello")
    other = await built(builder, "hello==1.0")

    assert one.key == other.key


async def test_what_was_locked_is_kept_to_until_it_is_asked_for_anew(
    builder: PipBuilder, index: Index
) -> None:
    first = await built(builder, "hello")
    index.add("hello", "2.0")

    assert (await built(builder, "hello")).key == first.key
    anew = replace(conda_wish("pip", {"pip": ["hello"]}), again=True)
    assert "hello==2.0" in (await builder.ensure(anew, build=Heard())).lock
    assert "hello==2.0" in (await built(builder, "hello")).lock


BUILD = """
import asyncio, sys
from pathlib import Path
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.pip.builder import PipBuilder
from jupyter_aml.testing.builds import Heard, conda_wish

class Loud(Heard):
    def say(self, line):
        print(line, flush=True)

wish = conda_wish("pip", {"pip": sys.argv[2:]})
built = asyncio.run(PipBuilder(Cache(Path(sys.argv[1]))).ensure(wish, build=Loud()))
print("built", built.key, flush=True)
"""


async def test_a_version_that_was_withdrawn_meanwhile_is_not_insisted_on(
    builder: PipBuilder, index: Index
) -> None:
    index.add("hello", "1.0")
    index.add("hello", "1.1")
    # uv remembers for some minutes what an index said.
    asked = ["pip", "compile", "--quiet", "-", "--python", sys.executable]
    told = subprocess.run(
        [uv.find_uv_bin(), *asked], input="hello", capture_output=True, text=True, check=True
    )
    assert "hello==1.1" in told.stdout
    index.withdraw("hello", "1.1")

    environment = await built(builder, "hello")

    assert "hello==1.0" in environment.lock


def another_process(cache: Cache, *pip: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUILD, str(cache.path), *pip]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


async def test_a_build_that_is_killed_leaves_nothing_that_counts(
    builder: PipBuilder, cache: Cache, index: Index
) -> None:
    index.add("large", padding=30_000_000)
    process = another_process(cache, "large", "hello")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("installing"):
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    assert list(cache.entries()) == []
    assert answer(await built(builder, "large", "hello"), "import hello, large; print(1)") == "1"


async def test_two_processes_build_one_environment_once(cache: Cache, index: Index) -> None:
    processes = [another_process(cache, "hello") for _ in range(3)]

    outputs = await asyncio.gather(
        *(asyncio.to_thread(process.communicate, timeout=DEADLINE) for process in processes)
    )

    assert len({out.splitlines()[-1] for out, _ in outputs}) == 1
    assert sum("installing" in out for out, _ in outputs) == 1


async def test_an_environment_is_pruned_by_age_and_size_but_not_while_it_is_used(
    builder: PipBuilder, cache: Cache, index: Index
) -> None:
    index.add("other")
    used, unused = await built(builder, "hello"), await built(builder, "other")
    process = subprocess.Popen(
        [used.interpreter, "-c", "input()"], stdin=subprocess.PIPE, env=used.on_top_of({})
    )
    try:
        chosen = await asyncio.to_thread(pruning.choose, cache, 0, None)
        assert [entry.key for entry in chosen] == [unused.key]
    finally:
        process.communicate(b"\n", timeout=DEADLINE)
    assert len(pruning.choose(cache, None, 0)) == 2
    assert pruning.choose(cache, 1, None) == []


async def test_an_environment_whose_python_went_away_is_built_again(
    builder: PipBuilder, cache: Cache
) -> None:
    first = await built(builder, "hello")
    Path(first.interpreter).unlink()

    assert answer(await built(builder, "hello"), "import hello; print(hello.VERSION)") == "1.0"


async def test_variables_of_a_definition_do_not_reach_what_builds_it(
    builder: PipBuilder, tmp_path: Path
) -> None:
    from jupyter_aml.testing.builds import a_wish

    conda = {"dependencies": [{"pip": ["hello"]}]}
    hostile = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/", "PATH": "/nowhere", "LD_PRELOAD": "/x.so"}
    wish = a_wish(python={"condaDependencies": conda}, environmentVariables=hostile)

    assert (await builder.ensure(wish, build=Heard())).key


async def test_a_name_that_is_invalid_is_refused_before_anything_is_made(cache: Cache) -> None:
    with pytest.raises(Invalid, match="cannot be the name of an environment"):
        conda_wish_named("../../etc")

    assert not cache.path.exists()


def conda_wish_named(name: str) -> None:
    from jupyter_aml.testing.builds import a_wish

    a_wish(name=name)
