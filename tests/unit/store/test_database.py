"""The file of the index: how it is made, upgraded, refused and protected."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.store import database as rooms
from jupyter_aml.store import schema
from jupyter_aml.store.database import Database
from jupyter_aml.store.runs import RunTable
from jupyter_aml.store.workspaces import WorkspaceTable
from jupyter_aml.testing.store_contracts import a_run


@pytest.fixture
def path(tmp_path):
    return tmp_path / "root" / "aml.db"


@pytest.fixture
def database(path):
    database = Database.open(path)
    yield database
    database.close()


def test_nobody_else_can_read_a_new_file(database, path):
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_empty_file_becomes_what_the_tables_say(database):
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_a_crash_may_take_the_last_changes_and_never_the_file(database):
    wanted = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}

    with database.reading() as connection:
        told = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}

    # 1 is NORMAL: a power cut loses changes at most, which are in the run folders all the same.
    assert told == wanted


def test_the_newest_migration_is_the_version(database):
    migrations = ScriptDirectory(str(rooms._MIGRATIONS))

    assert int(migrations.get_current_head()) == schema.VERSION


def test_a_file_at_the_newest_version_is_opened_without_alembic(database, path):
    code = (
        "import sys; from jupyter_aml.store.database import Database; "
        f"Database.open({str(path)!r}).close(); sys.exit('alembic' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_runs_of_an_older_file_are_found_by_type_and_property(database, path):
    table = RunTable(database, epoch=database.next_epoch("test"))
    told = a_run("first", type="azureml.hyperdrive", properties={"aml.of": "ada"})
    table.add(told)
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM run_labels"))
        connection.execute(text("ALTER TABLE workspaces DROP COLUMN labels"))
        connection.execute(text("ALTER TABLE engine DROP COLUMN root"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.close()

    upgraded = Database.open(path)

    table = RunTable(upgraded, epoch=upgraded.next_epoch("test"))
    for words in ("type:azureml.hyperdrive", "property.aml.of:ada"):
        page = table.page(workspace=told.workspace, filter=words)
        assert [run.id for run in page.runs] == [told.id]
    assert WorkspaceTable(upgraded).list() == []
    upgraded.close()


def test_a_newer_file_is_refused_and_left_alone(database, path):
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))
    database.close()
    before = path.read_bytes()

    with pytest.raises(Invalid, match=r"newer jupyter-aml \(schema 7, this one knows 4\)"):
        Database.open(path)

    assert path.read_bytes() == before


def test_a_file_of_another_program_is_refused(database, path):
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'ae1027a6acf'"))
    database.close()

    with pytest.raises(Invalid, match="belongs to another program"):
        Database.open(path)


def test_what_is_no_database_is_told(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 1000)

    with pytest.raises(StorageFailed, match="reindex"):
        Database.open(path)


def test_what_is_no_url_is_told():
    with pytest.raises(Invalid, match="URL"):
        Database.open("not a url://")


def test_a_folder_in_the_place_of_the_file_is_told(path):
    path.mkdir(parents=True)

    with pytest.raises(StorageFailed, match="cannot be opened"):
        Database.open(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(StorageFailed, match="Permission denied"):
        Database.open(tmp_path / "aml.db")


def test_a_full_disk_is_told_and_nothing_is_half_made(database):
    with database.reading() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {int(pages)}"))

    with pytest.raises(StorageFailed, match="the disk is full"):
        _fill(database)

    assert database.next_epoch("still here") == 1
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM tombstones")).scalar_one() == 0


def test_a_read_only_file_is_told(database):
    with database.reading() as connection:
        connection.execute(text("PRAGMA query_only = ON"))

    with pytest.raises(StorageFailed, match="read-only"):
        _fill(database)


def test_a_writer_that_fails_leaves_nothing(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute(schema.tombstones.insert().values(id="a", workspace="w", seq=1))
        1 / 0  # noqa: B018

    with database.reading() as connection:
        assert connection.execute(schema.tombstones.select()).all() == []


def test_each_engine_has_the_next_epoch(database, path):
    first = database.next_epoch("one")
    database.close()
    again = Database.open(path)
    try:
        assert (again.epoch(), again.next_epoch("two")) == (first, first + 1)
    finally:
        again.close()


def test_the_journal_is_write_ahead(database, path):
    other = sqlite3.connect(path)

    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


def _fill(database):
    rows = [{"id": f"{n}" * 50, "workspace": "w" * 200, "seq": n} for n in range(500)]
    with database.transaction() as connection:
        connection.execute(schema.tombstones.insert(), rows)
