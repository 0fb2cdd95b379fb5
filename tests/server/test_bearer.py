"""A token of ours opens what it was made for, and nothing else stands in for one."""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import HTTPClientError

from jupyter_aml.domain import token as rules
from jupyter_aml.domain.errors import Refused
from jupyter_aml.domain.token import LONGEST, Token, digest_of
from jupyter_aml.engine.tokens import Tokens
from jupyter_aml.server.routes import ROUTES
from jupyter_aml.wire.tokens import decode_new_token

CALLS = [
    (method.upper(), route.path, re.sub(r"\{\+?\w+\}", "x", route.path))
    for route in ROUTES
    for method in route.calls
    if not route.on_socket_only
]
NEVER = {"tokens", "engine", "secrets", "secret-values"}


@pytest.fixture
def bare(server, http_server_client, jp_base_url):
    """Send a request with a token of ours, or none, and return the answer whatever it is."""

    async def bare(method, path, token=None, *, headers=None, body=None):
        given = {} if token is None else {"Authorization": f"Bearer {token}"}
        sent = b"" if body is None and method in ("POST", "PATCH", "PUT") else body
        if isinstance(sent, dict):
            sent = json.dumps(sent).encode()
        try:
            return await http_server_client.fetch(
                f"{jp_base_url}aml/{path}", method=method, headers={**given, **(headers or {})},
                body=sent, follow_redirects=False,
            )  # fmt: skip
        except HTTPClientError as error:
            return error.response

    return bare


@pytest.fixture
def issue(root):
    """Make a token in the root; returns its text."""

    def issue(**asked):
        return Tokens(root).issue(decode_new_token(asked))[1]

    return issue


def message(answer):
    return json.loads(answer.body)["message"]


# ---- what opens -----------------------------------------------------------------------------


async def test_a_token_reads_and_writes_without_cookie_and_xsrf_token(bare, engine, issue):
    token = issue(name="mine")

    read = await bare("GET", "workspaces", token)
    written = await bare("POST", "workspaces", token, body={"name": "lab"})

    assert (read.code, written.code) == (200, 201)
    assert "add_workspace" in str(engine.asked)


async def test_the_header_is_taken_in_any_letters_and_from_any_origin(bare, engine, issue):
    headers = {
        "Authorization": f"bearer  {issue()}", "Origin": "http://elsewhere.example",
        "Cookie": "_xsrf=1",
    }  # fmt: skip

    assert (await bare("POST", "workspaces", headers=headers, body={"name": "lab"})).code == 201


