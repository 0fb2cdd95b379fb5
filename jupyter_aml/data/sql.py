"""The rows of a query. A database is asked to read, and can be asked for nothing else."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from jupyter_aml.data.parquet import _late
from jupyter_aml.data.scan import TableScan, Unreadable
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound, Refused, Unreachable

if TYPE_CHECKING:
    from jupyter_aml.domain.dataset import Dataset
    from jupyter_aml.domain.datastore import Datastore

_AT_ONCE = 20_000
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]")
_WRITING = re.compile(
    r"\b(insert|update|delete|merge|replace|drop|alter|create|truncate|grant|revoke|attach|detach|"
    r"pragma|vacuum|exec|execute|call|copy|into|lock|set|load_file|pg_read_file|lo_import|dblink)\b",
    re.IGNORECASE,
)


class Databases(Protocol):
    """Finds databases by the names of their datastores."""

    def database(self, name: str) -> tuple[Datastore, Callable[[str], str]]:
        """What is known of one, and how its secrets are had."""


class QueryScan(TableScan):
    """The rows of one query."""

    def __init__(self, definition: Dataset, databases: Any) -> None:
        import pyarrow as pa

        how = definition.reading
        self._rows = _rows(definition, databases)
        self._first = next(self._rows, None)
        if self._first is None:
            self._first = pa.table({})
        super().__init__(self._first.schema, _late(how.get("types") or {}, self._first.schema))

    def tables(self) -> Iterator[Any]:
        """The rows, some thousands at a time."""
        import pyarrow as pa

        yield self._first
        for table in self._rows:
            try:
                yield table.cast(self.schema)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
                raise Unreadable(f"the rows of the query change their types: {error}") from None


def check(query: str) -> str:
    """The query, if it is one that reads; Refused for anything else."""
    bare = _TEXT.sub("''", _COMMENT.sub(" ", query)).strip().rstrip(";").strip()
    word = bare.split(None, 1)[0].lower() if bare else ""
    if word not in ("select", "with", "values"):
        raise Refused(f"only queries that read are sent, SELECT or WITH ... SELECT, not {word!r}")
    if ";" in bare:
        raise Refused("only one query is sent at a time: leave out what comes after ';'")
    found = _WRITING.search(bare)
    if found is not None:
        raise Refused(f"{found[0]!r} is no word of a query that only reads; a column that is "
                      "called so stands in quotes")  # fmt: skip
    return query.strip().rstrip(";")


def _rows(definition: Dataset, databases: Databases) -> Iterator[Any]:
    """Tables of the query's rows."""
    how = definition.reading
    query, seconds = check(how["query"]), float(how.get("timeout") or 30)
    name = definition.sources[0].datastore
    assert name is not None
    store, secret = databases.database(name)
    if not store.is_database:
        raise Invalid(f"datastore {name!r} holds files and cannot be asked in SQL")
    if (store.url or "").startswith("sqlite:"):
        yield from _sqlite(store, query, seconds)
    else:
        yield from _server(store, secret, query, seconds)


def _sqlite(store: Datastore, query: str, seconds: float) -> Iterator[Any]:
    import os
    import sqlite3

    # `sqlite:////data/sales.db` is the file /data/sales.db, as sqlalchemy has it.
    path = unquote(urlsplit(store.url or "").path)[1:]
    if not os.path.isabs(path):
        raise Invalid(f"datastore {store.name!r}: write its file from / on: sqlite:////data/a.db")
    if not os.path.isfile(path):
        raise NotFound(f"datastore {store.name!r}: there is no database at {path}")
    until = time.monotonic() + seconds
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
        with contextlib.closing(connection):
            connection.set_authorizer(_only_reading)
            connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
            cursor = connection.execute(query)
            names = [each[0] for each in cursor.description]
            yield from _tables(names, cursor.fetchmany)
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise Unreadable(_too_long(seconds)) from None
        raise Invalid(f"datastore {store.name!r} refuses the query: {error}") from None
    except sqlite3.DatabaseError as error:
        if "authorized" in str(error) or "prohibited" in str(error):
            raise Refused(f"the query does more than read: {error}") from None
        raise Invalid(f"datastore {store.name!r} refuses the query: {error}") from None


