"""Who has no token, no right or another origin gets nowhere, and the token stays where it is."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from jupyter_aml.server import holder
from jupyter_aml.server.routes import ROUTES
from jupyter_aml.testing.jupyter import until
from tests.attacks.conftest import Victim

PATHS = [
    "aml/" + re.sub(r"\{\+?\w+\}", "x", route.path) for route in ROUTES if not route.on_socket_only
]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
WRITES = METHODS[2:]
FORMS = ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x")
REFUSED = {401, 403}
STOLEN = b'{"name": "stolen"}'


@pytest.fixture
def cookies(victim: Victim) -> dict[str, str]:
    """What the browser of a user who has logged in sends along, whoever asks."""
    inside = victim.bare("GET", "api/status", headers=victim.let_in)
    form = victim.bare("GET", "login")
    given = [
        value
        for answer in (inside, form)
        for name, value in answer.headers.items()
        if name.lower() == "set-cookie"
    ]
    return dict(each.partition(";")[0].split("=", 1) for each in given)


def as_header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def test_no_route_answers_without_a_token(victim: Victim) -> None:
    """Case 1: every route of the table, with every method, and below none of them."""
    asked = product(METHODS, [*PATHS, "aml/", "aml/nothing"])

    codes = {(method, path): victim.bare(method, path).code for method, path in asked}

    assert {one: code for one, code in codes.items() if code not in REFUSED} == {}
    # When it starts, Jupyter names the handlers that forgot to authenticate.
    told = re.findall(r"^- \w+ of (\w+) registered for (.+)", victim.log.read_text(), re.MULTILINE)
    assert "CarelessHandler" in [name for name, _ in told]
    assert [(name, where) for name, where in told if "/aml" in where] == []


def test_other_sites_learn_nothing_by_asking_first(victim: Victim) -> None:
    """Case 1, 4: a preflight of another origin is answered with no permission."""
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "DELETE"}

    answers = [victim.bare("OPTIONS", path, headers=headers) for path in PATHS]

    assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {None}


def test_a_cookie_without_its_xsrf_token_writes_nothing(
    victim: Victim, cookies: dict[str, str]
) -> None:
    """Case 3: forms, plain text and requests without CORS, with every writing method."""
    for method, path, kind in product(WRITES, PATHS, FORMS):
        headers = {"Cookie": as_header(cookies), "Content-Type": kind}
        answer = victim.bare(method, path, headers=headers, body=b"--x--\r\n")
        assert answer.code in {400, *REFUSED}, (method, path, kind)


@pytest.mark.parametrize("spoofed", [
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
    {"Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"},
    {"Origin": "null"},
    {"Origin": "http://evil.example", "Referer": "http://127.0.0.1/lab"},
    {"X-XSRFToken": "1"},
])  # fmt: skip
def test_what_a_page_can_claim_lets_nobody_write(
    victim: Victim, cookies: dict[str, str], spoofed: dict[str, str]
) -> None:
    """Case 4: claims about the origin stand in for neither cookie nor XSRF token."""
    for method, path in product(WRITES, PATHS):
        answer = victim.bare(
            method, path, headers={**spoofed, "Cookie": as_header(cookies)}, body=STOLEN
        )
        assert answer.code in {400, 404, *REFUSED}, (method, path)
    assert "stolen" not in {each["name"] for each in victim.ask("GET", "workspaces").json}


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://127.0.0.1.evil.example"])
def test_another_origin_writes_nothing_even_with_the_xsrf_token(
    victim: Victim, cookies: dict[str, str], origin: str
) -> None:
    """Case 4: a page that has got hold of cookie and XSRF token is still of another origin."""
    headers = {
        "Cookie": as_header(cookies), "X-XSRFToken": cookies["_xsrf"], "Origin": origin,
    }  # fmt: skip

    for method, path in product(WRITES, PATHS):
        answer = victim.bare(method, path, headers=headers, body=STOLEN)
        # Jupyter hides from other origins what there is.
        assert answer.code in {403, 404}, (method, path)
    assert "stolen" not in {each["name"] for each in victim.ask("GET", "workspaces").json}


def test_a_name_that_was_rebound_to_this_machine_is_refused(victim: Victim) -> None:
    """Case 5: the Host header must name this machine, also with the right token."""
    for host in ("evil.example", "evil.example:8888", "127.0.0.1.evil.example", "169.254.169.254"):
        for path in PATHS:
            answer = victim.bare("GET", path, headers={**victim.let_in, "Host": host})
            assert answer.code == 403, (host, path)


@pytest.mark.usefixtures("jupyter_env")
def test_an_engine_without_jupyter_listens_on_no_port(aml_root: Path) -> None:
    """Case 5: the headless engine has a socket of its user in the file system, and no other."""
    command = [sys.executable, "-m", "jupyter_aml.cli", "serve"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until(lambda: holder.read(aml_root), seconds=30, what="the engine")
        links = [
            str(link.readlink())
            for link in Path(f"/proc/{process.pid}/fd").iterdir()
            if link.is_symlink()
        ]
        inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
        ports = [
            line.split()[9]
            for kind in ("tcp", "tcp6", "udp", "udp6")
            for line in Path(f"/proc/{process.pid}/net/{kind}").read_text().splitlines()[1:]
        ]
    finally:
        process.terminate()
        process.wait(30)

    assert inodes
    assert inodes.isdisjoint(ports)


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "https://127.0.0.1"])
def test_no_event_socket_for_another_origin(
    victim: Victim, cookies: dict[str, str], origin: str
) -> None:
    """Case 6: a browser sends its cookies along with any socket, so the origin decides."""
    with victim.upgrade({"Cookie": as_header(cookies), "Origin": origin}) as line:
        assert line.recv(64).split()[1] == b"403"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "token wrong"}, {"Cookie": "a=b"}])
def test_no_event_socket_without_a_token(victim: Victim, headers: dict[str, str]) -> None:
    """Case 1: sockets are asked like all others."""
    with victim.upgrade(headers) as line:
        assert line.recv(64).split()[1] == b"403"


def test_the_token_is_in_no_log_no_run_and_no_file(victim: Victim) -> None:
    """Case 7: asked with the token in the address, well or badly, it is written down nowhere."""
    token = victim.token
    asked = [
        victim.bare("GET", f"aml/status?token={token}"),
        victim.bare("GET", f"aml/runs?token={token}&sort=nonsense"),
        victim.bare("GET", f"aml/nothing?token={token}"),
        victim.bare("POST", f"aml/runs?token={token}", body=b"no json"),
        victim.bare("POST", f"aml/runs?token={token}", body=b"[]"),
        victim.bare(
            "GET", "aml/status", headers={"Referer": f"http://127.0.0.1/lab?token={token}"}
        ),
        victim.bare("GET", f"aml/runs/x/files/y?token={token}", headers={"Host": "evil.example"}),
    ]
    run = victim.run("import os; print(dict(os.environ))")

    assert [answer.code for answer in asked] == [200, 422, 404, 400, 400, 403, 403]
    assert token not in victim.console(run)
    assert token.encode() not in victim.log.read_bytes()
    holding = [path for path in victim.root.rglob("*") if path.is_file() and holds(path, token)]
    assert holding == []


def holds(path: Path, text: str) -> bool:
    return text.encode() in path.read_bytes()
