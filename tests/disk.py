"""What reaches the disk, and in which order: a kill cannot tell, for it never loses a page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

Journal = list[tuple[str, Path]]


def journal_of(monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Each file or folder whose content this process sends to the disk, and each that it names."""
    journal: Journal = []
    fsync, rename, replace = os.fsync, os.rename, os.replace

    def written(fd: int) -> None:
        fsync(fd)
        journal.append(("written", Path(os.readlink(f"/proc/self/fd/{fd}"))))

    def named(call: Any) -> Any:
        def as_before(source: Any, target: Any, **more: Any) -> None:
            call(source, target, **more)
            journal.append(("named", Path(target)))

        return as_before

    monkeypatch.setattr(os, "fsync", written)
    monkeypatch.setattr(os, "rename", named(rename))
    monkeypatch.setattr(os, "replace", named(replace))
    return journal
