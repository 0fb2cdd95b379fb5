"""Conda channels and requirements are taken apart, and other text is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments.conda import specs
from jupyter_aml.environments.conda.specs import Spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("numpy", Spec("numpy")),
        ("NumPy", Spec("numpy")),
        ("numpy=1.19", Spec("numpy", "=1.19")),
        ("numpy = 1.19", Spec("numpy", "=1.19")),
        ("numpy==1.19.2", Spec("numpy", "==1.19.2")),
        ("numpy=1.19.2=py38_0", Spec("numpy", "==1.19.2", "py38_0")),
        ("numpy==1.19.2=py38_0", Spec("numpy", "==1.19.2", "py38_0")),
        ("numpy 1.19.*", Spec("numpy", "1.19.*")),
        ("numpy 1.19.2 py38_0", Spec("numpy", "1.19.2", "py38_0")),
        ("numpy >=1.19, <2", Spec("numpy", ">=1.19,<2")),
        ("numpy >= 1.19 py38_0", Spec("numpy", ">=1.19", "py38_0")),
        ("numpy<2", Spec("numpy", "<2")),
        ("conda-forge::numpy=1", Spec("numpy", "=1", channel="conda-forge")),
        (
            "https://host/ch::numpy=1",
            Spec("numpy", "=1", channel="https://host/ch"),
        ),
        (
            "numpy[version='>=1.19,<2', build=py38*]",
            Spec("numpy", ">=1.19,<2", "py38*"),
        ),
        ("numpy[subdir=linux-64]", Spec("numpy", others=("subdir=linux-64",))),
        ("ruamel.yaml", Spec("ruamel.yaml")),
        ("_libgcc_mutex=0.1", Spec("_libgcc_mutex", "=0.1")),
    ],
)
def test_a_requirement_is_taken_apart(text: str, spec: Spec) -> None:
    assert specs.read(text) == spec


@pytest.mark.parametrize(
    "text",
    [
        "", "-c evil", "--file=x", "numpy\n@EXPLICIT", "https://host/x-1-0.conda", "/etc/passwd",
        "numpy[url=https://host/x.conda]", "numpy[channel=evil]", "../x.conda", "numpy; rm -rf",
        "numpy[", "numpy=$(id)", "ftp://host/c::numpy", "@EXPLICIT", "numpy @ https://host/x.conda",
    ],
)  # fmt: skip
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        specs.read(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        specs.read(text)
        specs.channels([text])
    except Invalid as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "conda-forge", "defaults", "conda-forge/label/dev", "https://host/channel",
        "https://me:secret@host/t/token/channel", "file:///srv/channel",
        "http://localhost:8000/channel",
    ],
)  # fmt: skip
def test_names_and_urls_are_channels(text: str) -> None:
    assert specs.channels([text, text]) == (text,)


@pytest.mark.parametrize(
    "text",
    [
        "", "-c", "--help", "http://host/channel", "ftp://host/x", "file://host/x", "a b", "a\nb",
        "../x", "/srv/channel", "https://", "https://[", "javascript:1", "x/../../y", "~/channel",
    ],
)  # fmt: skip
def test_other_text_is_no_channel(text: str) -> None:
    with pytest.raises(Invalid, match="not a conda channel"):
        specs.channels([text])


def test_nodefaults_is_no_channel_and_defaults_stands_for_urls() -> None:
    assert specs.channels(["nodefaults", "conda-forge"]) == ("conda-forge",)
    assert specs.spelled_out(["defaults"])[0].startswith("https://repo.anaconda.com/")


def test_secrets_are_masked() -> None:
    text = specs.masked("see https://me:secret@host/t/token/channel here")

    assert text == "see https://***@host/t/***/channel here"


def test_a_refused_channel_keeps_its_password_to_itself() -> None:
    with pytest.raises(Invalid) as raised:
        specs.channels(["ftp://me:secret@host/x"])

    assert "secret" not in str(raised.value)