def _only_reading(action: int, first: Any, second: Any, *_: Any) -> int:
    import sqlite3

    reading = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
    if action in reading:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and str(second).lower() not in (
        "load_extension", "readfile", "writefile", "edit", "fts3_tokenizer",
    ):  # fmt: skip
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _server(
    store: Datastore, secret: Callable[[str], str], query: str, seconds: float
) -> Iterator[Any]:
    try:
        import sqlalchemy
        from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
    except ImportError:
        raise AmlError(
            "from_sql_query needs sqlalchemy and the driver of the database, which are not "
            "installed in this environment: pip install sqlalchemy"
        ) from None
    url = _address(sqlalchemy, store, secret)
    try:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    except NoSuchModuleError:
        raise Invalid(
            f"datastore {store.name!r}: nothing here speaks to {url.drivername}"
        ) from None
    except ImportError as error:
        raise AmlError(
            f"datastore {store.name!r} needs the driver of its database: {error}; pip install "
            f"{_DRIVERS.get(url.get_backend_name(), ('sqlalchemy',))[0]}"
        ) from None
    try:
        with engine.connect() as connection:
            _bind(sqlalchemy, connection, url.get_backend_name(), seconds)
            result = connection.execution_options(stream_results=True).execute(
                sqlalchemy.text(query.replace(":", r"\:"))
            )
            yield from _tables(list(result.keys()), result.fetchmany)
            connection.rollback()
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0][:300] if error.orig else str(error)[:300]
        if "timeout" in said.lower() or "canceling statement" in said:
            raise Unreadable(_too_long(seconds)) from None
        kind = Unreachable if "connect" in said.lower() else Invalid
        raise kind(f"datastore {store.name!r} refuses the query: {said}") from None
    except SQLAlchemyError as error:
        raise Invalid(f"datastore {store.name!r}: {str(error)[:300]}") from None
    finally:
        engine.dispose()


_DRIVERS: Mapping[str, tuple[str, ...]] = {
    "postgresql": ("psycopg2", "psycopg", "pg8000"),
    "mysql": ("pymysql", "mysqlclient"),
    "mssql": ("pyodbc", "pymssql"),
}


def _address(sqlalchemy: Any, store: Datastore, secret: Callable[[str], str]) -> Any:
    from importlib.util import find_spec

    from jupyter_aml.data.stores import revealed

    url = sqlalchemy.engine.make_url(store.url)
    options = revealed(store.options, secret)
    user = options.get("username") or options.get("user_id") or options.get("client_id")
    password = options.get("password") or options.get("user_password") \
        or options.get("client_secret")  # fmt: skip
    if user:
        url = url.set(username=str(user), password=None if password is None else str(password))
    backend = url.get_backend_name()
    if "+" not in url.drivername:
        for driver in _DRIVERS.get(backend, ()):
            if find_spec({"mysqlclient": "MySQLdb"}.get(driver, driver)) is not None:
                name = {"mysqlclient": "mysqldb"}.get(driver, driver)
                return url.set(drivername=f"{backend}+{name}")
    return url


def _bind(sqlalchemy: Any, connection: Any, backend: str, seconds: float) -> None:
    """Let the database itself refuse to write, and end what takes too long."""
    thousandths = round(seconds * 1000)
    said = {
        "postgresql": ("SET TRANSACTION READ ONLY", f"SET statement_timeout = {thousandths}"),
        "mysql": (f"SET SESSION max_execution_time = {thousandths}", "SET TRANSACTION READ ONLY"),
        "mssql": (f"SET LOCK_TIMEOUT {thousandths}",),
    }.get(backend, ())
    for statement in said:
        connection.execute(sqlalchemy.text(statement))


def _tables(names: Sequence[str], fetch: Callable[[int], Sequence[Any]]) -> Iterator[Any]:
    import pyarrow as pa

    unique = _unique(names)
    is_first = True
    while True:
        rows = fetch(_AT_ONCE)
        if not rows and not is_first:
            return
        is_first = False
        columns = zip(*rows) if rows else ([] for _ in unique)  # noqa: B905
        yield pa.table([_column(values) for values in columns], names=unique)


def _column(values: Sequence[Any]) -> Any:
    import pyarrow as pa

    plain = [float(value) if isinstance(value, Decimal) else value for value in values]
    try:
        found = pa.array(plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        found = pa.array([None if value is None else str(value) for value in plain], pa.string())
    return found.cast(pa.string()) if pa.types.is_null(found.type) else found


def _unique(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        chosen, number = name, 1
        while chosen in found:
            chosen, number = f"{name}_{number}", number + 1
        found.append(chosen)
    return found


def _too_long(seconds: float) -> str:
    return f"the query took longer than {seconds:g} seconds: query_timeout= gives it more"
