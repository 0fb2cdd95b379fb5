"""Whose files may run as one's own: a table."""

from __future__ import annotations

import pytest

from jupyter_aml.domain.trust import is_loose, is_trusted, may_be_replaced


@pytest.mark.parametrize(
    ("owner", "me", "trusted"),
    [(1000, 1000, True), (0, 1000, True), (1001, 1000, False), (0, 0, True), (1000, 0, False)],
)
def test_one_trusts_oneself_and_root(owner: int, me: int, trusted: bool) -> None:
    assert is_trusted(owner, me=me) is trusted


@pytest.mark.parametrize(
    ("mode", "loose", "replaceable"),
    [
        (0o700, False, False), (0o755, False, False), (0o775, True, False), (0o777, True, True),
        (0o757, True, True), (0o1777, True, False), (0o602, True, True), (0o040, False, False),
    ],
)  # fmt: skip
def test_what_others_may_change_is_loose(mode: int, loose: bool, replaceable: bool) -> None:
    assert (is_loose(mode), may_be_replaced(mode)) == (loose, replaceable)
