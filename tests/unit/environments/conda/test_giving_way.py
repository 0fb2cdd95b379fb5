"""What a specification of old times gets of conda packages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from jupyter_aml.domain.environment import Conda
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments.conda.giving_way import choose
from jupyter_aml.environments.conda.solver import Package

HAD = {"python": "3.10.13", "numpy": "2.1", "pandas": "2.2"}


class FakeSolver:
    """Has the newest of each, and of numpy and pandas what is asked for by a limit."""

    name = "fake"

    def __init__(self, *absent: str) -> None:
        self.asked: list[list[str]] = []
        self._absent = absent

    async def solve(
        self, channels: Sequence[str], specs: Sequence[str], *, lowest: bool = False
    ) -> tuple[Package, ...]:
        self.asked.append([*specs])
        if any(spec in self._absent for spec in specs):
            raise Invalid("not together")
        old = {"numpy <1.24": "1.23.5", "pandas <2": "1.5.3"}
        names = {spec.split()[0] for spec in specs}
        return tuple(
            Package(
                name,
                next((old[s] for s in specs if s in old and s.startswith(name)), HAD[name]),
                "",
            )
            for name in sorted(names)
        )

    async def install(self, prefix: Path) -> None:
        raise NotImplementedError


def chosen(solver: FakeSolver, *packages: str, python: str | None) -> tuple[dict[str, str], object]:
    conda = Conda(packages=packages, python=python)
    found, warnings = asyncio.run(choose(solver, ["c"], conda))
    return {one.name: one.version for one in found}, warnings


def test_an_old_python_takes_libraries_of_its_time() -> None:
    versions, warnings = chosen(FakeSolver(), "numpy", "pandas", python="=3.6.2")

    assert versions == {"python": "3.10.13", "numpy": "1.23.5", "pandas": "1.5.3"}
    assert warnings == (
        "python=3.6.2 is too old for runs; Python 3.10.13 is taken",
        "python=3.6.2 is of a time before: numpy 1.23.5, pandas 1.5.3 are taken for it",
    )


def test_where_they_do_not_go_together_so_the_newest_are_taken() -> None:
    versions, warnings = chosen(FakeSolver("pandas <2"), "numpy", "pandas", python="=3.6.2")

    assert (versions["numpy"], versions["pandas"]) == ("2.1", "2.2")
    assert warnings == ("python=3.6.2 is too old for runs; Python 3.10.13 is taken",)


def test_a_python_of_today_is_solved_for_once() -> None:
    solver = FakeSolver()

    versions, warnings = chosen(solver, "numpy", python="=3.11")

    assert (versions["numpy"], warnings, len(solver.asked)) == ("2.1", (), 1)
