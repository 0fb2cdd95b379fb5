"""Kernels as jobs of a real Slurm, in a real Jupyter server."""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_aml.testing.jupyter import until
from tests.integration.test_kernels import World, a_world
from tests.slurm_cluster import SlurmCluster

pytestmark = pytest.mark.timeout(300)

WHO = "import os; print(os.getpid(), os.environ['SLURM_JOB_ID'], os.environ['AML_KERNEL'])"


@pytest.fixture
def world(slurm: SlurmCluster) -> Iterator[World]:
    """A server whose workspace has the cluster, and an environment that need not be built."""
    with a_world() as world:
        body = {"name": "hpc", "kind": "slurm", "settings": {"memory": "1g"}}
        status, made = world.ask("POST", "aml/compute", body)
        assert status == 201, made
        python = {"userManagedDependencies": True, "interpreterPath": sys.executable}
        body = {"workspace": "default", "definition": {"name": "own", "python": python}}
        assert world.ask("POST", "aml/environments", body)[0] == 201
        world.add_kernel("own", compute="hpc")
        yield world


def test_a_kernel_waits_in_slurms_queue_and_is_a_job_of_it_until_its_end(world, slurm):
    held = slurm.ask("sbatch", "--parsable", "--exclusive", "-N4", "--wrap", "sleep 300").strip()
    asked = world.ask_later("POST", "api/sessions", {
        "path": "hpc.ipynb", "name": "hpc.ipynb", "type": "notebook",
        "kernel": {"name": "aml-own-on-hpc"},
    })  # fmt: skip
    there = lambda: world.ask("GET", "aml/compute/hpc")[1]["kernels"]  # noqa: E731
    waits = lambda: there() and "waits in partition" in (there()[0]["reason"] or "")  # noqa: E731
    until(waits, seconds=60, what="Slurm's reason")
    slurm.ask("scancel", held)

    status, session = asked.result(timeout=120)

    assert status == 201, session
    kernel = session["kernel"]["id"]
    with world.talk(kernel) as talk:
        pid, job, own = talk.run("kept = 42; " + WHO).split()
        assert (own, job in slurm.ask("squeue", "-h", "-o", "%i")) == (kernel, True)
        loop = "import time\nwhile True: time.sleep(0.01)"
        busy = talk.client.execute(loop, stop_on_error=False)
        state = lambda: world.running(kernel)["state"]  # noqa: E731
        until(lambda: state() == "busy", seconds=30, what="the loop to begin")
        assert world.ask("POST", f"api/kernels/{kernel}/interrupt")[0] == 204
        reply = talk.client.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == busy
    opens_to_none_without_its_certificate(there()[0])
    until(lambda: there()[0]["session"], seconds=20, what="the session noted")

    world.server.kill()
    world.server.start_again()

    until(lambda: world.running(kernel), seconds=60, what="the kernel to be taken over")
    with world.talk(kernel) as talk:
        assert talk.run("print(kept); " + WHO).split()[:3] == ["42", pid, job]

    assert world.ask("POST", f"api/kernels/{kernel}/restart")[0] == 200

    with world.talk(kernel) as talk:
        assert "NameError" in talk.run("kept")
        second, same, _ = talk.run(WHO).split()
        assert (second != pid, same) == (True, job)

    # Somebody ends the job: Jupyter starts the kernel again, as another one.
    slurm.ask("scancel", job)
    until(lambda: not psutil.pid_exists(int(second)), seconds=60, what="the kernel to end")
    until(lambda: there() and there()[0]["state"] == "running", seconds=90, what="another job")
    with world.talk(kernel) as talk:
        third, other, _ = talk.run(WHO).split()
    assert other != job

    assert world.ask("DELETE", f"api/kernels/{kernel}")[0] == 204
    until(lambda: not psutil.pid_exists(int(third)), seconds=60, what="the kernel to end")
    until(lambda: not slurm.ask("squeue", "-h", "-o", "%i").split(), seconds=60, what="the queue")


def opens_to_none_without_its_certificate(kernel: Any) -> None:
    place = Path(kernel["place"])
    for name in ("kernel.json", "kernel.pem"):
        assert (place / name).stat().st_mode & 0o777 == 0o600
    [told] = place.glob("status/kernel.*")
    port = json.loads(told.read_bytes())["port"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    said = b""
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain) as door,
    ):
        said = door.recv(100)
    assert said == b""
    assert os.getuid() == (place / "kernel.pem").stat().st_uid
