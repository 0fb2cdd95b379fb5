"""Tokens of ours against a real server: they open what they are for, and leave no trace."""

from __future__ import annotations

import json
import re
import sys

import pytest

from jupyter_aml.sdk.core.authentication import InteractiveLoginAuthentication
from tests.attacks.conftest import Victim

JOB = {"command": ["main.py"], "interpreter": sys.executable}


@pytest.fixture
def header(victim: Victim, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a notebook on the same root sends along with its requests."""
    monkeypatch.setenv("AML_ROOT", str(victim.root))
    return InteractiveLoginAuthentication().get_authentication_header()


def body(script: str, **more: object) -> bytes:
    source = {"files": {"main.py": script}}
    return json.dumps({"experiment": "tokens", "source": source, "job": JOB, **more}).encode()


def test_the_header_of_a_notebook_sends_runs_from_anywhere(
    victim: Victim, header: dict[str, str]
) -> None:
    script = "import os; print(sorted(os.environ.items()))"

    answer = victim.bare("POST", "aml/runs", headers=header, body=body(script))
    run = victim.ended(answer.json["runId"])

    assert (answer.code, run["status"]) == (201, "Completed")
    secret = header["Authorization"].split("_", 2)[2]
    assert secret not in victim.console(run)
    assert secret not in victim.log.read_text()
    kept = [path for path in victim.root.rglob("*") if path.is_file() and not path.is_socket()]
    assert [path for path in kept if secret.encode() in path.read_bytes()] == []
    assert victim.root.stat().st_mode & 0o077 == 0


def test_a_token_that_was_revoked_opens_nothing_at_once(
    victim: Victim, header: dict[str, str]
) -> None:
    made = victim.ask("POST", "tokens", {"name": "robot"}).json
    sent = {"Authorization": f"Bearer {made['token']}"}
    assert victim.bare("GET", "aml/runs", headers=sent).code == 200

    assert victim.ask("DELETE", f"tokens/{made['id']}").code == 204

    assert victim.bare("GET", "aml/runs", headers=sent).code == 401
    assert victim.bare("GET", "aml/runs", headers=header).code == 200


def test_a_token_does_not_open_jupyter_itself(victim: Victim, header: dict[str, str]) -> None:
    for path in ("api/contents", "api/kernels", "api/sessions", "api/me", "lab", "aml/events"):
        assert victim.bare("GET", path, headers=header).code in (302, 401, 403), path


def test_a_token_of_one_workspace_reaches_no_run_of_another(victim: Victim) -> None:
    victim.ask("POST", "workspaces", {"name": "team", "existOk": True})
    ours, theirs = victim.run("1", workspace="team"), victim.run("print('theirs')")
    made = victim.ask("POST", "tokens", {"workspace": "team"}).json
    sent = {"Authorization": f"Bearer {made['token']}"}

    inside = victim.bare("GET", f"aml/runs/{ours['runId']}", headers=sent)
    log = f"aml/runs/{theirs['runId']}/logs/user_logs/std_log.txt"
    outside = [
        victim.bare("GET", log, headers=sent),
        victim.bare("GET", f"aml/runs/{ours['runId']}/../{theirs['runId']}", headers=sent),
        victim.bare("GET", f"aml/runs/%2e%2e%2f{theirs['runId']}", headers=sent),
        victim.bare("POST", f"aml/runs/{theirs['runId']}/retry", headers=sent, body=b"{}"),
        victim.bare("POST", "aml/runs", headers=sent, body=body("1", parentId=theirs["runId"])),
        victim.bare("POST", "aml/runs", headers=sent, body=body("1")),
    ]

    assert inside.json["workspace"] == "team"
    assert {answer.code for answer in outside} <= {400, 403, 404}
    assert not any(b"theirs" in answer.body for answer in outside)


def test_guesses_are_not_told_from_each_other(victim: Victim, header: dict[str, str]) -> None:
    """A known id with a wrong secret says no more than an id that nobody has."""
    head, number, secret = header["Authorization"].split("_", 2)
    stem = f"{head}_{number}"
    wrong = [f"{stem}_{'A' * len(secret)}", re.sub(r"aml_\w{16}", f"aml_{'0' * 16}", stem) + "_x"]

    answers = [victim.bare("GET", "aml/runs", headers={"Authorization": each}) for each in wrong]

    assert [answer.code for answer in answers] == [401, 401]
    assert answers[0].body == answers[1].body
