"""The files of a root are whole at every moment, whoever reads them and whatever refuses them."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.engine.root import write_json, write_record
from jupyter_aml.runfolder import secrets
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.server import holder
from tests.unit.domain.test_run import a_run

Write = Callable[[Path, bool], Path]


def the_record(folder: Path, is_first: bool) -> Path:
    status = RunStatus.NOT_STARTED if is_first else RunStatus.PREPARING
    write_record(RunFolder(folder), a_run(status))
    return RunFolder(folder).record


def any_json(folder: Path, is_first: bool) -> Path:
    write_json(folder / "one.json", {"is": ["first" if is_first else "second"] * 50})
    return folder / "one.json"


def the_secrets(folder: Path, is_first: bool) -> Path:
    secrets.keep(folder / "secrets.json", {"KEY": "first" if is_first else "second"})
    return folder / "secrets.json"


def who_holds_it(folder: Path, is_first: bool) -> Path:
    holder.write(
        folder,
        holder.Holder(
            pid=os.getpid(), start="", version="0", protocol=1, epoch=1 if is_first else 2,
            kind="headless", socket=str(folder / "engine.sock"),
        ),
    )  # fmt: skip
    return folder / "engine.json"


WRITERS = [the_record, any_json, the_secrets, who_holds_it]


@pytest.mark.parametrize("write", WRITERS)
def test_who_reads_a_file_while_it_is_written_anew_reads_a_whole_one(
    tmp_path: Path, write: Write
) -> None:
    path = write(tmp_path, True)
    before = json.loads(path.read_text())

    with path.open() as reader:
        write(tmp_path, False)
        seen = json.loads(reader.read())

    assert seen == before
    assert json.loads(path.read_text()) != before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("write", [the_record, any_json, the_secrets])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_disk_that_refuses_a_file_leaves_the_one_that_was_there(
    tmp_path: Path, write: Write, is_there: bool
) -> None:
    if is_there:
        path = write(tmp_path, True)
        before = path.read_bytes()

    with a_disk_that_takes(10), pytest.raises(StorageFailed, match="cannot write"):
        write(tmp_path, False)

    left = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert left == ({path.name: before} if is_there else {})


@contextmanager
def a_disk_that_takes(size: int) -> Iterator[None]:
    """No file of this process becomes longer than that."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
