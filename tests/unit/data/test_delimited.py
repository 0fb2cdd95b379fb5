"""Texts with separators: types as SDK v1 inferred them, and what is wrong with a file."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas
import pytest

from jupyter_aml.data.scan import Unreadable
from jupyter_aml.domain.errors import Invalid, NotFound
from tests.unit.data.tables import read, texts, told, write


def kinds(frame: Any) -> dict[str, str]:
    return {name: kind.kind for name, kind in frame.dtypes.items()}


def test_types_come_from_the_values(tmp_path: Path) -> None:
    write(tmp_path, a_csv=(
        "n,x,flag,day,at,text,empty\n"
        "1,0.5,true,2020-01-31,2020-01-31T10:00:00Z,a,\n2,1,False,2020-02-01,2020-02-01T11:30:00Z,,\n"
    ))  # fmt: skip

    found = read(texts(tmp_path))

    assert kinds(found) == {
        "n": "i", "x": "f", "flag": "b", "day": "M", "at": "M", "text": "O", "empty": "O",
    }  # fmt: skip
    assert found["at"].tolist() == [datetime(2020, 1, 31, 10), datetime(2020, 2, 1, 11, 30)]
    assert found["day"].dtype == "datetime64[ns]"
    assert found["text"].isna().tolist() == [False, True]


def test_without_inference_all_are_texts(tmp_path: Path) -> None:
    write(tmp_path, a_csv="n,x\n1,0.5\n")

    assert read(texts(tmp_path, infer=False)).iloc[0].tolist() == ["1", "0.5"]


def test_empty_texts_are_missing_unless_they_shall_be_texts(tmp_path: Path) -> None:
    write(tmp_path, a_csv="t,n\n,1\na,\n")

    plain, blank = read(texts(tmp_path)), read(texts(tmp_path, blank=True))

    assert (plain["t"].isna().tolist(), blank["t"].tolist()) == ([True, False], ["", "a"])
    assert plain["n"].isna().tolist() == blank["n"].isna().tolist() == [False, True]


def test_words_for_what_is_missing_leave_a_column_one_of_numbers(tmp_path: Path) -> None:
    write(tmp_path, a_csv="n,code\n1,NA\nNA,DE\n3,FR\n")

    found, sentences = told(texts(tmp_path))

    assert found["n"].isna().tolist() == [False, True, False]
    assert found["code"].tolist() == ["NA", "DE", "FR"]
    assert sentences == []


@pytest.mark.parametrize(
    ("values", "day"),
    [
        (["1/31/2020", "2/1/2020"], datetime(2020, 1, 31)),
        (["31/01/2020", "01/02/2020"], datetime(2020, 1, 31)),
        (["1/31/2020 3:04 PM", "2/1/2020 1:00 AM"], datetime(2020, 1, 31, 15, 4)),
        (["31-Jan-2020", "01-Feb-2020"], datetime(2020, 1, 31)),
    ],
)
def test_times_of_usual_forms_are_times(tmp_path: Path, values: list[str], day: datetime) -> None:
    write(tmp_path, a_csv="d\n" + "\n".join(values) + "\n")

    assert read(texts(tmp_path))["d"][0] == day


def test_days_and_months_that_could_change_places_stay_texts(tmp_path: Path) -> None:
    write(tmp_path, a_csv="d\n01/02/2020\n03/04/2020\n")

    assert read(texts(tmp_path))["d"].tolist() == ["01/02/2020", "03/04/2020"]


def test_a_type_that_is_set_counts_for_more_than_the_values(tmp_path: Path) -> None:
    write(tmp_path, a_csv="zip;price;d;ok\n01234;1,5;01/02/2020;yes\n99999;2,25;03/04/2020;no\n")
    types = {
        "zip": {"type": "string"}, "price": {"type": "float", "decimal": ","},
        "d": {"type": "datetime", "formats": ["%d/%m/%Y"]}, "ok": {"type": "bool"},
    }  # fmt: skip

    found = read(texts(tmp_path, separator=";", types=types))

    assert found["zip"].tolist() == ["01234", "99999"]
    assert found["price"].tolist() == [1.5, 2.25]
    assert found["d"][0] == datetime(2020, 2, 1)
    assert found["ok"].tolist() == [True, False]


def test_times_with_fractions_are_read_by_their_form(tmp_path: Path) -> None:
    write(tmp_path, a_csv="d\n01.02.2020 03:04:05.250\n")
    types = {"d": {"type": "datetime", "formats": ["%d.%m.%Y %H:%M:%S.%f"]}}

    assert read(texts(tmp_path, types=types))["d"][0] == datetime(2020, 2, 1, 3, 4, 5, 250_000)


def test_a_type_of_a_column_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, a_csv="price\n1\n")

    with pytest.raises(Invalid, match=r"no column 'prise'.*did you mean 'price'"):
        read(texts(tmp_path, types={"prise": {"type": "long"}}))


def test_values_that_come_late_and_are_of_no_type_are_missing_and_told(tmp_path: Path) -> None:
    rows = [str(number) for number in range(300_000)] + ["oops", "7"]
    write(tmp_path, a_csv="n\n" + "\n".join(rows) + "\n")

    found, sentences = told(texts(tmp_path))

    assert len(found) == 300_002 and found["n"].isna().sum() == 1 and found["n"].iloc[-1] == 7
    assert sentences == [
        "column 'n': 1 value is not whole numbers and read as missing, the first is 'oops'"
    ]
    with pytest.raises(Unreadable, match=r"a\.csv.*'oops' in column 'n' is no whole number"):
        read(texts(tmp_path), on_error="fail")


def test_whole_numbers_become_numbers_where_fractions_come_late(tmp_path: Path) -> None:
    rows = [str(number) for number in range(300_000)] + ["0.5"]
    write(tmp_path, a_csv="n\n" + "\n".join(rows) + "\n")

    found, sentences = told(texts(tmp_path))

    assert (found["n"].dtype, found["n"].iloc[-1], sentences) == ("float64", 0.5, [])


def test_rows_of_another_length_are_left_out_counted_and_named(tmp_path: Path) -> None:
    write(tmp_path, a_csv="x,y\n1,2\n", b_csv="x,y\n3,4\n5\n6,7,8\n9,10\n")

    found, sentences = told(texts(tmp_path))

    assert found["x"].tolist() == [1, 3, 9]
    (sentence,) = sentences
    assert sentence.startswith("2 rows have another number of values than the header has columns")
    assert (
        "b.csv, row 3 has 1 values (5); " in sentence and "row 4 has 3 values (6,7,8)" in sentence
    )
    with pytest.raises(Unreadable, match=r"b\.csv, row 3 has 1 values"):
        read(texts(tmp_path), on_error="fail")


def test_what_matches_nothing_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=rf"there is no file at '{tmp_path}/\*\.csv'"):
        read(texts(tmp_path))


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    write(tmp_path, a_csv="")

    with pytest.raises(Unreadable, match=r"a\.csv is empty"):
        read(texts(tmp_path))


def test_a_header_without_rows_is_a_table_without_rows(tmp_path: Path) -> None:
    write(tmp_path, a_csv="x,y\n")

    assert list(read(texts(tmp_path)).columns) == ["x", "y"]


def test_another_encoding_is_named_or_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("name\nJosé\n".encode("latin1"))

    with pytest.raises(Unreadable, match=r"a\.csv is not text in utf8.*encoding="):
        read(texts(tmp_path))
    assert read(texts(tmp_path, encoding="iso88591"))["name"].tolist() == ["José"]


@pytest.mark.parametrize(
    ("encoding", "codec"), [("utf16", "utf16"), ("utf8bom", "utf-8-sig"), ("windows1252", "cp1252")]
)
def test_the_encodings_of_v1_are_read(tmp_path: Path, encoding: str, codec: str) -> None:
    (tmp_path / "a.csv").write_bytes("name,n\nJosé,1\n".encode(codec))

    found = read(texts(tmp_path, encoding=encoding))

    assert (list(found.columns), found["name"].tolist()) == (["name", "n"], ["José"])


def test_lines_within_quotes_are_read_where_they_are_meant(tmp_path: Path) -> None:
    write(tmp_path, a_csv='t,n\n"two\nlines",1\n')

    assert read(texts(tmp_path, multiline=True))["t"].tolist() == ["two\nlines"]


def test_without_a_header_columns_are_called_by_their_places(tmp_path: Path) -> None:
    write(tmp_path, a_csv="1,a\n", b_csv="2,b\n")

    found = read(texts(tmp_path, header="none"))

    assert found.to_dict("list") == {"Column1": [1, 2], "Column2": ["a", "b"]}


def test_a_header_may_be_in_the_first_file_alone(tmp_path: Path) -> None:
    write(tmp_path, a_csv="x,y\n1,a\n", b_csv="2,b\n")

    assert read(texts(tmp_path, header="first"))["x"].tolist() == [1, 2]


def test_headers_that_differ_are_combined_where_this_is_meant(tmp_path: Path) -> None:
    write(tmp_path, a_csv="x,y\n1,a\n", b_csv="x,z\n2,0.5\n")

    found = read(texts(tmp_path, header="combine"))

    assert list(found.columns) == ["x", "y", "z"] and found["z"].isna().tolist() == [True, False]


def test_columns_of_one_name_are_told_apart_and_those_of_none_get_one(tmp_path: Path) -> None:
    write(tmp_path, a_csv="x,x,\n1,2,3\n", b_csv="x,x,\n4,5,6\n")

    assert read(texts(tmp_path)).to_dict("list") == {"x": [1, 4], "x_1": [2, 5], "Column3": [3, 6]}


def test_a_row_may_be_longer_than_a_block(tmp_path: Path) -> None:
    write(tmp_path, a_csv="t\n" + "x" * 3_000_000 + "\nb\n")

    assert read(texts(tmp_path))["t"].str.len().tolist() == [3_000_000, 1]


def test_packed_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x\n1\n"))

    assert read(texts(tmp_path, "*.gz"))["x"].tolist() == [1]


def test_what_programs_leave_beside_tables_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, a_csv="x\n1\n")
    for name in ("_SUCCESS", ".hidden.csv"):
        (tmp_path / name).write_text("oops")

    assert read(texts(tmp_path, ""))["x"].tolist() == [1]


def test_times_that_pandas_cannot_hold_are_missing_or_an_error(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"at": pandas.array([datetime(3000, 1, 1)], "datetime64[us]")})
    frame.to_parquet(tmp_path / "a.parquet")
    from tests.unit.data.tables import made

    definition = made(tmp_path, "*.parquet", form="parquet")

    assert read(definition)["at"].isna().all()
    with pytest.raises(Unreadable, match=r"'at': 3000-01-01 .* out_of_range_datetime='null'"):
        read(definition, out_of_range="error")
