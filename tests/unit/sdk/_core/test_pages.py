"""Addresses of pages in JupyterLab."""

from __future__ import annotations

import pytest

from jupyter_aml.domain.inherited import by_kernel, by_script
from jupyter_aml.sdk._core.pages import experiment_page, run_page


def test_without_a_server_there_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AML_PAGE", raising=False)

    assert run_page("digits_1") is None
    assert experiment_page("default", "digits") is None


@pytest.mark.parametrize("base", ["http://localhost:8888/user/ada/", "/user/ada"])
def test_pages_stand_below_the_base_of_the_server(
    monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    monkeypatch.setenv("AML_PAGE", base)

    place = base.rstrip("/") + "/lab?aml="
    assert run_page("digits_1") == f"{place}run:digits_1"
    assert experiment_page("default", "digits") == f"{place}experiment:digits"
    assert experiment_page("team", "digits") == f"{place}experiment:team/digits"


def test_kernels_and_scripts_know_the_page() -> None:
    variables = {"AML_PAGE": "http://localhost:8888/", "AML_TOKEN": "secret"}

    assert by_kernel(variables) == by_script(variables) == {"AML_PAGE": "http://localhost:8888/"}
