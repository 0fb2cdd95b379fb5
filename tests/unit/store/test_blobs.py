"""Contents under their hashes."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from blake3 import blake3

from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.store.blobs import CHUNK, Blobs

SIZES = [0, 1, 70_000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5]


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs")


@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_stored_under_its_hash(blobs, tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)

    blob = blobs.put_file(tmp_path / "file")

    assert blob == (blake3(content).hexdigest(), size)
    place = blobs.path(blob.hash)
    assert place.read_bytes() == content
    assert place.parent.name + place.name == blob.hash
    assert stat.S_IMODE(place.stat().st_mode) == 0o400
    assert list((tmp_path / "blobs" / "incoming").iterdir()) == []


def test_bytes_and_files_of_one_content_are_one_blob(blobs, tmp_path):
    (tmp_path / "file").write_bytes(b"same")
    first = blobs.put_bytes(b"same")
    inode = blobs.path(first.hash).stat().st_ino

    assert blobs.put_file(tmp_path / "file") == first
    assert blobs.path(first.hash).stat().st_ino == inode


def test_a_blob_that_was_cut_short_is_written_again(tmp_path):
    blob = Blobs(tmp_path).put_bytes(b"whole content")
    place = Blobs(tmp_path).path(blob.hash)
    place.unlink()
    place.write_bytes(b"who")

    Blobs(tmp_path).put_bytes(b"whole content")

    assert place.read_bytes() == b"whole content"


def test_many_threads_may_store_the_same(blobs):
    with ThreadPoolExecutor(8) as pool:
        stored = set(pool.map(lambda _: blobs.put_bytes(b"x" * 100_000), range(64)))

    assert len(stored) == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("writable", [True, False])
def test_a_link_has_the_content(blobs, tmp_path, size, writable):
    content = os.urandom(size)
    blob = blobs.put_bytes(content)

    blobs.link(blob.hash, tmp_path / "target", writable=writable)

    assert (tmp_path / "target").read_bytes() == content


def test_writing_to_a_writable_link_leaves_the_blob_alone(blobs, tmp_path):
    blob = blobs.put_bytes(b"stored")
    blobs.link(blob.hash, tmp_path / "target", writable=True)

    with open(tmp_path / "target", "r+b") as file:
        file.write(b"CHANGE")

    assert blobs.path(blob.hash).read_bytes() == b"stored"


def test_modes_say_what_may_be_done(blobs, tmp_path):
    blob = blobs.put_bytes(b"#!/bin/sh")
    wanted = {
        (False, False): 0o400,
        (False, True): 0o500,
        (True, False): 0o600,
        (True, True): 0o700,
    }

    for (writable, executable), mode in wanted.items():
        target = tmp_path / f"{writable}{executable}"
        blobs.link(blob.hash, target, writable=writable, executable=executable)
        assert stat.S_IMODE(target.stat().st_mode) & 0o700 == mode

    assert stat.S_IMODE(blobs.path(blob.hash).stat().st_mode) == 0o400


@pytest.mark.parametrize("refusal", [errno.EXDEV, errno.EMLINK, errno.EPERM])
def test_where_a_link_is_refused_a_copy_is_made(blobs, tmp_path, monkeypatch, refusal):
    def refuse(*_: object) -> None:
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(os, "link", refuse)
    blob = blobs.put_bytes(b"content")

    blobs.link(blob.hash, tmp_path / "target", writable=False)

    assert (tmp_path / "target").read_bytes() == b"content"
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o400
    assert (tmp_path / "target").stat().st_ino != blobs.path(blob.hash).stat().st_ino


def test_a_kernel_that_copies_nothing_is_no_trouble(blobs, tmp_path, monkeypatch):
    def refuse(*_: object) -> int:
        raise OSError(errno.EXDEV, "cross-device")

    monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    blob = blobs.put_bytes(b"y" * 3_000_000)

    blobs.link(blob.hash, tmp_path / "target", writable=True)

    assert (tmp_path / "target").stat().st_size == 3_000_000


@pytest.mark.skipif(not hasattr(os, "copy_file_range"), reason="Linux copies in the kernel")
def test_a_full_disk_is_said_so_and_leaves_nothing_half_made(blobs, tmp_path, monkeypatch):
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    blob = blobs.put_bytes(b"z" * 100_000)
    monkeypatch.setattr(os, "copy_file_range", refuse)
    monkeypatch.setattr(os, "write", refuse)

    with pytest.raises(StorageFailed, match="No space left"):
        blobs.link(blob.hash, tmp_path / "target", writable=True)
    with pytest.raises(StorageFailed, match="No space left"):
        blobs.put_bytes(b"new content")

    assert not (tmp_path / "target").exists()
    assert list((tmp_path / "blobs" / "incoming").iterdir()) == []


def test_a_blob_that_is_gone_is_said_so(blobs, tmp_path):
    blob = blobs.put_bytes(b"content")
    blobs.path(blob.hash).unlink()

    with pytest.raises(StorageFailed, match="is gone"):
        blobs.link(blob.hash, tmp_path / "target", writable=False)

    assert not blobs.has(*blob)


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "ab/" * 21 + "a", "g" * 64, "A" * 64])
def test_what_is_no_hash_has_no_place(blobs, text):
    with pytest.raises(Invalid, match="not a blake3 hash"):
        blobs.path(text)


def test_a_source_that_is_missing_is_not_the_storage_s_fault(blobs, tmp_path):
    with pytest.raises(FileNotFoundError):
        blobs.put_file(tmp_path / "nowhere")


def test_a_sweep_removes_only_what_is_old(blobs, tmp_path):
    blobs.put_bytes(b"x")
    (tmp_path / "blobs" / "incoming" / "left").write_text("half")

    blobs.sweep()
    assert (tmp_path / "blobs" / "incoming" / "left").exists()

    blobs.sweep(now=(tmp_path / "blobs" / "incoming" / "left").stat().st_mtime + 100_000)
    assert not (tmp_path / "blobs" / "incoming" / "left").exists()


def test_a_content_that_changed_on_the_disk_is_no_longer_whole(blobs):
    blob = blobs.put_bytes(b"weights of a model")
    assert blobs.is_whole(blob.hash)

    place = blobs.path(blob.hash)
    place.chmod(0o600)
    place.write_bytes(b"weights of A model")

    assert not blobs.is_whole(blob.hash)
    blobs.drop(blob.hash)
    assert not blobs.is_whole(blob.hash)
    assert blobs.put_bytes(b"weights of a model") == blob
    assert blobs.is_whole(blob.hash)


def test_a_content_is_read_again_only_after_a_change(blobs, monkeypatch):
    blob = blobs.put_bytes(b"weights")
    reads = []
    readv = os.readv
    monkeypatch.setattr(os, "readv", lambda *given: reads.append(1) or readv(*given))

    assert blobs.is_whole(blob.hash) and blobs.is_whole(blob.hash)
    once = len(reads)
    os.utime(blobs.path(blob.hash))
    assert blobs.is_whole(blob.hash)

    assert (once, len(reads)) == (2, 4)


def test_a_long_content_is_not_read_again_to_know_that_it_is_whole(blobs, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(os.urandom(CHUNK + 1))
    blob = blobs.put_file(tmp_path / "file")
    monkeypatch.setattr(os, "readv", None)

    assert blobs.is_whole(blob.hash)
