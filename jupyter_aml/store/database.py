"""The index on disk: one connection, its transactions, and who may write."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    String,
    bindparam,
    column,
    create_engine,
    event,
    inspect,
    select,
    table,
    update,
)  # fmt: skip
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from jupyter_aml.domain.errors import AmlError, Invalid, Outdated, StorageFailed, Unreachable
from jupyter_aml.store import schema

_MINE = update(schema.engine).where(schema.engine.c.epoch == bindparam("mine"))
_COUNT = _MINE.values(seq=schema.engine.c.seq + bindparam("count")).returning(schema.engine.c.seq)
_LIFT = _MINE.values(seq=bindparam("to"))
_POSTGRES, _PLAIN_POSTGRES = "postgresql+psycopg", ("postgresql", "postgres")
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('jupyter_aml', 0))"
_MIGRATIONS = Path(__file__).parent / "migrations"
_PRAGMAS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    # Searched pages of 100,000 runs fit; nothing is taken before it is needed.
    "PRAGMA cache_size = -32000",
)
_CURES = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it is read-only",
    "SQLITE_PERM": "this user may not open it",
    "SQLITE_CANTOPEN": "it cannot be opened",
    "SQLITE_IOERR": "the disk answers with errors",
    "SQLITE_BUSY": "another process holds it",
    "SQLITE_LOCKED": "another process holds it",
    "SQLITE_CORRUPT": "it is damaged: move it away and run `jupyter aml reindex`",
    "SQLITE_NOTADB": "it is not a database: move it away and run `jupyter aml reindex`",
}


class DatabaseTaken(Unreachable):
    """Another engine, perhaps on another machine, holds the database."""


class Database:
    """Holds the one connection of an engine to its index. Make it by `open`."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self._engine = engine
        # Taken by whoever uses the connection; threads may take turns.
        self._turn = threading.RLock()
        self._writes = False
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", self._begin_sqlite)
        else:
            event.listen(engine, "connect", self._lock_postgres)
        with self._told():
            self._connection = engine.connect()

    @classmethod
    def open(cls, url_or_path: str | Path) -> Self:
        """Open the index, made or upgraded as needed.

        Raises Invalid if a newer version of this package wrote it, StorageFailed where the
        disk does not allow it, Unreachable if a database server does not answer, and
        DatabaseTaken, which is one of these, where another engine uses it.
        """
        url = _url(url_or_path)
        if url.get_backend_name() == "sqlite" and url.database:
            _make_file(Path(url.database))
        try:
            engine = create_engine(
                url, poolclass=StaticPool, hide_parameters=True, **_arguments(url)
            )
        except ModuleNotFoundError as error:
            raise Invalid(
                f"the database {url.render_as_string()} needs the library {error.name}: "
                "pip install 'jupyter-aml[postgres]'"
            ) from error
        database = cls(engine, url.database or url.render_as_string())
        try:
            database._upgrade()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Let go of the file or the server; a second time does nothing."""
        with self._turn:
            self._connection.close()
            self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give the connection to one writer; all of it is kept, or nothing.

        Raises StorageFailed where the disk is full, read-only or damaged.
        """
        with self._turn, self._told():
            self._writes = True
            try:
                with self._connection.begin():
                    yield self._connection
            finally:
                self._writes = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give the connection to a reader, who sees one state of the index throughout."""
        with self._turn, self._told(), self._connection.begin():
            yield self._connection

    def epoch(self) -> int:
        """The number of the engine that may write."""
        with self.reading() as connection:
            return int(connection.execute(select(schema.engine.c.epoch)).scalar_one())

    def next_epoch(self, holder: str) -> int:
        """Take over: whoever wrote until now gets Outdated from here on."""
        row = schema.engine
        with self.transaction() as connection:
            taking = update(row).values(epoch=row.c.epoch + 1, holder=holder)
            return int(connection.execute(taking.returning(row.c.epoch)).scalar_one())

    def need_root(self, root: str) -> None:
        """Raise Invalid where this is the index of another root than that of the token."""
        with self.reading() as connection:
            known = connection.execute(select(schema.engine.c.root)).scalar_one()
        if known not in ("", root):
            raise Invalid(
                f"the database {self.name} is the index of another root: set another database, or "
                "make it the index of this one with `jupyter aml reindex`"
            )

    def give_to(self, root: str) -> None:
        """Be the index of the root of that token; with "" of the one that opens it next."""
        with self.transaction() as connection:
            connection.execute(update(schema.engine).values(root=root))

    def _begin_sqlite(self, connection: Connection) -> None:
        # A writer that begins as a reader can be refused in the middle, so it says so at once.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if self._writes else "BEGIN")

    def _lock_postgres(self, connection: Any, _record: Any) -> None:
        """Hold the database as long as this connection lives; raises DatabaseTaken."""
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
            is_ours = cursor.fetchone()[0]
        connection.commit()
        if not is_ours:
            connection.close()
            raise DatabaseTaken(f"another engine uses the database {self.name}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in our words what the driver says."""
        try:
            yield
        except DBAPIError as error:
            told = self._explain(error)
            if told is None:
                raise
            raise told from error

    def _explain(self, error: DBAPIError) -> AmlError | None:
        name = getattr(error.orig, "sqlite_errorname", None)
        if name is not None:
            cure = _CURES.get("_".join(name.split("_")[:2]))
            return None if cure is None else StorageFailed(f"the database {self.name}: {cure}")
        if error.connection_invalidated or type(error.orig).__name__ == "OperationalError":
            return Unreachable(f"the database {self.name} does not answer")
        return None

    def _upgrade(self) -> None:
        with self.reading() as connection:
            found = _version(connection)
        if found is None:
            raise Invalid(f"the database {self.name} belongs to another program: set another one")
        if found > schema.VERSION:
            raise Invalid(
                f"the database {self.name} was written by a newer jupyter-aml (schema {found}, "
                f"this one knows {schema.VERSION}): upgrade jupyter-aml or set another root"
            )
        if found == schema.VERSION:
            return
        # Alembic costs memory and time, and is needed once in the life of a version.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self.transaction() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def next_seq(connection: Connection, epoch: int, *, above: int = 0, count: int = 1) -> int:
    """Count changes, in the transaction that makes them; raises Outdated for a past engine.

    The number is that of the last of them. It is greater than `above` and than every number given
    before.
    """
    seq = connection.execute(_COUNT, {"mine": epoch, "count": count}).scalar()
    if seq is None:
        raise Outdated("another engine took over this root; this one may no longer write")
    if seq - count >= above:
        return int(seq)
    connection.execute(_LIFT, {"mine": epoch, "to": above + count})
    return above + count


