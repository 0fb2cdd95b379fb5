"""The GPUs of this machine, as `nvidia-smi` tells them, and how a job is given some of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_aml.domain.errors import Invalid, Unreachable

_QUERY = ("--query-gpu=index,uuid,memory.total,memory.free", "--format=csv,noheader,nounits")
_PATIENCE = 30.0
_FREE = 0.5
"""A GPU of which less than this part of the memory is free is taken by another program."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU of this machine; memory in MiB."""

    index: str
    uuid: str
    total: float
    free: float

    @property
    def is_free(self) -> bool:
        """Whether no other program has most of its memory."""
        return self.free >= _FREE * self.total


def look() -> list[Gpu]:
    """The GPUs that this process may use, the one with the most free memory first. Blocks.

    None where there is no `nvidia-smi`. Raises Unreachable where it does not answer.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        said = subprocess.run(
            [program, *_QUERY], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except subprocess.CalledProcessError as error:
        told = " ".join((error.stdout or error.stderr or "").split())
        if "No devices were found" in told:
            return []
        raise Unreachable(f"nvidia-smi fails: {told or f'exit code {error.returncode}'}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreachable(f"nvidia-smi does not answer: {error}") from error
    found = [gpu for line in said.stdout.splitlines() if (gpu := _read(line)) is not None]
    return sorted(filter(_is_ours, found), key=lambda gpu: (-gpu.free, int(gpu.index)))


def check(count: int) -> None:
    """Raise Invalid for more GPUs than there are. Blocks."""
    there = len(look()) if count else 0
    if count > there:
        has = "no GPU" if there == 0 else "1 GPU" if there == 1 else f"{there} GPUs"
        why = "" if shutil.which("nvidia-smi") else ": there is no nvidia-smi"
        are = "1 is" if count == 1 else f"{count} are"
        raise Invalid(f"limits.gpus: {are} asked for, and this machine has {has}{why}")


def variables(gpus: Sequence[str]) -> dict[str, str]:
    """What shows a script those GPUs alone."""
    # By itself CUDA counts from the fastest one on, and not as nvidia-smi does.
    order = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} if gpus else {}
    return {"CUDA_VISIBLE_DEVICES": ",".join(gpus), **order}


def _read(line: str) -> Gpu | None:
    words = [word.strip() for word in line.split(",")]
    try:
        index, uuid, total, free = words[0], words[1], float(words[2]), float(words[3])
    except (IndexError, ValueError):
        return None  # One that is broken: its memory is `[N/A]` or an error.
    return Gpu(index, uuid, total, free) if index.isdigit() else None


def _is_ours(gpu: Gpu) -> bool:
    """Whether whoever started the server lets it use that GPU."""
    words = os.environ.get("CUDA_VISIBLE_DEVICES")
    if words is None:
        return True
    named = [word.strip() for word in words.split(",")]
    return gpu.index in named or any(word and gpu.uuid.startswith(word) for word in named)
