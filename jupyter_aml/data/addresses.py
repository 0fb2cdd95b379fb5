"""Refuses addresses that only the machines of a cloud ask, for the keys they are given there."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from jupyter_aml.domain.errors import Refused, Unreachable

_BUCKETS = frozenset({"abfs", "abfss", "az", "gcs", "gs", "oss", "r2", "s3", "s3a"})
"""Schemes behind which a bucket stands and no host."""


def check(url: str) -> None:
    """Raise Refused for such an address, and Unreachable for a host that nobody knows."""
    host = urlsplit(url).hostname or ""
    try:
        every = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise Unreachable(f"{plain(url)} cannot be reached: {host} is not known") from error
    if any(ipaddress.ip_address(str(each).partition("%")[0]).is_link_local for each in every):
        raise Refused(f"{plain(url)} is refused: {host} is an address of this machine's network")


def check_store(url: str, options: Mapping[str, Any]) -> None:
    """Raise Refused where a store is at such an address, or one of its options names one."""
    for each in (url, *_addresses(options)):
        if urlsplit(each).hostname and urlsplit(each).scheme not in _BUCKETS:
            with contextlib.suppress(Unreachable):  # Whoever opens it says so.
                check(each)


def plain(url: str) -> str:
    """An address without what may be a key in it."""
    return url.partition("?")[0]


def _addresses(options: Mapping[str, Any]) -> Iterator[str]:
    for value in options.values():
        if isinstance(value, Mapping):
            yield from _addresses(value)
        elif isinstance(value, str) and "://" in value:
            yield value
