"""A conda specification in pip's words says the same, or says what it leaves out."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from jupyter_aml.domain.environment import Conda
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments.conda.names import translate


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpy"),
        ("numpy=1.19", "numpy==1.19.*"),
        ("numpy=1.19.*", "numpy==1.19.*"),
        ("numpy 1.19.2", "numpy==1.19.2"),
        ("numpy==1.19.2", "numpy==1.19.2"),
        ("numpy 1.19.*", "numpy==1.19.*"),
        ("numpy 1.19*", "numpy==1.19.*"),
        ("numpy>=1,<2", "numpy>=1,<2"),
        ("numpy >=1.0.*", "numpy>=1.0"),
        ("numpy !=1.5.*", "numpy!=1.5.*"),
        ("numpy ~=1.5.2", "numpy~=1.5.2"),
        ("numpy ~=1", "numpy>=1"),
        ("numpy *", "numpy"),
        ("numpy=*", "numpy"),
        ("conda-forge::numpy", "numpy"),
        ("pytorch=2.4", "torch==2.4.*"),
        ("pytorch::pytorch", "torch"),
        ("py-xgboost", "xgboost"),
        ("opencv", "opencv-python-headless"),
        ("ray-default>=2", "ray[default]>=2"),
        ("pytables", "tables"),
        ("protobuf", "protobuf"),
        ("pyyaml", "pyyaml"),
        ("ruamel.yaml", "ruamel.yaml"),
    ],
)
def test_a_requirement_in_pips_words(conda: str, pip: str) -> None:
    told = translate(Conda(packages=(conda,)))

    assert told.pip == (pip,)
    assert told.warnings == ()


def test_the_pip_section_stays() -> None:
    told = translate(Conda(packages=("pandas",), pip=("tqdm>=4", "pandas")))

    assert told.pip == ("pandas", "tqdm>=4")


@pytest.mark.parametrize(
    "name",
    ["cudatoolkit=11.3", "mkl", "gcc", "git", "ipopt", "r-base", "gcc_linux-64", "cpuonly",
     "pytorch::pytorch-cuda=12.1", "_openmp_mutex", "nodejs>=18", "graphviz"],
)  # fmt: skip
def test_what_is_not_python_is_named_as_not_met(name: str) -> None:
    told = translate(Conda(packages=(name,)))

    assert told.pip == ()
    assert len(told.warnings) == 1
    assert told.warnings[0].startswith(name)


def test_a_build_is_left_out_with_a_warning() -> None:
    told = translate(Conda(packages=("numpy=1.19.2=py38_0",)))

    assert told.pip == ("numpy==1.19.2",)
    assert told.warnings == (
        "the build py38_0 of numpy is a matter of conda channels: "
        "the Python index's own build is taken",
    )


def test_alternatives_are_left_out_with_a_warning() -> None:
    told = translate(Conda(packages=("numpy 1.19|1.21",)))

    assert told.pip == ("numpy",)
    assert "1.19|1.21 of numpy cannot be asked" in told.warnings[0]


@pytest.mark.parametrize("text", ["openssl 1.1.1w_x", "thing=9e.foo.bar", "thing >=1.0*_x"])
def test_a_version_that_pip_cannot_write_is_no_crash(text: str) -> None:
    told = translate(Conda(packages=(text,)))

    assert told.pip or told.warnings


_VERSION = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}(\.\*|\*)?", fullmatch=True)
_SIGN = st.sampled_from(["=", "==", ">=", "<=", "<", ">", "!=", "~=", " ", ""])


@given(st.text(alphabet="abcxyz", min_size=1), st.lists(st.tuples(_SIGN, _VERSION), max_size=3))
def test_every_translation_is_a_requirement(name: str, versions: list[tuple[str, str]]) -> None:
    text = f"{name} " + ",".join(sign + version for sign, version in versions)

    with contextlib.suppress(Invalid):
        for line in translate(Conda(packages=(text,))).pip:
            Requirement(line)


@given(st.text(max_size=40))
@example("0.")
@example("numpy-")
@example("conda-forge::a_.>=1")
def test_any_text_is_translated_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        told = translate(Conda(packages=(text,)))
        assert told.pip or told.warnings
        for line in told.pip:
            Requirement(line)
