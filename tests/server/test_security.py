"""Nobody without a token, a right or the right origin gets anywhere; no path leads out."""

from __future__ import annotations

import re
import stat

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from jupyter_aml.server.routes import ROUTES

CALLS = [
    (method.upper(), "aml/" + re.sub(r"\{\+?\w+\}", "x", route.path))
    for route in ROUTES
    for method in route.calls
    if not route.on_socket_only
]
WRITES = [call for call in CALLS if call[0] != "GET"]


class ReadOnly(Authorizer):
    """Lets everybody read our resource and nothing else."""

    def is_authorized(self, handler, user, action, resource):
        return resource == "jupyter_aml" and action == "read"


class Nobody(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return False


class Noting(Authorizer):
    """Keeps what it is asked, and lets nobody in."""

    def is_authorized(self, handler, user, action, resource):
        self.asked = (resource, action)
        return False


@pytest.fixture
def bare(server, http_server_client, jp_base_url):
    """Send a request as it is given, with no token, and return the answer whatever it is."""

    async def bare(method, path, *, headers=None, body=None):
        body = b"" if body is None and method in ("POST", "PATCH", "PUT") else body
        try:
            return await http_server_client.fetch(
                jp_base_url + path, method=method, headers=headers, body=body,
                follow_redirects=False,
            )  # fmt: skip
        except HTTPClientError as error:
            return error.response

    return bare


async def test_nothing_answers_without_a_token(bare, engine):
    calls = [*CALLS, ("GET", "aml/x"), ("PUT", "aml/runs")]

    codes = {call: (await bare(*call)).code for call in calls}

    assert others(codes, 403) == {}
    assert engine.asked == []


@pytest.mark.parametrize("headers", [
    {"Authorization": "token wrong"},
    {"Cookie": "_xsrf=1", "X-XSRFToken": "1"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "null"},
])  # fmt: skip
async def test_nothing_else_stands_in_for_a_token(bare, engine, headers):
    codes = {call: (await bare(*call, headers=headers)).code for call in WRITES}

    assert others(codes, 403, 404) == {}
    assert engine.asked == []


async def test_who_may_only_read_changes_nothing(ask, server, engine):
    server.web_app.settings["authorizer"] = ReadOnly()

    told = {}
    for method, path in WRITES:
        body = None if method == "DELETE" else {}
        status, answer = await ask(method, *path.split("/")[1:], body=body)
        told[method, path] = (status, answer["error"])

    assert others(told, (403, "Forbidden")) == {}
    assert engine.asked == []


async def test_every_verb_asks_the_authorizer(ask, server, engine):
    server.web_app.settings["authorizer"] = Nobody()

    codes = {(method, path): (await ask(method, *path.split("/")[1:]))[0] for method, path in CALLS}

    assert others(codes, 403) == {}
    assert engine.asked == []


async def test_reading_changing_and_ending_are_three_rights(ask, server, engine):
    """As docs/reference/settings.md tells those who write an authorizer."""
    rights = dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), "write") | {"GET": "read"}
    noting = server.web_app.settings["authorizer"] = Noting()

    told = {}
    for method, path in CALLS:
        await ask(method, *path.split("/")[1:])
        told[method, path] = noting.asked

    assert told == {
        (method, path): (
            "jupyter_aml", "execute" if path == "aml/runs/x/cancel" else rights[method]
        )
        for method, path in CALLS
    }  # fmt: skip
    assert engine.asked == []


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]
)
async def test_a_cookie_alone_writes_nothing(
    bare, server, engine, jp_base_url, http_server_client, kind
):
    cookies = await logged_in(http_server_client, jp_base_url, server)
    headers = {"Cookie": cookies, "Content-Type": kind}

    codes = {}
    for method, path in WRITES:
        body = None if method == "DELETE" else b"--x--\r\n"
        codes[method, path] = (await bare(method, path, headers=headers, body=body)).code

    # A DELETE without a body is no multipart form, which is said even earlier.
    assert others(codes, 400, 403) == {}
    assert engine.asked == []


async def test_a_cookie_with_its_xsrf_token_writes(
    bare, server, engine, jp_base_url, http_server_client
):
    cookies = await logged_in(http_server_client, jp_base_url, server)
    xsrf = re.search(r"_xsrf=([^;]+)", cookies).group(1)

    answer = await bare(
        "POST", "aml/runs/r/cancel", headers={"Cookie": cookies, "X-XSRFToken": xsrf}
    )

    assert answer.code == 202


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_a_page_of_another_origin_writes_nothing_with_our_cookie(
    bare, server, engine, jp_base_url, http_server_client, origin
):
    cookies = await logged_in(http_server_client, jp_base_url, server)
    xsrf = re.search(r"_xsrf=([^;]+)", cookies).group(1)
    headers = {"Cookie": cookies, "X-XSRFToken": xsrf, "Origin": origin}

    answer = await bare("DELETE", "aml/runs/r", headers=headers)

    assert answer.code in (403, 404)
    assert engine.asked == []


async def test_a_name_that_is_rebound_to_this_host_is_refused(bare, server, engine, jp_auth_header):
    headers = {**jp_auth_header, "Host": "evil.example"}

    answer = await bare("GET", "aml/status", headers=headers)

    assert answer.code == 403


