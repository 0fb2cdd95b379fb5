"""Where the client looks for the engine, and what it says when there can be none."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.client import default_root, find, finding, running
from jupyter_aml.client.finding import _clean
from jupyter_aml.domain.errors import StorageFailed, Unreachable


def test_the_root_is_what_AML_ROOT_says_else_a_folder_of_jupyter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("AML_ROOT", raising=False)

    assert default_root() == tmp_path / "data" / "aml"
    monkeypatch.setenv("AML_ROOT", str(tmp_path / "root"))
    assert default_root() == tmp_path / "root"


@pytest.mark.parametrize("told", ["", "{", "[]", '{"pid": 1}', '{"socket": "/nowhere/s"}'])
def test_an_engine_json_that_leads_nowhere_is_no_engine(tmp_path: Path, told: str) -> None:
    (tmp_path / "engine.json").write_text(told)

    assert running(tmp_path) is None


def test_a_root_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageFailed, match=r"file/root: .*AML_ROOT"):
        find(tmp_path / "file" / "root")


def test_a_url_in_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AML_URL", "http://host:8888/user/me")
    monkeypatch.setenv("AML_TOKEN", "secret")

    client = find()

    assert (client.address.url, client.address.token) == ("http://host:8888/user/me", "secret")


def test_an_engine_does_not_inherit_what_speaks_of_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    about_a_run = {"AML_RUN_ID", "AML_RUN_DIR", "AML_SOCKET", "AML_TOKEN", "JPY_SESSION_NAME"}
    for name in {*about_a_run, "AML_KEPT"}:
        monkeypatch.setenv(name, "x")

    kept = _clean()

    assert "AML_KEPT" in kept
    assert not about_a_run & kept.keys()


def test_an_engine_that_comes_on_is_waited_for_longer_than_a_silent_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(finding, "_PATIENCE", 3.0)
    slow = a_program(
        tmp_path / "slow", "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep .5; done; exit 3"
    )
    monkeypatch.setattr(finding.sys, "executable", slow)

    with pytest.raises(Unreachable, match="could not be started: 9"):
        find(tmp_path / "root")


def test_an_engine_that_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(finding, "_PATIENCE", 0.2)
    monkeypatch.setattr(finding.sys, "executable", a_program(tmp_path / "mute", "exec sleep 2"))

    with pytest.raises(Unreachable, match=r"no engine answered for .* within 0\.2 s"):
        find(tmp_path / "root")


def a_program(path: Path, lines: str) -> str:
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return str(path)