def current_seq(connection: Connection) -> int:
    """The number of the last change."""
    return int(connection.execute(select(schema.engine.c.seq)).scalar_one())


def _url(url_or_path: str | Path) -> URL:
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return URL.create("sqlite", database=str(Path(url_or_path).expanduser().absolute()))
    try:
        url = make_url(url_or_path)
    except ArgumentError as error:
        # What is no URL may hold a password all the same.
        raise Invalid("the database is set to what is not the URL of one") from error
    return url.set(drivername=_POSTGRES) if url.drivername in _PLAIN_POSTGRES else url


def _arguments(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        # The store is opened in one thread and used from another, one at a time.
        return {"connect_args": {"check_same_thread": False}}
    # A server that is gone without a word must not keep the engine, nor an engine the lock.
    alive = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    return {
        "connect_args": {"connect_timeout": 10, "application_name": "jupyter_aml", **alive},
        "isolation_level": "REPEATABLE READ",
    }


def _make_file(path: Path) -> None:
    """Make the file before SQLite does, so that nobody else can read it at any moment."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StorageFailed(f"the database {path} cannot be opened: {error.strerror}") from error


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # Python's driver would begin and commit at times of its own.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _version(connection: Connection) -> int | None:
    """The version of the schema: 0 where there is none yet, None where it is none of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return 0
    version = select(column("version_num", String)).select_from(table("alembic_version"))
    found = str(connection.execute(version).scalar() or 0)
    return int(found) if found.isdecimal() else None
