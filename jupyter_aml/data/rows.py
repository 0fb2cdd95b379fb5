"""The rows of a data set: its steps carried out by pyarrow, no sooner than somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, TypeVar

from jupyter_aml.data import chosen, listing
from jupyter_aml.data.listing import DataFile, OpenStore
from jupyter_aml.data.scan import Again, Part, Report, Scan, Unreadable, needs
from jupyter_aml.domain import expression
from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.errors import AmlError, Invalid
from jupyter_aml.domain.near import did_you_mean

T = TypeVar("T")
OnError = Literal["null", "fail"]
PATH = "Path"
"""The column that SDK v1 added for `include_path`."""
_BY_PLACE = frozenset({"skip", "take", "sample", "split"})
"""Steps for which it matters which row is which."""
_MOST_ATTEMPTS = 500
_OLDEST = 14
"""Of pyarrow; the first that puts schemas of wider types together."""


class Reader:
    """Reads one data set. `report` holds what is to be told when it has been read."""

    def __init__(
        self, definition: Dataset, open_store: OpenStore, *, on_error: OnError = "null"
    ) -> None:
        self.definition = definition
        self._open_store, self._strict = open_store, on_error == "fail"
        self.report = Report(is_strict=self._strict)
        self._layout: Any = None
        self._bounded = False

    @cached_property
    def files(self) -> list[DataFile]:
        """All files of its sources; NotFound says where it looked."""
        return listing.files(self.definition, self._open_store)

    @cached_property
    def parts(self) -> list[Part]:
        """The files that its filters do not exclude by their paths."""
        conditions = [step["where"] for step in self._before() if step["do"] == "filter"]
        parts = []
        for each in self.files:
            values = dict(chosen.path_values(self.definition, each))
            if self.definition.reading.get("paths"):
                values[PATH] = _told_path(each)
            if all(expression.holds(where, values) is not False for where in conditions):
                parts.append(Part(each, values))
        return parts

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that stand in the paths, in the order of the table."""
        paths = (PATH,) if self.definition.reading.get("paths") else ()
        return (*paths, *chosen.path_columns(self.definition))

    def table(self) -> Any:
        """All rows, as pyarrow's table. Raises Invalid, NotFound or Unreadable."""
        import_needed("reading a tabular data set")

        def read(plan: _Plan) -> Any:
            import pyarrow as pa

            if plan.stops_early:
                return pa.concat_tables(list(plan.stream()) or [plan.nothing()])
            tables = list(plan.steps(iter([plan.whole()])))
            return pa.concat_tables(tables) if tables else plan.nothing()

        return self.consume(read)

    def stream(self, use: Callable[[Iterator[Any]], T]) -> T:
        """Hand all rows on in tables of bounded size. `use` may be called again from the start."""
        import_needed("reading a tabular data set")
        self._bounded = True
        try:
            return self.consume(lambda plan: use(plan.stream()))
        finally:
            self._bounded = False

    def schema(self) -> Any:
        """Names and types of the columns, for which the beginning of a file is read."""
        return self.consume(lambda plan: plan.nothing().schema)

    def consume(self, use: Callable[[_Plan], T]) -> T:
        """Plan and carry out; once more where the beginnings of the files told too little."""
        try:
            for _ in range(_MOST_ATTEMPTS):
                scan = self._scan()
                try:
                    return self._carried_out(scan, use)
                except Again:
                    continue
                finally:
                    scan.close()
        except OSError as error:
            # It went, or was closed to us, between the list and the reading.
            raise Unreadable(f"a file cannot be read: {error}") from None
        raise AssertionError("every attempt learned something and none was the last")

    def _carried_out(self, scan: Scan, use: Callable[[_Plan], T]) -> T:
        plan = _Plan(self.definition, scan, self.report)
        found = use(plan)
        scan.finish()
        plan.finish()
        return found

    # ---- inside -----------------------------------------------------------------------------

    def _before(self) -> Iterator[Mapping[str, Any]]:
        """The steps before the first for which it matters which row is which."""
        for step in self.definition.steps[1:]:
            if step["do"] in _BY_PLACE:
                return
            yield step

    def _scan(self) -> Scan:
        how = self.definition.reading
        if how["form"] == "sql":
            from jupyter_aml.data.sql import QueryScan

            return QueryScan(self.definition, self._open_store)
        # Where every file is excluded, the first still tells which columns there are.
        parts = self.parts or [
            Part(each, {**chosen.path_values(self.definition, each), PATH: _told_path(each)})
            for each in self.files[:1]
        ]
        scan = self._scan_of(how, parts)
        return scan if self.parts else _Nothing(scan)

    def _scan_of(self, how: Mapping[str, Any], parts: Sequence[Part]) -> Scan:
        whole = not any(step["do"] == "take" for step in self.definition.steps)
        match how["form"]:
            case "delimited":
                from jupyter_aml.data.delimited import DelimitedScan
                from jupyter_aml.data.layout import layout_of

                if self._layout is None:
                    self._layout = layout_of(how, parts)
                return DelimitedScan(how, parts, self.keys, self.report, self._layout)
            case "parquet":
                from jupyter_aml.data.parquet import ParquetScan

                return ParquetScan(how, parts, self.keys, whole=whole)
            case "lines":
                from jupyter_aml.data.lines import LinesScan

                return LinesScan(
                    how, parts, self.keys, self.report, whole=whole, bounded=self._bounded
                )
        raise Invalid("a file data set has no rows: read its files")


