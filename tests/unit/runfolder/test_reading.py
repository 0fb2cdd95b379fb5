"""Records come back as columns, past everything that is torn."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from jupyter_aml.runfolder import reading
from jupyter_aml.runfolder.reading import RecordReader, read_all
from jupyter_aml.runfolder.records import RecordWriter


def wrote(folder: Path, text: str | bytes, name: str = "1-1.jsonl") -> Path:
    data = text.encode() if isinstance(text, str) else text
    with (folder / name).open("ab") as file:
        file.write(data)
    return folder


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert not read_all(tmp_path / "metrics")


def test_numbers_come_as_columns_and_a_missing_step_as_nan(tmp_path: Path) -> None:
    wrote(tmp_path, '["m","a",1.5,null,2]\n["m","b",2.5,7,3]\n["m","a",3.5,8,4.5]\n')

    series = read_all(tmp_path).series
    assert list(series["a"].time) == [1.5, 3.5]
    assert math.isnan(series["a"].step[0]) and series["a"].step[1] == 8
    assert list(series["a"].value) == [2.0, 4.5]
    assert list(series["b"].step) == [7.0]


@pytest.mark.parametrize(
    "torn",
    [
        '["m","a",1',
        '["m","a',
        "[",
        '{"m":1}',
        "17",
        "[]",
        "\x00\x00\x00",
        '["m","a",1,null,"x"]',
        '["m","a",1,null]',
        '["m","a",null,null,1]',
        '["m",3,1,null,[1]]',
        '["m","a",1,null,{}]',
        '["m","a",1,null,1' + "0" * 400 + "]",
        '["v","a"]',
        "[" * 100_000,
    ],
)
def test_a_torn_line_costs_no_other(torn: str, tmp_path: Path) -> None:
    wrote(tmp_path, f'["m","good",1,null,1]\n{torn}\n["m","good",2,null,2]\n')

    batch = read_all(tmp_path)
    assert list(batch.series["good"].value) == [1, 2]
    assert batch.torn == 1
    assert len({len(column) for column in _columns(batch, "a")}) <= 1


def _columns(batch: reading.Batch, name: str) -> list[object]:
    columns = batch.series.get(name)
    return [] if columns is None else [columns.time, columns.step, columns.value]


def test_a_record_behind_a_torn_one_in_the_same_line_is_found(tmp_path: Path) -> None:
    wrote(tmp_path, '["m","a",1,nu["m","b",2,null,5]\n["v","t",1,["tag","k","v",3.0]\n')

    batch = read_all(tmp_path)
    assert list(batch.series["b"].value) == [5]
    assert batch.others == [["tag", "k", "v", 3.0]]
    assert batch.torn == 2


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    wrote(tmp_path, b'["m","a",1,null,1]\n\xff\xfe\x80\n["m","a",2,null,2]\n')

    assert list(read_all(tmp_path).series["a"].value) == [1, 2]


def test_a_line_without_its_end_is_left_for_later(tmp_path: Path) -> None:
    reader = RecordReader(wrote(tmp_path, '["m","a",1,null,1]\n["m","a",2,nu'))

    first = reader.read()
    wrote(tmp_path, 'll,2]\n["m","a"')
    second = reader.read()

    assert list(first.series["a"].value) == [1]
    assert list(second.series["a"].value) == [2]
    assert first.torn == second.torn == 0
    assert not reader.read()


def test_a_file_that_comes_later_is_read_too(tmp_path: Path) -> None:
    reader = RecordReader(wrote(tmp_path, '["m","a",1,null,1]\n'))
    reader.read()
    wrote(tmp_path, '["m","a",2,null,2]\n', "2-2.jsonl")

    assert list(reader.read().series["a"].value) == [2]
    assert reader.processes == 2


def test_processes_are_merged_by_time(tmp_path: Path) -> None:
    wrote(tmp_path, '["m","a",1,null,10]\n["m","a",3,null,30]\n["v","t",5,null,"text","late"]\n')
    wrote(tmp_path, '["m","a",2,null,20]\n["v","t",4,null,"text","early"]\n', "2-2.jsonl")

    batch = read_all(tmp_path)
    assert list(batch.series["a"].value) == [10, 20, 30]
    assert [value.value for value in batch.values] == ["early", "late"]


def test_values_and_plain_records_keep_their_form(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    writer.value("row", "row", {"a": [1, None]}, 4)
    writer.record("tag", "k", None, 1.0)
    writer.close()

    batch = read_all(tmp_path)
    [value] = batch.values
    assert (value.name, value.kind, value.value, value.step) == ("row", "row", {"a": [1, None]}, 4)
    assert batch.others == [["tag", "k", None, 1.0]]


@pytest.mark.parametrize("names", [["a"], ["a", "b", 'c"]\n["m",']])
@pytest.mark.parametrize("block", [64, 1 << 20])
def test_both_ways_of_reading_find_the_same(
    names: list[str], block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BLOCK", block)
    writer = RecordWriter(tmp_path)
    for number in range(300):
        writer.number(names[number % len(names)], number / 7, number if number % 3 else None)
    writer.close()

    quick = read_all(tmp_path)
    monkeypatch.setattr(reading, "_numbers", lambda block: None)
    slow = read_all(tmp_path)

    assert list(quick.series) == list(slow.series) == names
    for name in names:
        assert repr(quick.series[name]) == repr(slow.series[name])


def test_a_line_longer_than_a_block_is_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BLOCK", 100)
    writer = RecordWriter(tmp_path)
    writer.value("table", "table", {"x": list(range(1000))})
    writer.number("a", 1.0)
    writer.close()

    batch = read_all(tmp_path)
    assert batch.values[0].value["x"][-1] == 999
    assert list(batch.series["a"].value) == [1.0]


def test_a_name_without_a_readable_number_is_no_series(tmp_path: Path) -> None:
    huge = "1" + "0" * 400
    (tmp_path / "a.jsonl").write_text(f'["m","d",1.0,null,{huge}]\n["v","x",1.0,null,"text","a"]\n')

    batch = read_all(tmp_path)

    assert (batch.series, batch.torn) == ({}, 1)
