"""How much of its machine a run may take."""

from __future__ import annotations

import math

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import Limits, amount, read_amount

SOME = Limits(cpus=1.5, memory=4 << 30, processes=500, gpus=1)


def test_limits_are_read_as_they_are_written() -> None:
    assert Limits.from_json(SOME.to_json()) == SOME
    assert Limits.from_json({}) == Limits.from_json(None) == Limits()
    assert Limits().to_json() == {}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512m", 512 << 20),
        ("4g", 4 << 30),
        ("1.5 GB", 3 << 29),
        ("2GiB", 2 << 30),
        (7 << 20, 7 << 20),
        ("8388608", 8 << 20),
        ("9000k", 9000 << 10),
        ("1T", 1 << 40),
        ("8388608b", 8 << 20),
    ],
)
def test_memory_is_asked_for_as_docker_takes_it(text: object, size: int) -> None:
    assert Limits.from_json({"memory": text}).memory == size


def test_a_command_line_gives_numbers_as_text() -> None:
    given = {"cpus": "1.5", "processes": "500", "gpus": "1", "memory": "4g"}

    assert Limits.from_json(given) == SOME


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cpus", 0),
        ("cpus", -1),
        ("cpus", "two"),
        ("cpus", math.nan),
        ("cpus", math.inf),
        ("cpus", True),
        ("memory", "lots"),
        ("memory", "-1g"),
        ("memory", 0),
        ("memory", "1k"),
        ("memory", True),
        ("memory", []),
        ("memory", math.nan),
        ("processes", 0),
        ("processes", 1.5),
        ("processes", 10**400),
        ("gpus", -1),
        ("gpus", "x"),
    ],
)
def test_what_no_machine_can_give_is_named(field: str, value: object) -> None:
    with pytest.raises(Invalid, match=rf"^limits\.{field}: "):
        Limits.from_json({field: value})


def test_a_limit_that_does_not_exist_is_told_from_its_neighbour() -> None:
    with pytest.raises(Invalid, match="no limit 'mem'; did you mean 'memory'"):
        Limits.from_json({"mem": "4g"})
    with pytest.raises(Invalid, match="expected an object"):
        Limits.from_json("4g")


def test_what_is_asked_beats_what_is_usual() -> None:
    assert Limits(cpus=1) | Limits(cpus=2, processes=9) == Limits(cpus=1, processes=9)
    assert not Limits() | Limits()


def test_limits_are_said_in_words() -> None:
    assert SOME.words() == "1.5 CPUs, 4 GB of memory, 1 GPU, 500 processes"
    assert Limits(cpus=1, gpus=0).words() == "1 CPU, 0 GPUs"
    assert Limits().words() == ""


def test_an_amount_is_said_in_the_unit_it_was_asked_in() -> None:
    assert amount(read_amount("memory", "512m")) == "512 MB"
    assert amount(3 << 29) == "1.5 GB"
    assert amount(100) == "100 bytes"


def test_the_less_of_both_holds() -> None:
    node, most = Limits(cpus=2, memory=20), Limits(memory=10, processes=5)

    assert node.within(most) == Limits(cpus=2, memory=10, processes=5)
    assert Limits(memory=5).within(most).memory == 5
    assert node.within(Limits()) == node
