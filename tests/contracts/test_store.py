"""The index on SQLite keeps to its contract."""

from __future__ import annotations

import pytest

from jupyter_aml.store.database import Database
from jupyter_aml.testing.store_contracts import PlacesContract, RunTableContract


@pytest.fixture
def database(tmp_path):
    database = Database.open(tmp_path / "aml.db")
    yield database
    database.close()


class TestRunsOnSqlite(RunTableContract):
    """Runs."""


class TestPlacesOnSqlite(PlacesContract):
    """Workspaces and experiments."""
