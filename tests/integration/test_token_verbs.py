"""`jupyter aml token`: tokens of plain HTTP clients, from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_aml.cli import main
from jupyter_aml.domain.errors import Refused
from jupyter_aml.engine.tokens import Tokens
from jupyter_aml.sdk.core import Workspace


def test_tokens_are_made_listed_and_revoked(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str, code: int = 0) -> str:
        assert main(["token", *words]) == code
        told = capsys.readouterr()
        return (told.out + told.err).strip()

    tokens = Tokens(Path(ws.client.status()["root"]))
    text = said("create", "robot", "--only", "default", "--read-only", "--hours", "0.5")

    made = tokens.check(text)
    assert (made.name, made.workspace, made.verbs) == ("robot", "default", ("read",))
    assert (made.expires_at - made.created_at).total_seconds() == 1800
    assert [each["id"] for each in json.loads(said("ls", "--json"))] == [made.id]
    assert "robot" in said("ls")
    assert text not in said("ls")
    assert said("rm", made.id) == f"{made.id} is revoked"
    with pytest.raises(Refused):
        tokens.check(text)
    assert "there is no token" in said("rm", made.id, code=1)
    assert "there is no workspace 'nobody'" in said("create", "--only", "nobody", code=1)
    assert "seconds: expected a number from 1" in said("create", "--hours", "0", code=1)
