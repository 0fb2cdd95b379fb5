"""Keeps count of a snapshot and says, where it is too big, what to leave out."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from jupyter_aml.engine.snapshot.ignore import AML_IGNORE, GIT_IGNORE

_PATIENCE = 10
"""How many times the allowed number of entries are looked at to find the largest."""
_LARGEST = 10
_DOMINANT = 0.8


@dataclass(slots=True)
class _Branch:
    size: int = 0
    files: int = 0
    below: dict[str, _Branch] = field(default_factory=dict)


class Tally:
    """Counts files and bytes; past the limits it remembers only what a report needs."""

    def __init__(self, max_bytes: int, max_files: int) -> None:
        self._max_bytes, self._max_files = max_bytes, max_files
        self._seen: list[tuple[str, int]] = []
        self._size = 0
        self._folders = 0

    def add(self, path: str, size: int) -> bool:
        """Count a file; say whether all of it is still within the limits."""
        self._seen.append((path, size))
        self._size += size
        return not self.is_over

    def visit(self) -> None:
        """Count a folder."""
        self._folders += 1

    @property
    def is_over(self) -> bool:
        """Whether there is more than one snapshot may hold."""
        return (
            self._size > self._max_bytes
            or len(self._seen) > self._max_files
            or self._folders > _PATIENCE * self._max_files
        )

    @property
    def is_hopeless(self) -> bool:
        """Whether enough was seen to give a report."""
        return len(self._seen) + self._folders > _PATIENCE * (self._max_files + 100)

    def report(self, folder: str) -> str:
        """Say how big it is, which ten entries are the largest and how to leave them out."""
        largest = self._largest()
        at_least = "at least " if self.is_hopeless else ""
        lines = [
            f"{folder} holds {at_least}{_bytes(self._size)} in {at_least}{len(self._seen):,} files "
            f"({self._folders:,} folders); a snapshot may hold {_bytes(self._max_bytes)} in "
            f"{self._max_files:,} files. The largest entries are:"
        ]
        for path, branch in largest:
            count = f" ({branch.files:,} files)" if path.endswith("/") else ""
            lines.append(f"  {_bytes(branch.size):>9}  {path}{count}")
        name = f"{AML_IGNORE} in {folder}"
        lines.append(f"To leave some of them out, put lines such as these into {name}:")
        lines += [f"  /{_escaped(path)}" for path, _ in largest[:3]]
        if _has(folder, GIT_IGNORE) and not _has(folder, AML_IGNORE):
            lines.append(f"({AML_IGNORE} takes the place of {GIT_IGNORE}: copy its lines, too.)")
        return "\n".join(lines)

    def _largest(self) -> list[tuple[str, _Branch]]:
        entries = list(self._tree().below.items())
        while len(entries) < _LARGEST:
            opened = [pair for pair in entries if _is_passage(pair[1])]
            if not opened:
                break
            name, branch = max(opened, key=lambda pair: self._weight(pair[1]))
            entries.remove((name, branch))
            entries += [(name + inner, below) for inner, below in branch.below.items()]
        entries.sort(key=lambda pair: (-self._weight(pair[1]), pair[0]))
        return entries[:_LARGEST]

    def _tree(self) -> _Branch:
        top = _Branch()
        for path, size in self._seen:
            at, parts = top, path.split("/")
            for index, part in enumerate(parts):
                name = part if index == len(parts) - 1 else part + "/"
                at = at.below.setdefault(name, _Branch())
                at.size += size
                at.files += 1
        return top

    def _weight(self, branch: _Branch) -> float:
        return max(branch.size / max(self._max_bytes, 1), branch.files / max(self._max_files, 1))


def _is_passage(branch: _Branch) -> bool:
    """Whether one entry of a folder is nearly all of it, so that this one had better be named."""
    return any(
        below.size >= _DOMINANT * branch.size and below.files >= _DOMINANT * branch.files
        for below in branch.below.values()
    )


def _has(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))


def _escaped(path: str) -> str:
    return "".join(f"\\{letter}" if letter in "*?[\\" else letter for letter in path)


def _bytes(size: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size} bytes"
