"""The processes of a run on several nodes: the first node leads, the others start what it says.

Each node of a cluster starts the same command, with its number in AML_NODE. Node 0 listens, and
writes where into `status/meet.<attempt>` of the run. The others connect and are told, a line of
JSON each, which processes to start and which to signal; they tell how these ended. Whoever loses
the other ends: the leader its run, the others their processes. So no rank outlives its node, its
leader, or the first that fails.

    here I am     {"node", "token"}
    start, signal {"rank", "variables"}, {"rank", "signal"}
    it ended      {"rank", "code"}
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jupyter_aml.sdk import _rank_processes as _ranks
from jupyter_aml.sdk._rank_variables import Spread, variables

NODE = "AML_NODE"
"""The variable that tells a node its number."""
_NOT_FOUND = 127
_PATIENCE = 5.0


def main(kind: str, processes: int, servers: int, nodes: int, command: list[str]) -> int:
    """Be one of the nodes; returns an exit code."""
    dies = _ranks.tie()
    dies()
    node = int(os.environ[NODE])
    if node:
        return _Follower(command, dies).run(node)
    spread = Spread(kind, processes, servers, [_ranks.HERE] * nodes, [])
    return _Leader(spread, command, dies).run()


# ---- the first node -------------------------------------------------------------------------


class _Leader:
    """Has the processes of all nodes started, and ends all with the first that fails."""

    def __init__(self, spread: Spread, command: list[str], dies: Callable[[], None]) -> None:
        self._spread, self._command, self._dies = spread, command, dies
        self._nodes: dict[int, _Node] = {}
        self._ranks = _ranks.Ranks(spread.workers, pause=self._hear, told=self._pass_on)

    def run(self) -> int:
        """Wait for all nodes, then for all processes."""
        self._gather()
        if self._ranks.is_told:
            return 128 + signal.SIGTERM
        kind, processes, servers = self._spread.kind, self._spread.processes, self._spread.servers
        ports = _ranks.free_ports(self._spread.size)
        self._spread = Spread(kind, processes, servers, self._spread.addresses, ports)
        if (mpirun := _ranks.mpirun_for(kind)) is not None:
            return self._by_mpirun(mpirun)
        for rank in range(self._spread.size):
            self._ranks.begin(rank, self._command, partial(self._start, rank))
        return self._ranks.run()

    def _gather(self) -> None:
        """Let the other nodes find this one, and return when all are there."""
        token = secrets.token_hex(16)
        with socket.create_server((_ranks.HERE, 0)) as door:
            _publish({"address": door.getsockname()[:2], "token": token})
            door.settimeout(_ranks.PAUSE)
            while len(self._nodes) < len(self._spread.addresses) - 1 and not self._ranks.is_told:
                try:
                    way, _ = door.accept()
                except TimeoutError:
                    continue
                node = _known(way, token)
                if node is not None:
                    self._nodes[node] = _Node(way)
        os.unlink(_meeting())

    def _start(self, rank: int) -> _ranks.Process:
        own, node = variables(self._spread, rank), self._spread.node_of(rank)
        if node:
            return self._nodes[node].start(rank, own)
        return _ranks.start(rank, self._command, own, before=self._dies)

    def _by_mpirun(self, mpirun: str) -> int:
        """Let `mpirun` start all from here; the other nodes are held, and end all if they go."""
        started = _ranks.start_mpirun(mpirun, self._spread, self._command, before=self._dies)
        self._ranks.begin(0, [mpirun], lambda: started)
        code = self._ranks.run()
        if code and not self._ranks.is_told:
            _ranks.say_who_failed(self._spread.size, code)
        return code

    def _hear(self) -> None:
        """Let a moment pass, in which other nodes may tell something."""
        ways = {node.way: number for number, node in self._nodes.items()}
        for way in select.select([*ways], [], [], _ranks.PAUSE)[0]:
            number = ways[way]
            if not self._nodes[number].hear():
                del self._nodes[number]
                self._lost(number)

    def _lost(self, number: int) -> None:
        there = len(self._spread.addresses)
        why = f"node {number} of {there} (they count from 0) was lost with its processes"
        self._ranks.lose(self._spread.ranks_of(number), why)

    def _pass_on(self) -> None:
        for node in self._nodes.values():
            node.signal_all(signal.SIGTERM)


class _Node:
    """Another node, as the leader sees it: a connection, and the processes at its end."""

    def __init__(self, way: socket.socket) -> None:
        way.settimeout(_PATIENCE)
        self.way = way
        self._said = b""
        self._codes: dict[int, int] = {}
        self._alive: set[int] = set()

    def start(self, rank: int, own: Mapping[str, str]) -> _Far:
        """Have a process started there."""
        self._alive.add(rank)
        self.tell({"rank": rank, "variables": dict(own)})
        return _Far(self, rank)

    def code(self, rank: int) -> int | None:
        """How a process ended; None while it lives."""
        return self._codes.get(rank)

    def hear(self) -> bool:
        """Take in what it tells; False where the connection has ended."""
        try:
            piece = self.way.recv(65536)
        except OSError:
            piece = b""
        *lines, self._said = (self._said + piece).split(b"\n")
        for line in lines:
            told = json.loads(line)
            self._codes[told["rank"]] = told["code"]
            self._alive.discard(told["rank"])
        return bool(piece)

    def signal_all(self, number: int) -> None:
        """Signal all processes that live there."""
        for rank in sorted(self._alive):
            self.tell({"rank": rank, "signal": int(number)})

    def tell(self, what: Mapping[str, Any]) -> None:
        """Say something; where nobody hears it any more, the next `hear` says so."""
        try:
            self.way.sendall(json.dumps(what).encode() + b"\n")
        except OSError:
            pass


class _Far:
    """A process on another node."""

    def __init__(self, node: _Node, rank: int) -> None:
        self._node, self._rank = node, rank

    def poll(self) -> int | None:
        """Its exit code; None while it lives."""
        return self._node.code(self._rank)

    def terminate(self) -> None:
        """Ask it to end."""
        self._node.tell({"rank": self._rank, "signal": int(signal.SIGTERM)})

    def kill(self) -> None:
        """End it."""
        self._node.tell({"rank": self._rank, "signal": int(signal.SIGKILL)})


def _known(way: socket.socket, token: str) -> int | None:
    """Who it is that has connected; None, and the line is cut, for a stranger."""
    try:
        way.settimeout(_PATIENCE)
        said = json.loads(_line(way))
        if hmac.compare_digest(str(said["token"]), token):
            return int(said["node"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    way.close()
    return None


def _line(way: socket.socket) -> bytes:
    said = b""
    while not said.endswith(b"\n") and len(said) < 1000:
        piece = way.recv(1)
        if not piece:
            break
        said += piece
    return said


# ---- the other nodes ------------------------------------------------------------------------


class _Follower:
    """Starts what the leader says, until the leader is gone."""

    def __init__(self, command: list[str], dies: Callable[[], None]) -> None:
        self._command, self._dies = command, dies
        self._alive: dict[int, subprocess.Popen[bytes]] = {}
        self._worst = 0
        # Whoever ends this node signals its processes, too, and the leader hears how they end.
        signal.signal(signal.SIGTERM, lambda *_: None)

    def run(self, node: int) -> int:
        """Follow to the end; what is left then is ended."""
        way = _met(node)
        if way is None:
            return 1
        said = b""
        while True:
            if select.select([way], [], [], _ranks.PAUSE)[0]:
                try:
                    piece = way.recv(65536)
                except OSError:
                    piece = b""
                if not piece:
                    break
                *lines, said = (said + piece).split(b"\n")
                for line in lines:
                    self._obey(way, json.loads(line))
            self._report(way)
        for process in self._alive.values():
            process.kill()
        return self._worst or int(bool(self._alive))

    def _obey(self, way: socket.socket, told: Mapping[str, Any]) -> None:
        rank = told["rank"]
        if "signal" in told:
            if rank in self._alive:
                self._alive[rank].send_signal(told["signal"])
            return
        own = told["variables"]
        try:
            self._alive[rank] = _ranks.start(rank, self._command, own, before=self._dies)
        except OSError as error:
            print(f"rank {rank}: {error.strerror}: {self._command[0]!r}", file=sys.stderr)
            self._tell(way, rank, _NOT_FOUND)

    def _report(self, way: socket.socket) -> None:
        for rank, process in list(self._alive.items()):
            code = process.poll()
            if code is not None:
                del self._alive[rank]
                self._tell(way, rank, code)

    def _tell(self, way: socket.socket, rank: int, code: int) -> None:
        self._worst = self._worst or (code if code >= 0 else 128 - code)
        try:
            way.sendall(json.dumps({"rank": rank, "code": code}).encode() + b"\n")
        except OSError:
            pass  # The leader is gone, as the next look will show.


def _met(node: int) -> socket.socket | None:
    """The way to the leader, once it is there; None where it has ended before."""
    meeting = _meeting()
    while True:
        try:
            with open(meeting) as file:
                told = json.load(file)
            way = socket.create_connection(tuple(told["address"]), _PATIENCE)
            way.sendall(json.dumps({"node": node, "token": told["token"]}).encode() + b"\n")
            return way
        except FileNotFoundError:
            if os.path.exists(_record("exit")):
                return None
            time.sleep(_ranks.PAUSE)
        except OSError:
            return None


# ---- files ----------------------------------------------------------------------------------


def _record(name: str) -> str:
    folder, attempt = os.environ["AML_RUN_DIR"], os.environ["AML_ATTEMPT"]
    return os.path.join(folder, "status", f"{name}.{attempt}")


def _meeting() -> str:
    return _record("meet")


def _publish(told: Mapping[str, Any]) -> None:
    """Say where the leader is met; whole, and to this user alone."""
    draft = f"{_meeting()}.{os.getpid()}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(told, file)
    os.rename(draft, _meeting())
