"""How a client and a server find that they speak one language, and how an error is told."""

from __future__ import annotations

import sys
from typing import Literal, TypedDict

if sys.version_info >= (3, 11):
    from typing import NotRequired

PROTOCOL = 2
"""Grows when a page of one version cannot talk to a server of another."""


class WireStatus(TypedDict):
    """The handshake: who answers, and which protocol it speaks.

    `rootId` is what the root is called in its `root.json`: who reads the same there sees its files.
    """

    version: str
    protocol: int
    root: str
    kind: Literal["jupyter", "headless"]
    pid: int
    epoch: int
    defaultWorkspace: str
    keepsPythonpath: NotRequired[bool]
    rootId: NotRequired[str]


class WireProblem(TypedDict):
    """Every error answer: `error` is the name of the error class, `message` one sentence."""

    error: str
    message: str
    hint: NotRequired[str]
