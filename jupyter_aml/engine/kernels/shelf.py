"""The folders of kernels: what was asked for, what became of it, and the secret part apart."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jupyter_aml.compute.attempt import make_folders
from jupyter_aml.domain import secrets
from jupyter_aml.domain.errors import AmlError, Invalid, StorageFailed
from jupyter_aml.domain.kernel import TargetKernel
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import NotPlain, read_plain
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.wire.kernels import kernel_from_json, kernel_to_json

KEPT = timedelta(days=7)
"""How long the log of a kernel that has ended is kept."""
_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_LARGEST = 1 << 16
_LOOP, _PEM = "127.0.0.1", "kernel.pem"


class KernelShelf:
    """One folder a kernel below the root. Its methods block."""

    def __init__(self, root: Root) -> None:
        self._folder = root.path / "kernels"

    def of(self, kernel: str) -> RunFolder:
        """The folder of a kernel, laid out as that of a run."""
        return RunFolder(self._folder / kernel)

    def write(self, kernel: TargetKernel) -> None:
        """Keep what is known of a kernel; raises StorageFailed."""
        write_json(self.of(kernel.id).record, kernel_to_json(kernel))

    def all(self) -> Iterator[TargetKernel]:
        """The kernels that an earlier engine knew; what cannot be read is passed over."""
        for path in sorted(self._folder.glob("*/run.json")):
            try:
                yield kernel_from_json(json.loads(read_plain(path)))
            except (OSError, NotPlain, ValueError, KeyError, TypeError, AmlError):
                continue

    def remove(self, kernel: str) -> None:
        """Remove a kernel with its log."""
        remove_tree(self.of(kernel).path)

    def sweep(self, now: datetime) -> list[str]:
        """Remove kernels that have ended long ago; returns which."""
        gone = [
            kernel.id
            for kernel in self.all()
            if kernel.is_over and kernel.ended_at is not None and now - kernel.ended_at > KEPT
        ]
        for each in gone:
            self.remove(each)
        return gone

    # ---- what is secret ---------------------------------------------------------------------

    def prepare(
        self,
        kernel: TargetKernel,
        connection: Mapping[str, Any],
        variables: Mapping[str, str],
        *,
        is_here: bool,
        pem: str | None = None,
    ) -> None:
        """Lay ready what the keeper of a kernel reads; raises StorageFailed.

        The ports of the connection are those of this machine. The kernel has the same, or where
        it is elsewhere its own. `pem` opens a door that others may knock at.
        """
        folder = self.of(kernel.id)
        make_folders(folder)
        try:
            folder.work.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageFailed(f"cannot make {folder.work}: {error.strerror}") from error
        own = connection if is_here else {**connection, **dict.fromkeys(_PORTS, 0), "ip": _LOOP}
        told = {"connection": dict(own), "ports": _ports(connection), "cwd": kernel.cwd}
        _write_own(folder.kernel, json.dumps(told))
        if pem is not None:
            _write_own(folder.path / _PEM, pem)
        hidden = secrets.taken(variables)
        if hidden:
            secret_files.write(folder.secrets, hidden)

    def secret(self, kernel: str) -> tuple[str, dict[str, int]]:
        """The key of a kernel, and its ports of this machine; StorageFailed where they are gone."""
        path = self.of(kernel).kernel
        try:
            told = json.loads(read_plain(path))
            return str(told["connection"]["key"]), dict(told["ports"])
        except (OSError, NotPlain, ValueError, KeyError, TypeError) as error:
            raise StorageFailed(f"cannot read {path}: {error}") from error

    def forget_secrets(self, kernel: str) -> None:
        """Remove what nobody needs any more once a kernel has ended: the log stays."""
        folder = self.of(kernel)
        for path in (folder.kernel, folder.secrets, folder.path / _PEM):
            path.unlink(missing_ok=True)
        for path in folder.path.glob("connection.*.json"):
            path.unlink(missing_ok=True)


def read_connection(path: str) -> dict[str, Any]:
    """What a Jupyter server has written of a kernel; raises Invalid. Blocks."""
    try:
        if os.stat(path).st_size > _LARGEST:
            raise ValueError("it is too large")
        told = json.loads(read_plain(Path(path)))
        if told["transport"] != "tcp" or not told["key"] or not all(map(told.get, _PORTS)):
            raise ValueError("a kernel on a compute target is spoken to over tcp, with a key")
    except (OSError, NotPlain, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"the connection file {path!r:.200} cannot be used: {error}") from error
    return dict(told)


def _ports(connection: Mapping[str, Any]) -> dict[str, int]:
    """The ports by their channels."""
    return {name.removesuffix("_port"): int(connection[name]) for name in _PORTS}


def _write_own(path: Path, text: str) -> None:
    """Write a file that its owner alone may read, whole or not at all; raises StorageFailed."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(fd, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(draft, path)
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
