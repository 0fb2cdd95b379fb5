"""A real Slurm for tests: the daemons of Debian's packages, four nodes on this machine."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DEADLINE = 60.0
NODES = ("n1", "n2", "n3", "n4")
_NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
_HOW_TO = "`.ci/system-packages` installs slurm-wlm and munge"

_CONF = """\
ClusterName=aml
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
ReturnToService=2
KillWait=2
SlurmdTimeout=10
DefMemPerCPU=500
MinJobAge=300
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmctldDebug=info
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,bf_interval=1
AccountingStorageType=accounting_storage/none
{nodes}
PartitionName=dedicated Nodes=n[1-4] Default=YES PriorityTier=10 PreemptMode=OFF
PartitionName=lowpri Nodes=n[1-4] PriorityTier=1 PreemptMode=REQUEUE
PartitionName=short Nodes=n[1-4] PriorityTier=5 MaxTime=1 PreemptMode=OFF
PartitionName=closed Nodes=n[1-4] State=DOWN PreemptMode=OFF
"""


class Unavailable(Exception):
    """There can be no Slurm here, and why."""


@dataclass
class SlurmCluster:
    """The daemons by name, each of which a test may kill and start again."""

    folder: Path
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What the clients need to find it."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self, name: str) -> None:
        """Start a daemon: `munged`, `slurmctld`, or the slurmd of a node."""
        config = str(self.folder / "slurm.conf")
        commands: Mapping[str, list[str]] = {
            "munged": [
                *("munged", "--foreground", "--force", f"--key-file={self.folder}/munge.key"),
                *(f"--{kind}={self.folder}/munge.{kind.removesuffix('-file')}"
                  for kind in ("socket", "pid-file", "seed-file", "log-file")),
            ],
            "slurmctld": ["slurmctld", "-D", "-f", config],
            **{node: ["slurmd", "-D", "-N", node, "-f", config] for node in NODES},
        }  # fmt: skip
        command = commands[name]
        with (self.folder / f"{name}.out").open("ab") as log:
            self.daemons[name] = subprocess.Popen(
                [_program(command[0]), *command[1:]],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self.environment},
            )  # fmt: skip

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """End a daemon; what its jobs have started goes on."""
        self.daemons[name].send_signal(number)
        self.daemons[name].wait(DEADLINE)

    def ask(self, *command: str) -> str:
        """What a client of Slurm says."""
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, **self.environment},
            timeout=DEADLINE,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def until_idle(self) -> None:
        """Wait until all nodes answer and are free."""
        until = time.monotonic() + DEADLINE
        states = ""
        while time.monotonic() < until:
            with contextlib.suppress(AssertionError):
                states = self.ask("sinfo", "-h", "-N", "-p", "dedicated", "-o", "%N %t")
                if states.split("\n")[:-1] == [f"{node} idle" for node in NODES]:
                    return
            dead = [name for name, daemon in self.daemons.items() if daemon.poll() is not None]
            if dead:
                raise Unavailable(f"{dead[0]} ended: {self.said(dead[0])}")
            time.sleep(0.1)
        raise Unavailable(f"the nodes of Slurm did not come up: {states}{self.said('slurmctld')}")

    def said(self, name: str) -> str:
        """The end of what a daemon has printed."""
        return (self.folder / f"{name}.out").read_text(errors="replace")[-1500:]

    def clear(self) -> None:
        """End all jobs, and set right what tests have done to the nodes."""
        for name, daemon in list(self.daemons.items()):
            if daemon.poll() is not None:
                self.start(name)
        with contextlib.suppress(AssertionError):
            self.ask("scancel", "--user", getpass.getuser())
        for node in NODES:
            with contextlib.suppress(AssertionError):
                self.ask("scontrol", "update", f"NodeName={node}", "State=RESUME")
        self.until_idle()


@pytest.fixture(scope="session")
def slurm_cluster() -> Iterator[SlurmCluster]:
    """A cluster of four nodes. Where there can be none tests are skipped; under CI they fail."""
    with contextlib.ExitStack() as stack:
        try:
            cluster = stack.enter_context(a_cluster())
        except Unavailable as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
        yield cluster


@pytest.fixture
def slurm(slurm_cluster: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmCluster]:
    """The cluster for one test, which finds it idle, as the clients that it starts find it."""
    for name, value in slurm_cluster.environment.items():
        monkeypatch.setenv(name, value)
    yield slurm_cluster
    slurm_cluster.clear()


@contextlib.contextmanager
def a_cluster() -> Iterator[SlurmCluster]:
    """A cluster of one's own, ended with the block; raises Unavailable."""
    for program in _NEEDED:
        _program(program)
    # /tmp, because the path of munge's socket may be no longer than that of any socket.
    cluster = SlurmCluster(Path(tempfile.mkdtemp(prefix="aml-slurm-", dir="/tmp")))
    try:
        _write_files(cluster.folder)
        cluster.start("munged")
        _until_there(cluster.folder / "munge.socket")
        for name in ("slurmctld", *NODES):
            cluster.start(name)
        cluster.until_idle()
        yield cluster
    finally:
        _end(cluster)
        shutil.rmtree(cluster.folder, ignore_errors=True)


def _write_files(folder: Path) -> None:
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    for name in ("state", *(f"spool.{node}" for node in NODES)):
        (folder / name).mkdir()
    ports = _free_ports(1 + len(NODES))
    host = socket.gethostname().partition(".")[0]
    nodes = [
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 "
        "CoresPerSocket=2 RealMemory=4000 Gres=gpu:2 State=UNKNOWN"
        for node, port in zip(NODES, ports[1:], strict=True)
    ]
    for number in range(2):
        (folder / f"gpu{number}").touch()
    (folder / "gres.conf").write_text(f"NodeName=n[1-4] Name=gpu File={folder}/gpu[0-1]\n")
    (folder / "slurm.conf").write_text(
        _CONF.format(
            host=host, controller=ports[0], folder=folder, nodes="\n".join(nodes),
            user=pwd.getpwuid(os.getuid()).pw_name,
        )
    )  # fmt: skip


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        doors = [stack.enter_context(socket.socket()) for _ in range(count)]
        for door in doors:
            door.bind(("127.0.0.1", 0))
        return [door.getsockname()[1] for door in doors]


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise Unavailable(f"no {name} on this machine; {_HOW_TO}")
    return found


def _until_there(path: Path) -> None:
    until = time.monotonic() + DEADLINE
    while not path.exists():
        if time.monotonic() > until:
            raise Unavailable(f"munged made no {path}")
        time.sleep(0.02)


def _end(cluster: SlurmCluster) -> None:
    with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
        cluster.ask("scancel", "--user", getpass.getuser())
    for daemon in reversed(cluster.daemons.values()):
        if daemon.poll() is None:
            daemon.terminate()
    for daemon in cluster.daemons.values():
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait(10)
    _end_left(cluster)


def _end_left(cluster: SlurmCluster) -> None:
    """End what daemons that were killed have left: it knows this cluster, and no other has it."""
    mark = f"SLURM_CONF={cluster.folder}/slurm.conf".encode()
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            pid = int(place.parent.name)
            if pid != os.getpid() and mark in place.read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
