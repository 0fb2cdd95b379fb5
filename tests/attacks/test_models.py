"""What is registered as a model is what its caller may have, and is never more than bytes."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.conftest import Victim

SECRET = b"the secret of somebody else"


class Evil:
    """What runs code where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def models(victim: Victim) -> list[str]:
    return [model["id"] for model in victim.ask("GET", "models").json["models"]]


@pytest.mark.parametrize("path", [
    "/proc/self/environ", "/dev/zero", "/dev/tty", "/proc/kmsg", "/", "relative", "../secret",
    "\0", "/tmp/\0x", "/nobody", "~/secret", "file:///etc/passwd", "/proc/self/fd/0",
])  # fmt: skip
def test_a_path_that_holds_no_model_registers_none(victim: Victim, path: str) -> None:
    """Case 11, 13: special files are never waited for, and what the engine has is its own."""
    before = models(victim)

    answer = victim.ask("POST", "models", {"name": "attack", "source": {"path": path}})

    assert answer.code in (403, 404, 422), answer.body
    assert models(victim) == before


def test_files_of_a_run_that_are_links_register_nothing_of_others(
    victim: Victim, tmp_path: Path
) -> None:
    """Case 13: a link, and a folder that is one, in the place of a file of the run."""
    secret = tmp_path / "secret-of-models"
    secret.write_bytes(SECRET)
    run = victim.run(
        f"import os\nos.makedirs('outputs/m')\nopen('outputs/m/own', 'w').write('own')\n"
        f"os.symlink({str(secret)!r}, 'outputs/m/link')\n"
        f"os.symlink({str(secret.parent)!r}, 'outputs/out')\nos.mkfifo('outputs/m/pipe')\n"
    )
    for path in ("outputs/m/link", "outputs/out/secret-of-models", "outputs/out", "../run.json",
                 "outputs/m/pipe", "outputs/../../secrets.json"):  # fmt: skip
        body = {"name": "linked", "source": {"runId": run["runId"], "path": path}}
        assert victim.ask("POST", "models", body).code in (403, 404, 422), path

    body = {"name": "linked", "source": {"runId": run["runId"], "path": "outputs/m"}}
    assert victim.ask("POST", "models", body).code == 201
    files = victim.ask("GET", "models/linked/files").json["files"]
    assert [file["path"] for file in files] == ["m/own"]


def test_a_pickle_is_bytes_and_no_browser_runs_what_it_holds(victim: Victim) -> None:
    """Case 36: nothing that is registered, listed, described or fetched is loaded."""
    mark = victim.folder / "unpickled"
    path = victim.folder / "evil.html"
    path.write_bytes(pickle.dumps(Evil(mark)) + b"<script>alert(1)</script>")
    said = "<img src=x onerror=alert(1)>"

    made = victim.ask("POST", "models", {
        "name": "evil", "source": {"path": str(path)}, "description": said, "tags": {said: said},
    })  # fmt: skip
    assert made.code == 201
    for about in ("models/evil", "models/evil/lineage", "models/evil/files", "models"):
        assert victim.ask("GET", about).headers["Content-Type"].startswith("application/json")
    answer = victim.ask("GET", "models/evil/files/evil.html")

    assert answer.body == path.read_bytes()
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert not mark.exists()