async def test_it_is_made_told_once_listed_and_revoked(ask, bare, engine, root):
    status, made = await ask("POST", "tokens", body={"name": "robot", "verbs": ["read"]})
    _, listed = await ask("GET", "tokens")

    assert status == 201
    assert [each["name"] for each in listed] == ["robot"]
    assert "token" not in listed[0]
    secret = made["token"].split("_", 2)[2]
    kept = "".join(path.read_text() for path in root.rglob("*.json"))
    assert made["id"] in kept
    assert secret not in kept
    assert (await bare("GET", "workspaces", made["token"])).code == 200

    assert (await ask("DELETE", "tokens", made["id"]))[0] == 204
    refused = await bare("GET", "workspaces", made["token"])
    assert (refused.code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "it was revoked" in message(refused)
    assert (await ask("DELETE", "tokens", made["id"]))[0] == 404


class Nobody(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return False


class TestAuthorizer:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        jp_server_config["ServerApp"]["authorizer_class"] = Nobody
        return jp_server_config

    async def test_an_authorizer_of_the_users_of_jupyter_has_no_say(self, bare, engine, issue, ask):
        assert (await ask("GET", "workspaces"))[0] == 403
        assert (await bare("GET", "workspaces", issue())).code == 200


class TestStrictJupyter:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        jp_server_config["ServerApp"]["allow_unauthenticated_access"] = False
        return jp_server_config

    async def test_a_server_that_lets_nobody_in_by_itself_takes_tokens(self, bare, engine, issue):
        assert (await bare("GET", "workspaces")).code == 403
        assert (await bare("GET", "workspaces", issue())).code == 200


# ---- what does not --------------------------------------------------------------------------


async def test_nothing_opens_with_a_wrong_token(bare, engine, issue):
    good = issue()
    head, number, secret = good.split("_", 2)
    stem = f"{head}_{number}"
    wrong = [
        f"aml_{'0' * 16}_{secret}",
        f"{stem}_{'A' * 43}",
        f"{stem}_{secret[:-1]}",
        f"{good}x",
        "aml_",
        "aml_../../aml_x",
        f"aml_{'%2e' * 5}x_{secret}",
    ]

    codes = {(text, path): (await bare(method, path, text)).code
             for text in wrong for method, _, path in CALLS if path != "events"}  # fmt: skip

    assert set(codes.values()) == {401}
    # The socket of events takes no token of ours at all.
    assert (await bare("GET", "events", good)).code == 403
    assert engine.asked == []


async def test_a_wrong_token_is_not_mended_by_a_cookie_that_is_good(bare, engine, ask, jp_fetch):
    inside = await jp_fetch("api", "status")
    cookie = "; ".join(each.partition(";")[0] for each in inside.headers.get_list("Set-Cookie"))

    answer = await bare("GET", "workspaces", "aml_x", headers={"Cookie": cookie})

    assert answer.code == 401


async def test_a_token_ends(bare, engine, root, issue):
    token = issue(seconds=60)
    (kept,) = (root / "tokens").glob("*.json")
    told = json.loads(kept.read_text())
    kept.write_text(json.dumps({**told, "expiresAt": "2020-01-01T00:00:00.000000Z"}))

    answer = await bare("GET", "workspaces", token)

    assert (answer.code, message(answer)) == (
        401, "this token ended at 2020-01-01 00:00 UTC: get another",
    )  # fmt: skip
    assert Tokens(root).list() == []


async def test_a_token_that_reads_does_not_write(bare, engine, issue):
    token = issue(verbs=["read"])

    codes = {path: (await bare(method, path, token)).code
             for method, _, path in CALLS if method != "GET"}  # fmt: skip

    assert set(codes.values()) == {403}
    assert (await bare("GET", "workspaces", token)).code == 200


async def test_no_token_makes_tokens_or_reaches_the_engine(bare, engine, issue):
    token = issue()

    codes = {(method, path): (await bare(method, path, token)).code
             for method, route, path in CALLS if route.partition("/")[0] in NEVER}  # fmt: skip

    assert ("POST", "tokens") in codes
    assert set(codes.values()) == {403}


async def test_a_token_opens_nothing_of_jupyter(issue, engine, http_server_client, jp_base_url):
    headers = {"Authorization": f"Bearer {issue()}"}

    for path in ("api/contents", "api/kernels", "api/terminals"):
        with pytest.raises(HTTPClientError, match="403"):
            await http_server_client.fetch(f"{jp_base_url}{path}", headers=headers)


# ---- one workspace --------------------------------------------------------------------------


@pytest.fixture
def lab(root, issue, engine):
    """A token for workspace `lab`, which has run `mine`; run `other` is of the default one."""
    for workspace, run_id in (("lab", "mine"), ("default", "other"), ("default", "x")):
        (root / "workspaces" / workspace / "runs" / run_id).mkdir(parents=True)
    return issue(workspace="lab")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "status", None),
        ("GET", "workspaces/lab", None),
        ("GET", "runs?workspace=lab", None),
        ("GET", "runs/mine", None),
        ("GET", "experiments?workspace=lab", None),
        ("POST", "experiments", {"workspace": "lab", "name": "e"}),
        ("POST", "runs/mine/cancel", None),
    ],
)
async def test_a_token_of_a_workspace_opens_it(bare, lab, method, path, body):
    assert (await bare(method, path, lab, body=body)).code < 300


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "workspaces", None),
        ("POST", "workspaces", {"name": "lab2"}),
        ("GET", "workspaces/default", None),
        ("DELETE", "workspaces/default", None),
        ("GET", "runs", None),
        ("GET", "runs?workspace=default", None),
        ("GET", "runs?workspace=lab&workspace=default", None),
        ("GET", "runs?workspace=default&workspace=lab", None),
        ("GET", "runs?workspace=", None),
        ("GET", "runs/other", None),
        ("GET", "runs/nothing", None),
        ("GET", "runs/mine/difference/other", None),
        ("GET", "runs/other/difference/mine", None),
        ("GET", "runs/%2e%2e", None),
        ("DELETE", "runs/other", None),
        ("POST", "runs", {"experiment": "e"}),
        ("POST", "runs?workspace=lab", {"experiment": "e"}),
        ("POST", "runs", {"workspace": "default", "experiment": "e"}),
        ("POST", "runs", {"workspace": "lab", "experiment": "e", "parentId": "other"}),
        ("POST", "runs", {"workspace": "lab", "experiment": "e", "runId": "other"}),
        ("POST", "runs", {"workspace": "lab", "experiment": "e", "runId": "../../x"}),
        ("POST", "experiments", {"name": "e"}),
        ("POST", "prune", {"workspace": "lab"}),
        ("POST", "environment-prune", {}),
        ("GET", "kernels", None),
        ("POST", "kernels", {"environment": "x"}),
        ("GET", "nothing", None),
    ],
)
async def test_a_token_of_a_workspace_opens_no_other(bare, engine, lab, method, path, body):
    answer = await bare(method, path, lab, body=body)

    assert answer.code == 403
    assert engine.asked == []


