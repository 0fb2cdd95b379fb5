"""Where packages come from besides the index: other indexes, folders, and builds of torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import curated
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.pip.builder import PipBuilder
from jupyter_aml.environments.pip.resolving import versions
from jupyter_aml.environments.protocol import Wish
from jupyter_aml.testing.builds import Heard, a_wish, conda_wish
from tests.index import Index, in_the_place_of_others, nobody, serving

pytestmark = pytest.mark.anyio
CPU = {"UV_TORCH_BACKEND": "cpu"}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index of the house, which uv is told of."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        index.add("hello")
        yield index


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Index]:
    """Another index."""
    with serving(tmp_path / "other") as index:
        index.add("private")
        yield index


@pytest.fixture
def torch(
    index: Index, other: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """An index that has torch and its companions, and another with builds for processors alone."""
    for name in ("torch", "torchvision"):
        index.add(name, "2.0", requires=["nvidia-all"] if name == "torch" else [])
        Index(other.folder / "whl" / "cpu").add(name, "1.9+cpu")
    for name in ("nvidia-all", "numpy", "pandas", "pyarrow", "requests", "matplotlib"):
        index.add(name)
    with in_the_place_of_others(other, tmp_path) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield


def builder(tmp_path: Path, *, strict: bool = False, allow_sources: bool = False) -> PipBuilder:
    return PipBuilder(Cache(tmp_path / "made"), strict=strict, allow_sources=allow_sources)


@pytest.mark.parametrize(
    "option", ["--extra-index-url {}", "--extra-index-url={}", "-f {}/private"]
)
async def test_a_package_comes_from_where_an_allowed_option_says(
    tmp_path: Path, index: Index, other: Index, option: str
) -> None:
    lines = [option.format(other.url), "hello", "private"]

    made = await builder(tmp_path, allow_sources=True).ensure(
        conda_wish("pip", {"pip": lines}), build=Heard()
    )

    assert versions(made.lock) == {"hello": "1.0", "private": "1.0"}


async def test_an_allowed_option_brings_previews(tmp_path: Path, index: Index) -> None:
    index.add("hello", "2.0rc1")

    made = await builder(tmp_path, allow_sources=True).ensure(
        conda_wish("pip", {"pip": ["--pre", "hello"]}), build=Heard()
    )

    assert versions(made.lock) == {"hello": "2.0rc1"}


@pytest.mark.parametrize("place", ["extra-index-url", "find-links"])
async def test_what_pip_is_told_of_more_sources_holds_for_environments(
    tmp_path: Path, index: Index, other: Index, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A house that has its private index in pip.conf need not write it down for uv again."""
    index.add("private", "0.9")
    more = other.url if place == "extra-index-url" else f"{other.url}/private"
    settings = tmp_path / "pip.conf"
    # pip does not mind a folder that is not there any more.
    gone = tmp_path / "gone" if place == "find-links" else ""
    settings.write_text(f"[global]\nindex-url = {index.url}\n{place} =\n    {gone}\n    {more}\n")
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))

    made = await builder(tmp_path).ensure(
        conda_wish("pip", {"pip": ["hello", "private"]}), build=Heard()
    )

    assert versions(made.lock) == {"hello": "1.0", "private": "1.0"}


@pytest.mark.usefixtures("torch")
async def test_the_curated_environment_for_torch_is_built_for_the_processor(
    tmp_path: Path,
) -> None:
    found = curated.find("AzureML-PyTorch")
    assert found is not None

    made = await builder(tmp_path).ensure(Wish(definition=found[0]), build=Heard())

    there = versions(made.lock)
    assert (there["torch"], there["torchvision"]) == ("1.9+cpu", "1.9+cpu")
    assert "nvidia-all" not in there
    assert made.warnings == ()


@pytest.mark.usefixtures("torch")
async def test_a_definition_chooses_its_builds_of_torch_by_a_variable(tmp_path: Path) -> None:
    own = {"condaDependencies": {"dependencies": ["pip", {"pip": ["torch"]}]}}
    ours = builder(tmp_path)

    plain = await ours.ensure(a_wish(python=own), build=Heard())
    lean = await ours.ensure(a_wish(python=own, environmentVariables=CPU), build=Heard())

    assert versions(plain.lock)["torch"] == "2.0"
    assert versions(lean.lock) == {"torch": "1.9+cpu"}
    with pytest.raises(Invalid, match="UV_TORCH_BACKEND is 'cpu', 'auto' or a build"):
        a_wish(python=own, environmentVariables={"UV_TORCH_BACKEND": "--python x"})


@pytest.mark.usefixtures("torch")
async def test_where_builds_of_torch_cannot_be_had_that_of_the_index_is_taken_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", nobody())
    definition = a_wish(
        python={"condaDependencies": {"dependencies": ["pip", {"pip": ["torch"]}]}},
        environmentVariables=CPU,
    )

    made = await builder(tmp_path).ensure(definition, build=Heard())

    assert versions(made.lock)["torch"] == "2.0"
    assert "the cpu builds of torch cannot be had" in made.warnings[0]
    with pytest.raises(Invalid, match=r"AmlConfig\.strict makes an error of it"):
        await builder(tmp_path / "strict", strict=True).ensure(definition, build=Heard())
