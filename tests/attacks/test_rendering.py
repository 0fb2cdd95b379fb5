"""No answer of the server can be run, framed or followed to another place by a browser.

What becomes of text in the page itself is tried in a browser: tests/browser/test_markup.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from jupyter_aml.server.routes import ROUTES
from tests.attacks.conftest import Victim

LEAVE = """
html = "<script>fetch('/api/contents')</script>"
svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
for name in ("a.html", "a.htm", "a.xhtml", "a.svg", "a.pdf", "a.xml", "a.ipynb", "a.js", "a.mhtml",
             "a.png.html", "a", "a.swf", "a.css", "a.csv", "a.json", "a.txt", "a.wasm"):
    open("outputs/" + name, "w").write(svg if name.endswith("svg") else html)
for name in ("a.png", "a.gif", "a.jpg", "a.webp"):
    open("outputs/" + name, "w").write(html)
print(html)
"""


def test_every_answer_says_what_no_browser_may_do_with_it(victim: Victim) -> None:
    """Case 29, 31: good or bad, each answer of each route is neither sniffed nor framed nor run."""
    run = victim.run("pass")
    for route in ROUTES:
        if route.on_socket_only or route.path == "events":
            continue
        path = re.sub(r"\{id\}|\{other\}", run["runId"], route.path)
        for method in route.calls:
            if method not in ("get", "patch"):
                continue
            answer = victim.ask(method.upper(), re.sub(r"\{\+?\w+\}", "x", path), body={})
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            policy = answer.headers["Content-Security-Policy"]
            assert "sandbox" in policy or "default-src 'none'" in policy, path
            assert "frame-ancestors 'self'" in policy or "frame-ancestors 'none'" in policy, path
            assert "html" not in answer.headers["Content-Type"], path


def test_a_file_that_could_hold_a_script_is_only_saved(victim: Victim) -> None:
    """Case 29: whatever its name, also where it is asked for as a picture."""
    run = victim.run(LEAVE)
    listed = victim.ask("GET", f"runs/{run['runId']}/files").json["files"]
    assert len(listed) == 22

    for name in (file["name"] for file in listed):
        for query in ("", "?inline=1"):
            answer = victim.ask("GET", f"runs/{run['runId']}/files/{name}{query}")
            kind = answer.headers["Content-Type"]
            assert answer.code == 200
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert kind == "application/octet-stream" or kind.startswith("image/")
            assert "svg" not in kind
            if kind == "application/octet-stream":
                assert answer.headers["Content-Disposition"].startswith("attachment")
        log = victim.ask("GET", f"runs/{run['runId']}/logs/{name}")
        assert log.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert log.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["next", "returnUrl", "url", "redirect", "continue"])
def test_nothing_is_redirected_to_another_place(victim: Victim, name: str) -> None:
    """Case 31: there is no route of ours that leads on."""
    for route in ROUTES:
        path = re.sub(r"\{\+?\w+\}", "x", route.path)
        for target in ("http://evil.example/", "//evil.example", "\\\\evil.example"):
            answer = victim.ask("GET", f"{path}?{name}={target}")
            assert "Location" not in answer.headers, path
    for path in ("aml//evil.example/..", "aml/%2f%2fevil.example", "aml/status/"):
        answer = victim.bare("GET", path, headers=victim.let_in)
        assert "evil.example" not in answer.headers.get("Location", "")


def test_a_terminal_is_not_written_to_by_names(victim: Victim) -> None:
    """Case 28: titles, links, clipboard, colours and directions in all that the shell prints."""
    bad = "\x1b]0;title\x07\x1b]52;c;AAAA\x07\x1b[2J\x9b31m\u202eevil\rname\x08"
    script = f"""
import os
from jupyter_aml.runfolder.records import RecordWriter
records = RecordWriter(os.environ["AML_RUN_DIR"] + "/metrics")
records.number({bad!r}, 1)
records.value("text", "text", {bad!r})
open("outputs/" + {bad!r}, "w").close()
raise ValueError({bad!r})
"""
    run, other = (
        victim.run(script, displayName=bad, description=bad, tags={bad: bad})["runId"]
        for _ in range(2)
    )
    env = {**os.environ, "AML_ROOT": str(victim.root)}

    for verb in (["ls"], ["show", run], ["metrics", run], ["files", run], ["compare", run, other]):
        shell = [sys.executable, "-m", "jupyter_aml.cli", *verb]
        done = subprocess.run(shell, env=env, capture_output=True, timeout=60, check=True)
        said = (done.stdout + done.stderr).decode()
        assert "evil" in said, verb
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said), verb
