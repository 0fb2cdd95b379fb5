"""What fsspec opens, as a store: shown on its file system in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_aml.data.stores import Store, open_url
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.testing.file_store_contracts import StoreContract

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield open_url(f"memory://{tmp_path.name}/base")
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]


class TestRemoteStore(StoreContract):
    """It keeps the promises of all stores."""


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.open("a", "wb") as file:
        file.write(b"half")
        raise ZeroDivisionError

    assert [*store.walk()] == []


def test_nothing_here_opens_it() -> None:
    with pytest.raises(Invalid, match="nothing opens cloud://"):
        open_url("cloud://x/y")


def test_a_library_that_is_missing_is_named() -> None:
    with pytest.raises(Invalid, match=r"s3://x/y needs a library .* s3fs"):
        open_url("s3://x/y")
