"""Masks secrets in logs: each byte of a value becomes `*`, so that what follows stays in place.

A script writes its console itself, and nobody stands between. So whoever reads a log masks what it
reads, and when a run ends its logs are masked where they lie.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, quote_plus

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import NotPlain, plain

SHORTEST = 4
"""Letters of a value that is masked: what is shorter stands in every log by chance."""

_BLOCK = 1 << 20


class Masks:
    """The values to mask, in the spellings in which programs show them."""

    def __init__(self, values: Iterable[str]) -> None:
        known = {
            spelled for value in values if len(value) >= SHORTEST for spelled in _spellings(value)
        }
        self._known = sorted(known, key=len, reverse=True)
        self._reach = max(map(len, self._known), default=0)
        self._pattern = re.compile(b"|".join(map(re.escape, self._known)))

    def __bool__(self) -> bool:
        return bool(self._known)

    def mask(self, data: bytes) -> bytes:
        """The same number of bytes, without any of the values."""
        if not self._known:
            return data
        return self._pattern.sub(lambda found: b"*" * len(found[0]), data)

    def text(self, text: str) -> str:
        """A text without any of the values."""
        return self.mask(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def read(self, file: BinaryIO, start: int, size: int) -> bytes:
        """Bytes of a file, masked also where a value reaches over their edges, or has only begun.

        The rest of one that has begun at the end of the file is still to come.
        """
        raw, before = self._around(file, start, size)
        begun = self._begun(raw)
        data = self.mask(raw[: len(raw) - begun]) + b"*" * begun
        return data[before : before + size]

    def whole(self, file: BinaryIO, start: int, size: int) -> bytes:
        """Bytes of a file, in which whole values alone are masked."""
        raw, before = self._around(file, start, size)
        return self.mask(raw)[before : before + size]

    def _around(self, file: BinaryIO, start: int, size: int) -> tuple[bytes, int]:
        before = min(start, self._reach)
        file.seek(start - before)
        return file.read(before + size + self._reach), before

    def _begun(self, data: bytes) -> int:
        """How many bytes at the end begin a value."""
        for length in range(min(self._reach - 1, len(data)), SHORTEST - 1, -1):
            end = data[-length:]
            if any(len(value) > length and value.startswith(end) for value in self._known):
                return length
        return 0


NO_MASKS = Masks(())
"""Masks nothing."""


def mask_file(path: Path, masks: Masks) -> None:
    """Mask what stands in a file, in place; whoever appends to it is not disturbed."""
    if not masks:
        return
    try:
        with open(path, "r+b", buffering=0, opener=plain) as file:
            start = 0
            while True:
                size = min(_BLOCK, os.fstat(file.fileno()).st_size - start)
                if size <= 0:
                    return
                file.seek(start)
                raw, masked = file.read(size), masks.whole(file, start, size)
                if raw != masked[: len(raw)]:
                    os.pwrite(file.fileno(), masked[: len(raw)], start)
                start += size
    except (FileNotFoundError, PermissionError, NotPlain):
        return  # There is none, or it belongs to somebody else: readers mask it.


def mask_logs(folder: RunFolder, masks: Masks) -> None:
    """Mask the logs of a run where they lie."""
    if masks and folder.logs.is_dir():
        for path in sorted(folder.logs.glob("*.txt")):
            mask_file(path, masks)


def unmasked(folder: RunFolder) -> Masks:
    """Nothing of any run is masked."""
    return NO_MASKS


MasksOf = Callable[[RunFolder], Masks]
"""What is masked in the logs of a run."""


def _spellings(value: str) -> Iterator[bytes]:
    """A value as it is, and as URLs, JSON, base64 and bytes in hex have it."""
    plain_bytes = value.encode("utf-8", "replace")
    yield plain_bytes
    for text in (quote(value), quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1],
                 json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]):  # fmt: skip
        yield text.encode("utf-8", "replace")
    yield plain_bytes.hex().encode()
    if len(plain_bytes) >= 6:
        yield from _in_base64(plain_bytes)


def _in_base64(value: bytes) -> Iterator[bytes]:
    """What of the text in base64 the value alone decides, wherever it stands in what is encoded."""
    yield base64.b64encode(value)
    yield base64.urlsafe_b64encode(value)
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        padded = b"\0" * before + value
        whole = len(padded) * 8 // 6
        encoded = base64.b64encode(padded)[skipped:whole]
        yield encoded
        yield encoded.replace(b"+", b"-").replace(b"/", b"_")
