r"""Names of files as they are listed and asked for, whatever bytes they have on the disk.

A backslash, a control character and a byte that is no UTF-8 are written as `\xNN`. So each file
has one name, which every terminal and page can show and which opens the file again.
"""

from __future__ import annotations

import os
import re

from jupyter_aml.domain.errors import Refused

_ODD = re.compile(r"[\\\x00-\x1f\x7f\udc80-\udcff]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\udc80-\udcff]")
_WRITTEN = re.compile(r"\\x([0-9a-f]{2})")


def shown(name: str) -> str:
    """The name of a file on the disk as it is listed."""
    return _ODD.sub(_escape, name)


def printable(text: str) -> str:
    """A sentence that holds names of files, on one line and as text that can be written."""
    return _UNPRINTABLE.sub(_escape, text)


def stored(name: str) -> str:
    """The name on the disk of a file that is listed so; raises Refused for what is no such name."""
    if "\\" not in name:
        return name
    found = os.fsdecode(os.fsencode(_WRITTEN.sub(_byte, name)))
    if shown(found) != name:
        raise Refused(
            f"{name[:120]!r} is not a name of a file inside the run: a backslash in it is "
            r"written as \x5c"
        )
    return found


def _escape(odd: re.Match[str]) -> str:
    return f"\\x{ord(odd[0]) & 0xFF:02x}"


def _byte(written: re.Match[str]) -> str:
    byte = int(written[1], 16)
    return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)
