"""Files of users are read whatever editor wrote them, and what is broken is named by its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.sdk._submit.command_line import Script
from jupyter_aml.sdk.core import workspace
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.core.workspace import Workspace
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.notebooks import notebook_config

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]
CONFIG = '{\n"subscription_id": "", "resource_group": "", "workspace_name": "ws1"}\n'


class Engine:
    """Has every workspace that is asked for."""

    @property
    def workspaces(self) -> Engine:
        return self

    def get(self, name: str) -> dict[str, Any]:
        return {"name": name}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workspace, "find", Engine)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("place", ["config.json", ".azureml/config.json"])
def test_the_workspace_of_a_config_is_taken_whatever_its_encoding(
    tmp_path: Path, encoding: str, place: str
) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text(CONFIG, encoding=encoding)

    assert Workspace.from_config().name == "ws1"
    assert Workspace.from_config(tmp_path).name == "ws1"
    assert Workspace.from_config(tmp_path / place).name == "ws1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            CONFIG.replace("ws1", 'w"s1').encode(),
            "config.json, line 2, column 67: this is not JSON",
        ),
        (CONFIG[:40].encode(), "config.json, line 2, column 24: this is not JSON"),
        (CONFIG.replace("ws1", "ws\xe9").encode("latin-1"), "config.json, line 2: it is not text"),
        (CONFIG.replace('"ws1"', "null").encode(), "config.json is not a config.json of a worksp"),
        (b'{"subscription_id": ""}', "config.json is not a config.json of a workspace"),
        (b'{"workspace_name": "a"} x', "config.json, line 1, column 25: this is not JSON"),
    ],
)
def test_a_broken_config_is_named_with_its_line_and_is_no_other_workspace(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "config.json").write_bytes(content)

    for path in (None, tmp_path, tmp_path / "config.json"):
        with pytest.raises(UserErrorException) as caught:
            Workspace.from_config(path)
        assert str(tmp_path / said) in str(caught.value)


@pytest.mark.parametrize("content", ['{"name": "other"}', "{// comment\n}", ""])
def test_the_config_of_another_tool_is_passed_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)

    assert Workspace.from_config().name == "default"


def notebook(path: Path) -> str:
    return json.dumps(notebook_config(path).request()["source"])


def packages(path: Path) -> list[str]:
    return list(Environment.from_pip_requirements("x", path).python.conda_dependencies.pip_packages)


def conda(path: Path) -> list[str]:
    return list(CondaDependencies(path).conda_packages)


def script(path: Path) -> str:
    return json.dumps(Script(str(path), [], source=None).request()["source"])


def saved(path: Path) -> str:
    return str(Environment.load_from_directory(path.parent).name)


READERS: list[tuple[str, str, Callable[[Path], Any]]] = [
    ("n.ipynb", '{"cells": []}\n', notebook),
    ("r.txt", "six\n", packages),
    ("c.yml", "dependencies:\n- six\n", conda),
    ("s.py", "import six\n", script),
    ("azureml_environment.json", '{"name": "x"}\n', saved),
]


@pytest.mark.parametrize("encoding", ENCODINGS[1:])
@pytest.mark.parametrize(("name", "text", "read"), READERS, ids=[one[0] for one in READERS])
def test_a_mark_at_the_beginning_of_a_file_is_none_of_its_letters(
    tmp_path: Path, encoding: str, name: str, text: str, read: Callable[[Path], Any]
) -> None:
    (tmp_path / name).write_text(text)
    plain = read(tmp_path / name)

    (tmp_path / name).write_text(text, encoding=encoding)

    assert read(tmp_path / name) == plain


@pytest.mark.parametrize(("name", "text", "read"), READERS, ids=[one[0] for one in READERS])
def test_a_file_that_is_no_text_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, read: Callable[[Path], Any]
) -> None:
    (tmp_path / name).write_bytes(b"\n" + b"\xe9" + text.encode())

    with pytest.raises((AmlError, UserErrorException), match="line 2: it is not text in UTF-8"):
        read(tmp_path / name)
