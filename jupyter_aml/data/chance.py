"""Chance that anybody can repeat: a number of a row follows from its place and a seed alone."""

from __future__ import annotations

from typing import Any

_MASK = (1 << 64) - 1
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def share(place: int, seed: int) -> float:
    """A number from 0 up to 1 for a place (SplitMix64), spread evenly over many places."""
    mixed = (place + 1) * _STEP + _salt(seed) & _MASK
    mixed = (mixed ^ mixed >> 30) * _FIRST & _MASK
    mixed = (mixed ^ mixed >> 27) * _SECOND & _MASK
    return ((mixed ^ mixed >> 31) >> 11) / (1 << 53)


def shares(first: int, count: int, seed: int) -> Any:
    """The numbers of `count` places from `first` on, as numpy has them; the same as `share`."""
    import numpy

    with numpy.errstate(over="ignore"):
        mixed = numpy.arange(first + 1, first + count + 1, dtype=numpy.uint64)
        mixed = mixed * numpy.uint64(_STEP) + numpy.uint64(_salt(seed))
        mixed = (mixed ^ mixed >> numpy.uint64(30)) * numpy.uint64(_FIRST)
        mixed = (mixed ^ mixed >> numpy.uint64(27)) * numpy.uint64(_SECOND)
        mixed ^= mixed >> numpy.uint64(31)
    return (mixed >> numpy.uint64(11)) / float(1 << 53)


def _salt(seed: int) -> int:
    # Seeds that lie beside each other must not give sequences that do.
    mixed = (seed & _MASK) * _SECOND & _MASK
    return (mixed ^ mixed >> 29) * _FIRST & _MASK
