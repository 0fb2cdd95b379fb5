"""What is masked in a log, and that nothing moves by it."""

from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from jupyter_aml.runfolder.masking import NO_MASKS, Masks, mask_file

VALUE = "hunter2/+ü='x'"
MASKS = Masks([VALUE])


@pytest.mark.parametrize(
    "shown",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        repr([VALUE]),
        VALUE.encode().hex(),
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
    ],
)
def test_a_value_is_masked_in_every_spelling_and_nothing_moves(shown: str) -> None:
    line = f"before {shown} after\n".encode()

    masked = MASKS.mask(line)

    assert len(masked) == len(line)
    assert masked.startswith(b"before ") and masked.endswith(b" after\n")
    assert b"hunter2" not in masked and masked.count(b"*") >= len(shown.encode()) - 4


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_value_within_a_login_in_base64_is_masked(before: str) -> None:
    encoded = base64.b64encode(f"{before}{VALUE}:more".encode())

    kept = MASKS.mask(encoded)

    assert VALUE[:6].encode() not in base64.b64decode(kept.replace(b"*", b"A"))
    assert kept.count(b"*") >= len(VALUE.encode())


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_pieces_of_any_size_never_show_a_part(size: int) -> None:
    content = b"x" * 10 + VALUE.encode() * 2 + b"y" * 10
    file = io.BytesIO(content)

    pieces = [MASKS.read(file, start, size) for start in range(0, len(content), size)]

    assert b"".join(pieces) == MASKS.mask(content)


def test_a_value_that_has_only_begun_is_masked_and_the_rest_when_it_comes() -> None:
    first = b"token: " + VALUE.encode()[:9]
    whole = b"token: " + VALUE.encode() + b"\n"

    begun = MASKS.read(io.BytesIO(first), 0, 100)
    rest = MASKS.read(io.BytesIO(whole), len(first), 100)

    assert begun == b"token: " + b"*" * 9
    assert rest == b"*" * (len(VALUE.encode()) - 9) + b"\n"


def test_short_values_and_none_mask_nothing() -> None:
    assert not Masks(["1", "abc", ""])
    assert NO_MASKS.mask(b"abc") == b"abc"
    assert NO_MASKS.read(io.BytesIO(b"abc"), 1, 5) == b"bc"


def test_the_longer_of_two_values_goes_first() -> None:
    assert Masks(["secret", "secret-long"]).mask(b"secret-long") == b"*" * 11


def test_a_file_is_masked_in_place_while_somebody_appends(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    long = b"z" * (1 << 20)
    with path.open("ab", buffering=0) as log:
        log.write(long[:-3] + VALUE.encode() + b"\n" + VALUE.encode()[:8])
        mask_file(path, MASKS)
        log.write(VALUE.encode()[8:] + b"\nend\n")
        mask_file(path, MASKS)

    content = path.read_bytes()
    assert VALUE.encode() not in content and b"hunter2" not in content
    assert content.endswith(b"*\nend\n")
    assert len(content) == len(long) - 3 + 2 * (len(VALUE.encode()) + 1) + 4


def test_what_is_no_plain_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    mask_file(tmp_path / "pipe", MASKS)
    mask_file(tmp_path / "missing", MASKS)