class _Nothing:
    """A scan whose files are all excluded: the columns, and no row."""

    def __init__(self, scan: Scan) -> None:
        self.schema, self.late, self.close = scan.schema, scan.late, scan.close

    def table(self, columns: Sequence[str], where: Any) -> Any:
        return self.schema.empty_table().select(list(columns))

    def batches(self, columns: Sequence[str], where: Any) -> Iterator[Any]:
        yield self.table(columns, where)

    def finish(self) -> None:
        pass


class _Plan:
    """Which columns and rows are asked of the files, and what is done with them afterwards."""

    def __init__(self, definition: Dataset, scan: Scan, report: Report) -> None:
        self._scan, self._report = scan, report
        self._steps = [step for step in definition.steps[1:] if step["do"] != "timestamps"]
        self._wrong: dict[str, tuple[int, str]] = {}
        self._check()
        self._columns = self._needed()
        self._pushed, self._rest = self._divided()

    @property
    def stops_early(self) -> bool:
        """Whether not all rows need be read."""
        return any(step["do"] == "take" for step in self._rest)

    def whole(self) -> Any:
        """The rows of the files at once, before what is done with them afterwards."""
        return self._late(self._scan.table(self._columns, self._pushed))

    def stream(self) -> Iterator[Any]:
        """The rows after all steps, in tables of bounded size."""
        found = (self._late(each) for each in self._scan.batches(self._columns, self._pushed))
        return self.steps(found)

    def nothing(self) -> Any:
        """A table with the columns and no row."""
        empty = self._late(self._scan.schema.empty_table().select(self._columns))
        return empty.select(self._final)

    def finish(self) -> None:
        """Tell which values were not what their columns are."""
        for name, (count, first) in self._wrong.items():
            kind = self._scan.late[name].kind
            word = {"long": "whole numbers", "float": "numbers", "bool": "true or false",
                    "datetime": "times"}[kind]  # fmt: skip
            are = "1 value is" if count == 1 else f"{count:,} values are"
            self._report.tell(
                f"column {name!r}: {are} not {word} and read as missing, the first is {first!r}"
            )

    def steps(self, tables: Iterator[Any]) -> Iterator[Any]:
        """What is done after reading; ends as soon as no row more is wanted."""
        for step in self._rest:
            tables = _STEPS[step["do"]](tables, step)
        return (each.select(self._final) for each in tables)

    # ---- inside -----------------------------------------------------------------------------

    def _check(self) -> None:
        """Follow the columns through the steps; Invalid names one that is not there."""
        there = list(self._scan.schema.names)
        for step in self._steps:
            asked = step.get("columns") or list(expression.columns(step.get("where") or ["time"]))
            for column in asked:
                if column not in there:
                    raise Invalid(f"there is no column {column!r}{did_you_mean(column, there)}")
            if step["do"] == "keep":
                there = list(dict.fromkeys(asked))
            elif step["do"] == "drop":
                there = [column for column in there if column not in asked]
        self._final = there

    def _needed(self) -> list[str]:
        wanted = {*self._final}
        for step in self._steps:
            if step["do"] == "filter":
                wanted.update(expression.columns(step["where"]))
        return [name for name in self._scan.schema.names if name in wanted]

    def _divided(self) -> tuple[Any, list[Mapping[str, Any]]]:
        """The condition that the files answer themselves, and the steps that are left."""
        from jupyter_aml.data.conditions import condition

        pushed, rest = None, []
        by_place = False
        for step in self._steps:
            by_place = by_place or step["do"] in _BY_PLACE
            if step["do"] in ("keep", "drop"):
                continue
            is_own = step["do"] == "filter" and not by_place and not any(
                column in self._scan.late for column in expression.columns(step["where"])
            )  # fmt: skip
            if is_own:
                one = condition(step["where"], self._scan.schema)
                pushed = one if pushed is None else pushed & one
            else:
                rest.append(step)
        return pushed, rest

    def _late(self, table: Any) -> Any:
        """Turn texts into what their columns shall be, and count those that are none of it."""
        from jupyter_aml.data.conversion import converted

        for place, name in enumerate(table.column_names):
            late = self._scan.late.get(name)
            if late is None:
                continue
            column, wrong = converted(table.column(name), late)
            if wrong is not None:
                self._count(name, table.column(name), wrong)
            table = table.set_column(place, name, column)
        return table

    def _count(self, name: str, texts: Any, wrong: Any) -> None:
        import pyarrow.compute as pc

        count = pc.sum(wrong).as_py() or 0
        if count:
            first = str(texts.filter(wrong)[0].as_py())
            before = self._wrong.get(name, (0, first))
            self._wrong[name] = before[0] + count, before[1]


