"""Scripts of another machine: they see their own files alone, and the engine sees none of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from jupyter_aml.testing.jupyter import JupyterServer
from tests.conftest import REPOSITORY

OWN = "/tmp/aml-elsewhere"
"""The folder of the other machine, where nothing is on this one."""


def ran(script: str, server: JupyterServer, *hidden: Path, **more: str) -> str:
    """What a script prints that reaches the engine by the server's address alone.

    It runs in a name space of its own, in which `hidden` is empty and OWN is a disk of its own.
    """
    unshare = shutil.which("unshare")
    alone = ["--mount"] if os.geteuid() == 0 else ["--map-root-user", "--mount"]
    if unshare is None or subprocess.run([unshare, *alone, "true"], check=False).returncode:
        pytest.skip("mounts are not allowed here")
    os.makedirs(OWN, exist_ok=True)
    mounts = "".join(f"mount -t tmpfs none '{place}' && " for place in (*hidden, OWN))
    command = f'{mounts}cd {OWN} && exec "$0" -c "$1"'
    done = subprocess.run(
        [unshare, *alone, "/bin/sh", "-c", command, sys.executable, script],
        env=_variables(server, more), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def _variables(server: JupyterServer, more: Mapping[str, str]) -> dict[str, str]:
    ours = ("AML_", "JUPYTER", "HOME", "IPYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    told = {"AML_URL": server.url, "AML_TOKEN": server.token, "HOME": OWN}
    return {**kept, **told, "PYTHONPATH": str(REPOSITORY), **more}
