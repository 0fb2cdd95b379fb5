"""What a script logged is on disk when the call returns, whatever happens next."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder import records, reserve
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import pack
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.runfolder.records import PatientWriter, RecordWriter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


@pytest.fixture
def writer(folder: Path) -> Iterator[RecordWriter]:
    writer = RecordWriter(folder)
    yield writer
    writer.close()


def lines(folder: Path) -> list[list[object]]:
    text = "".join(path.read_text() for path in sorted(folder.glob("*.jsonl")))
    return [json.loads(line) for line in text.splitlines()]


def test_a_number_is_one_line_of_json(writer: RecordWriter, folder: Path) -> None:
    writer.number("loss", 0.5, 3)

    [[kind, name, time, step, value]] = lines(folder)
    assert (kind, name, step, value) == ("m", "loss", 3, 0.5)
    assert isinstance(time, float) and time > 1.6e9


@pytest.mark.parametrize("value", [0.1, -0.0, 1e300, 5e-324, 7, -(10**30), 1 / 3])
def test_a_number_is_read_as_it_was_given(value: float, writer: RecordWriter, folder: Path) -> None:
    writer.number("x", value)

    assert read_all(folder).series["x"].value[0] == float(value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinity_survives(value: float, writer: RecordWriter, folder: Path) -> None:
    writer.number("x", value)

    assert read_all(folder).series["x"].value[0] == float(value)


def test_not_a_number_survives(writer: RecordWriter, folder: Path) -> None:
    writer.number("x", float("nan"))

    [value] = read_all(folder).series["x"].value
    assert value != value


@pytest.mark.parametrize("name", ['a "quoted" one', "two\nlines", "\ud800", "Ünïcode ☃", "<b>", ""])
def test_any_text_may_be_a_name(name: str, writer: RecordWriter, folder: Path) -> None:
    writer.number(name, 1.0)

    assert list(read_all(folder).series) == [name]


def test_nothing_is_made_before_the_first_record(writer: RecordWriter, folder: Path) -> None:
    assert not folder.exists()


def test_a_forked_child_writes_to_its_own_file(writer: RecordWriter, folder: Path) -> None:
    writer.number("x", 1.0)
    child = os.fork()
    if child == 0:
        writer.number("x", 2.0)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    writer.number("x", 3.0)

    assert len(list(folder.glob("*.jsonl"))) == 2
    assert sorted(read_all(folder).series["x"].value) == [1.0, 2.0, 3.0]


def test_threads_share_a_writer_and_lose_nothing(writer: RecordWriter, folder: Path) -> None:
    ready = threading.Barrier(8)

    def log(thread: int) -> None:
        ready.wait(10)
        for number in range(500):
            writer.number(f"t{thread}", number)
            writer.value("text", "text", "x" * 200)

    threads = [threading.Thread(target=log, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    batch = read_all(folder)
    assert batch.torn == 0
    assert all(list(batch.series[f"t{n}"].value) == list(range(500)) for n in range(8))
    assert len(batch.values) == 4000
    assert len(list(folder.glob("*.jsonl"))) == 1


def test_what_log_returned_from_survives_a_kill(folder: Path) -> None:
    reader, speaker = os.pipe()
    child = os.fork()
    if child == 0:
        writer = RecordWriter(folder)
        for number in range(1_000_000):
            writer.number("x", number)
            os.write(speaker, b".")
    os.close(speaker)
    said = 0
    while said < 200:
        said += len(os.read(reader, 4096))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(reader, 65536):
        said += len(more)
    os.close(reader)

    points = list(read_all(folder).series["x"].value)
    assert points == list(range(len(points)))
    assert len(points) >= said


def test_after_close_a_record_opens_a_new_file(writer: RecordWriter, folder: Path) -> None:
    writer.number("x", 1.0)
    writer.close()
    writer.number("x", 2.0)

    assert list(read_all(folder).series["x"].value) == [1.0, 2.0]


def test_a_script_that_closes_all_descriptors_still_logs(
    writer: RecordWriter, folder: Path
) -> None:
    child = os.fork()
    if child == 0:
        writer.number("x", 1.0)
        os.closerange(3, 256)
        writer.number("x", 2.0)
        os._exit(0)

    assert os.waitpid(child, 0)[1] == 0
    assert sorted(read_all(folder).series["x"].value) == [1.0, 2.0]


def test_a_full_disk_is_said_and_the_next_record_is_whole(
    writer: RecordWriter, folder: Path
) -> None:
    writer.number("before", 1.0)
    [path] = folder.glob("*.jsonl")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
    try:
        for _ in range(2):
            with pytest.raises(StorageFailed, match="cannot write to the run's records"):
                writer.number("lost", 2.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    writer.number("after", 3.0)

    batch = read_all(folder)
    assert set(batch.series) == {"before", "after"}
    assert batch.torn == 1


def test_a_patient_writer_keeps_records_until_the_disk_takes_them(folder: Path) -> None:
    writer = PatientWriter(folder)
    writer.number("loss", 0.0)
    [path] = folder.glob("*.jsonl")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
    try:
        with pytest.warns(UserWarning, match="what is logged is kept in memory") as warned:
            for step in range(1, 4):
                writer.number("loss", float(step))
            if os.fork() == 0:
                writer.close()  # A child that ends writes nothing of its parent's.
                os._exit(0)
            os.wait()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    writer.number("loss", 4.0)
    writer.number("loss", 5.0)
    writer.close()

    batch = read_all(folder)
    assert list(batch.series["loss"].value) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert (len(warned), batch.torn, len([*folder.iterdir()])) == (1, 1, 1)


def test_a_patient_writer_keeps_no_more_than_its_share_of_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(records, "MOST_KEPT", 1_000)
    monkeypatch.setattr(records, "_own_file", lambda folder: full)
    writer = PatientWriter(folder)
    with pytest.warns(UserWarning, match="No space left"):
        for step in range(1_000):
            writer.number("loss", float(step))
    folder.mkdir()
    with (folder / "x.jsonl").open("wb") as file:
        os.dup2(file.fileno(), full)  # From now on there is room.
    writer.close()

    kept = read_all(folder).series["loss"].value
    assert list(kept) == [float(step) for step in range(len(kept))]
    assert 10 < len(kept) < 40


def test_a_device_without_room_is_said(
    writer: RecordWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(records, "_own_file", lambda folder: full)

    with pytest.raises(StorageFailed, match="No space left"):
        writer.number("x", 1.0)
    with pytest.raises(StorageFailed, match="No space left"):
        writer.value("x", "text", "y")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageFailed, match="Not a directory"):
        RecordWriter(tmp_path / "file" / "metrics").number("x", 1.0)


def test_records_are_for_their_owner_alone(writer: RecordWriter, folder: Path) -> None:
    writer.number("x", 1.0)

    [path] = folder.glob("*.jsonl")
    assert path.stat().st_mode & 0o777 == 0o600


class FullDisk:
    """Takes what has its blocks already, and gives out no further ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self._write, self._reserve = os.write, reserve.reserve
        monkeypatch.setattr(records, "_write", self.write)
        monkeypatch.setattr(reserve, "reserve", self.reserve)

    def write(self, fd: int, data: bytes) -> int:
        if self.is_full and fd >= 0:
            found = os.fstat(fd)
            if found.st_size + len(data) > found.st_blocks * 512:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(fd, data)

    def reserve(self, fd: int, offset: int, length: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._reserve(fd, offset, length)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    return FullDisk(monkeypatch)


def test_room_is_reserved_ahead_and_the_file_does_not_grow_by_it(
    writer: RecordWriter, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(1_000):
        writer.number("loss", 0.5, step)

    [path] = folder.glob("*.jsonl")
    found = path.stat()
    assert found.st_blocks * 512 - found.st_size > 10_000
    assert path.read_bytes().endswith(b"]\n")
    assert len(lines(folder)) == 1_000

    # Threads that earlier tests left behind would keep the writer from giving it back.
    monkeypatch.setattr("jupyter_aml.runfolder.records.other_threads", lambda: 0)
    writer.close()
    assert path.stat().st_blocks * 512 - found.st_size < 8_192


def test_what_was_logged_on_a_full_disk_is_on_it_as_long_as_the_reserve_lasts(
    folder: Path, disk: FullDisk
) -> None:
    writer = PatientWriter(folder)
    for step in range(1_000):
        writer.number("loss", 0.5, step)
    disk.is_full = True
    for step in range(200):
        writer.number("late", 0.5, step)

    # Whatever becomes of the process now.
    batch = read_all(folder)
    assert (len(batch.series["late"]), batch.unwritten) == (200, 0)


def test_what_is_only_kept_in_memory_is_counted_on_the_disk(folder: Path, disk: FullDisk) -> None:
    writer = PatientWriter(folder)
    for step in range(1_000):
        writer.number("loss", 0.5, step)
    disk.is_full = True
    with pytest.warns(UserWarning, match="lost if the process is killed"):
        for step in range(5_000):
            writer.number("late", 0.5, step)

    batch = read_all(folder)
    assert len(batch.series["late"]) > 200
    assert len(batch.series["late"]) + batch.unwritten == 5_000

    disk.is_full = False
    writer.close()
    batch = read_all(folder)
    assert (len(batch.series["late"]), batch.unwritten, batch.torn) == (5_000, 0, 0)


def test_where_no_room_can_be_reserved_records_are_written_all_the_same(
    writer: RecordWriter, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int, offset: int, length: int) -> None:
        raise reserve.NoReserve

    monkeypatch.setattr(reserve, "reserve", refuse)
    for step in range(1_000):
        writer.number("loss", 0.5, step)

    assert len(lines(folder)) == 1_000


def test_what_a_killed_script_had_reserved_is_given_back_when_its_run_is_packed(
    tmp_path: Path,
) -> None:
    folder = RunFolder(tmp_path)
    writer = RecordWriter(folder.metrics)
    for step in range(1_000):
        writer.number("loss", 0.5, step)
    [path] = folder.metrics.glob("*.jsonl")

    assert pack(folder) == 0

    assert path.stat().st_blocks * 512 - path.stat().st_size < 8_192
    assert len(read_all(folder.metrics).series["loss"]) == 1_000


def test_two_writers_of_one_file_never_write_over_each_other(
    writer: RecordWriter, folder: Path
) -> None:
    writer.number("loss", 1.0)
    [path] = folder.glob("*.jsonl")
    with path.open("ab", buffering=0) as other:
        other.write(b'["m","other",1.0,null,1.0]\n')
    writer.number("loss", 2.0)

    assert [record[1] for record in lines(folder)] == ["loss", "other", "loss"]


def test_a_forked_child_logs_although_a_thread_of_its_parent_held_the_lock(
    writer: RecordWriter, folder: Path
) -> None:
    with writer._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            writer.value("x", "text", "from the child")
            os._exit(0)
        _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert [record[1] for record in lines(folder)] == ["x"]