def import_needed(what: str) -> None:
    """Raise an AmlError where the libraries are missing that read tables."""
    try:
        import pyarrow
        import pyarrow.dataset
    except ImportError:
        raise needs(what) from None
    if int(pyarrow.__version__.partition(".")[0]) < _OLDEST:
        raise AmlError(
            f"{what} needs pyarrow {_OLDEST} or newer, and this environment has "
            f"{pyarrow.__version__}: pip install --upgrade pyarrow"
        )


def _told_path(each: DataFile) -> str:
    return each.shown if "://" in each.shown or each.shown.startswith("/") else f"/{each.path}"


# ---- steps that come after reading -------------------------------------------------------------


def _filter(tables: Iterator[Any], step: Mapping[str, Any]) -> Iterator[Any]:
    from jupyter_aml.data.conditions import condition

    for table in tables:
        yield table.filter(condition(step["where"], table.schema))


def _skip(tables: Iterator[Any], step: Mapping[str, Any]) -> Iterator[Any]:
    left = step["count"]
    for table in tables:
        gone = min(left, table.num_rows)
        left -= gone
        yield table.slice(gone)


def _take(tables: Iterator[Any], step: Mapping[str, Any]) -> Iterator[Any]:
    left = step["count"]
    for table in tables:
        yield table.slice(0, left)
        left -= min(left, table.num_rows)
        if left == 0:
            return


def _chance(tables: Iterator[Any], step: Mapping[str, Any]) -> Iterator[Any]:
    import pyarrow as pa

    from jupyter_aml.data.chance import shares

    low, high = step.get("from", 0.0), step.get("to", step.get("probability"))
    place = 0
    for table in tables:
        found = shares(place, table.num_rows, step["seed"])
        place += table.num_rows
        yield table.filter(pa.array((found >= low) & (found < high)))


_STEPS: Mapping[str, Callable[[Iterator[Any], Mapping[str, Any]], Iterator[Any]]] = {
    "filter": _filter, "skip": _skip, "take": _take, "sample": _chance, "split": _chance,
}  # fmt: skip