@pytest.mark.parametrize("headers", [{}, {"Authorization": "token wrong"}])
async def test_no_socket_without_a_token(server, engine, jp_http_port, jp_base_url, headers):
    with pytest.raises(HTTPClientError) as refused:
        await open_socket(jp_http_port, jp_base_url, headers)

    assert refused.value.code == 403
    assert engine.listeners == set()


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_no_socket_for_a_page_of_another_origin(
    server, engine, jp_http_port, jp_base_url, http_server_client, origin
):
    cookies = await logged_in(http_server_client, jp_base_url, server)

    with pytest.raises(HTTPClientError) as refused:
        await open_socket(jp_http_port, jp_base_url, {"Cookie": cookies, "Origin": origin})

    assert refused.value.code == 403
    assert engine.listeners == set()


async def test_no_socket_for_whom_the_authorizer_refuses(server, engine, jp_ws_fetch):
    server.web_app.settings["authorizer"] = Nobody()

    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch("aml", "events")

    assert refused.value.code == 403


WAYS_OUT = [
    "../../secret.txt", "..", "outputs/../../secret.txt", "/etc/passwd", "//etc/passwd",
    "..%2f..%2fsecret.txt", "%2e%2e/%2e%2e/secret.txt", "%2e%2e%2fsecret.txt", "%2fetc%2fpasswd",
    "..%5c..%5csecret.txt", "c:%5cwindows", "C:/x", "%5c%5chost%5cshare", "a%00.txt", "a%0ab",
    "outputs//x", "./x", "outputs/.", "x" * 300, "outputs/" + "y/" * 600 + "z",
]  # fmt: skip
HARMLESS = ["%252e%252e%252fsecret.txt", "..;/secret.txt", "secret.txt.", "secret.txt%20"]
PLACES = ["files", "logs", "snapshot"]


@pytest.mark.parametrize("place", PLACES)
async def test_a_name_that_leads_out_is_refused(bare, engine, root, jp_auth_header, place):
    (root / "secret.txt").write_text("secret")
    (root.parent / "secret.txt").write_text("secret")
    paths = [f"aml/runs/run-1/{place}/{name}" for name in WAYS_OUT]

    codes = {path: (await bare("GET", path, headers=jp_auth_header)).code for path in paths}

    assert others(codes, 403) == {}
    assert engine.asked == []


async def test_a_name_is_decoded_once_and_not_tidied(bare, engine, jp_auth_header):
    (engine.folder.path / "files").mkdir(parents=True)
    (engine.folder.path / "secret.txt").write_text("secret")
    (engine.folder.path / "files" / "secret.txt").write_text("another name")
    paths = [f"aml/runs/run-1/{place}/{name}" for place in PLACES for name in HARMLESS]

    codes = {path: (await bare("GET", path, headers=jp_auth_header)).code for path in paths}

    assert others(codes, 404) == {}


async def test_bytes_that_are_no_text_are_no_name(bare, engine, jp_auth_header):
    answer = await bare("GET", "aml/runs/run-1/files/%c0%ae%c0%ae", headers=jp_auth_header)

    assert (answer.code, engine.asked) == (400, [])


NO_IDS = ["..", "%2e%2e", "a%2fb", "a%00", "a%20b", "x" * 300, "-x", "%0a"]
OF_RUNS = ["", "/files", "/files/x", "/logs/x", "/snapshot/x", "/metrics"]
NO_WORKSPACES = ["..", "a%2fb", "%00", "x" * 300]


async def test_an_id_or_a_workspace_that_cannot_be_is_refused(bare, engine, jp_auth_header):
    paths = [f"aml/runs/{run_id}{end}" for run_id in NO_IDS for end in OF_RUNS]
    paths += [f"aml/workspaces/{name}" for name in NO_WORKSPACES]

    codes = {path: (await bare("GET", path, headers=jp_auth_header)).code for path in paths}

    assert others(codes, 422) == {}
    assert engine.asked == []


async def test_root_socket_and_engine_json_are_for_this_user_alone(engine, root):
    def mode(path):
        return stat.S_IMODE(path.stat().st_mode)

    assert mode(root) == 0o700
    assert mode(root / "engine.json") == 0o600
    assert [mode(path) for path in root.parent.rglob("*.sock")] in ([], [0o600])


def others(told, *expected):
    """Which of these were answered in another way, and how."""
    return {what: answer for what, answer in told.items() if answer not in expected}


async def logged_in(client, base_url, server):
    """Log in with the token as a page does, and return the cookies that the page has then."""
    token = {"Authorization": f"token {server.identity_provider.token}"}
    inside = await client.fetch(f"{base_url}api/status", headers=token)
    form = await client.fetch(f"{base_url}login")
    given = inside.headers.get_list("Set-Cookie") + form.headers.get_list("Set-Cookie")
    return "; ".join(cookie.partition(";")[0] for cookie in given)


async def open_socket(port, base_url, headers):
    request = HTTPRequest(f"ws://localhost:{port}{base_url}aml/events", headers=headers)
    return await websocket_connect(request)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "datastores/x/secrets"), ("POST", "secret-values")]
)
async def test_values_of_secrets_have_no_door_of_the_page(ask, engine, method, path):
    status, told = await ask(method, *path.split("/"), body={} if method == "POST" else None)

    assert (status, told["error"]) == (404, "NotFound")
    assert not any("secret" in heard[0] for heard in engine.asked)
