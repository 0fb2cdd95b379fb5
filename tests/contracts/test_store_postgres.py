"""The index on a real PostgreSQL keeps to the contract, and belongs to one engine at a time."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.store.database import Database, DatabaseTaken
from jupyter_aml.testing.store_contracts import PlacesContract, RunTableContract
from tests.postgres import Postgres


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    database = Database.open(postgres.make_database())
    yield database
    database.close()


class TestRunsOnPostgres(RunTableContract):
    """Runs."""


class TestPlacesOnPostgres(PlacesContract):
    """Workspaces and experiments."""


def test_a_database_belongs_to_one_engine_until_it_lets_go(postgres: Postgres) -> None:
    url = postgres.make_database()
    first = Database.open(url)
    with pytest.raises(DatabaseTaken, match="another engine uses the database aml_"):
        Database.open(url)
    first.close()
    second = Database.open(url)
    second.close()


def test_a_server_that_was_away_is_found_again_and_still_ours(postgres: Postgres) -> None:
    url = postgres.make_database()
    database = Database.open(url)
    epoch = database.next_epoch("one")
    postgres.stop(signal.SIGINT)
    with pytest.raises(Unreachable, match="does not answer"):
        database.epoch()
    postgres.start()
    assert database.epoch() == epoch
    with pytest.raises(DatabaseTaken):
        Database.open(url)
    database.close()


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with pytest.raises(Unreachable) as told:
        Database.open("postgresql://me:hush@127.0.0.1:9/runs")
    assert "runs" in str(told.value)
    assert "hush" not in str(told.value)


def test_what_is_no_address_is_not_repeated() -> None:
    with pytest.raises(Invalid) as told:
        Database.open("postgres//me:hush@://")
    assert "hush" not in str(told.value)
