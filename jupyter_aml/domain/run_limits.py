"""How much of its machine one run may take: CPUs, memory, processes and GPUs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean

LEAST_MEMORY = 6 << 20
"""Bytes below which no container can be started, and no Python either."""
_UNITS = "bkmgt"
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([bkmgt])|([kmgt])i?b)?", re.IGNORECASE | re.ASCII)
_MOST = 1 << 62


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take; None is what its target allows by itself."""

    cpus: float | None = None
    """Cores, also parts of one."""
    memory: int | None = None
    """Bytes."""
    processes: int | None = None
    """Processes and threads at a time."""
    gpus: int | None = None
    """GPUs of its own; 0 hides them all."""

    def __bool__(self) -> bool:
        return self != NO_LIMITS

    def __or__(self, usual: Limits) -> Limits:
        """These limits, and the usual ones where these say nothing."""
        own = self.to_json()
        return Limits(**{**usual.to_json(), **own})

    def within(self, most: Limits) -> Limits:
        """The less of both, of each that is limited."""
        own, other = self.to_json(), most.to_json()
        both = {name: min(own.get(name, value), value) for name, value in other.items()}
        return Limits(**{**own, **both})

    def to_json(self) -> dict[str, Any]:
        """What is limited, by name; bytes as a number."""
        told = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in told if value is not None}

    @staticmethod
    def from_json(given: Any, *, what: str = "limits.") -> Limits:
        """Read and check limits; memory may be a text such as "4g".

        Raises Invalid, which names the field behind `what`.
        """
        if given is None:
            return NO_LIMITS
        if not isinstance(given, Mapping):
            raise Invalid(f"limits: expected an object such as {{'memory': '4g'}}, not {given!r}")
        known = [each.name for each in fields(Limits)]
        for name in given:
            if name not in known:
                raise Invalid(f"limits: there is no limit {name!r}{did_you_mean(str(name), known)}")
        return Limits(
            cpus=_cpus(f"{what}cpus", given.get("cpus")),
            memory=_memory(f"{what}memory", given.get("memory")),
            processes=_count(f"{what}processes", given.get("processes"), least=1),
            gpus=_count(f"{what}gpus", given.get("gpus"), least=0),
        )

    def words(self) -> str:
        """Say the limits for a page, as in `2 CPUs, 4 GB of memory`; "" where there is none."""
        parts = []
        if self.cpus is not None:
            parts.append(f"{self.cpus:g} CPU{'' if self.cpus == 1 else 's'}")
        if self.memory is not None:
            parts.append(f"{amount(self.memory)} of memory")
        if self.gpus is not None:
            parts.append(f"{self.gpus} GPU{'' if self.gpus == 1 else 's'}")
        if self.processes is not None:
            parts.append(f"{self.processes:,} processes")
        return ", ".join(parts)


NO_LIMITS = Limits()


def amount(size: float) -> str:
    """Say a size as it is asked for: `512 MB`, `1.5 GB`; units are powers of 1024 as docker's."""
    for unit, scale in (("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= scale:
            return f"{round(size / scale, 1):g} {unit}"
    return f"{size:.0f} bytes"


def written(size: int) -> str:
    """Write a size as it may be asked for, without losing a byte: `512m`, `4g`."""
    for unit, scale in (("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10)):
        if size % scale == 0:
            return f"{size // scale}{unit}"
    return str(size)


def read_amount(what: str, given: object) -> int:
    """Read a number of bytes, or a text such as "512m" or "1.5 GB"; raises Invalid."""
    text = str(given).strip() if isinstance(given, str | int | float) else ""
    found = None if isinstance(given, bool) else _AMOUNT.fullmatch(text)
    if found is None:
        raise Invalid(f"{what}: {given!r} is no amount of memory; write it as '512m' or '4g'")
    power = _UNITS.index((found[2] or found[3] or "b").lower())
    return int(min(float(found[1]) * (1 << 10 * power), _MOST))


def _memory(what: str, given: object) -> int | None:
    if given is None:
        return None
    size = read_amount(what, given)
    if size < LEAST_MEMORY:
        raise Invalid(f"{what}: {given!r} is too little to start anything; give at least '6m'")
    return size


def _cpus(what: str, given: object) -> float | None:
    if given is None:
        return None
    cpus = _number(what, given)
    if not math.isfinite(cpus) or cpus < 0.01:
        raise Invalid(f"{what}: must be a number of cores from 0.01 on, not {given!r}")
    return cpus


def _count(what: str, given: object, *, least: int) -> int | None:
    if given is None:
        return None
    count = _number(what, given)
    if not math.isfinite(count) or count != int(count) or not least <= count <= _MOST:
        raise Invalid(f"{what}: must be a whole number from {least} on, not {given!r}")
    return int(count)


def _number(what: str, given: object) -> float:
    # A number that was written as text comes from a command line.
    try:
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError
        return float(given)
    except (ValueError, OverflowError):
        raise Invalid(f"{what}: expected a number, not {given!r}") from None