async def test_every_route_of_another_workspace_is_closed(bare, engine, lab):
    """Routes that come later are closed for such tokens until they say how they are told."""
    codes = {
        (method, path): (await bare(method, path, lab, body={} if method != "GET" else None)).code
        for method, _, path in CALLS
        if method in ("GET", "POST", "PATCH", "PUT")
    }

    opened = {one for one, code in codes.items() if code != 403}
    free = ("status", "compute-kinds", "compute-sizes", "openapi.json")
    assert opened <= {("GET", path) for path in free}


# ---- rules ----------------------------------------------------------------------------------


def a_token(**more):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    given = {
        "id": "0" * 16, "digest": digest_of("s"), "name": "", "workspace": None,
        "verbs": ("read",), "created_at": now, "expires_at": now + timedelta(hours=1), **more,
    }  # fmt: skip
    return Token(**given)


def test_a_token_is_good_until_its_end_and_no_longer():
    token = a_token()

    token.check("s", now=token.expires_at - timedelta(microseconds=1))
    with pytest.raises(Refused, match="ended at"):
        token.check("s", now=token.expires_at)


def test_secrets_are_compared_in_constant_time(monkeypatch):
    compared, right = [], hmac.compare_digest

    def compare(one, other):
        compared.append((one, other))
        return right(one, other)

    monkeypatch.setattr(rules.hmac, "compare_digest", compare)

    with pytest.raises(Refused, match="not one of ours"):
        a_token().check("t", now=a_token().created_at)

    assert compared == [(digest_of("t"), digest_of("s"))]


@pytest.mark.parametrize(
    "body",
    [
        {"seconds": 0}, {"seconds": LONGEST + 1}, {"seconds": True}, {"seconds": "60"},
        {"verbs": []}, {"verbs": ["admin"]}, {"verbs": "read"}, {"workspace": "../x"},
        {"name": "x" * 201},
    ],
)  # fmt: skip
async def test_what_is_no_token_is_not_made(ask, engine, root, body):
    status, answer = await ask("POST", "tokens", body=body)

    assert (status, answer["error"]) == (422, "Invalid")
    assert not (root / "tokens").exists()
