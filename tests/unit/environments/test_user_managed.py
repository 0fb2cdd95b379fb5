"""An interpreter as the user has it is looked at, and told apart from other programs."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments.protocol import Wish
from jupyter_aml.environments.user_managed import UserManaged
from jupyter_aml.testing.builds import Heard, a_wish


def wish(interpreter: str) -> Wish:
    return a_wish(python={"userManagedDependencies": True, "interpreterPath": interpreter})


def ensure(interpreter: str) -> str:
    return asyncio.run(UserManaged().ensure(wish(interpreter), build=Heard())).interpreter


def test_an_interpreter_is_taken_as_it_is() -> None:
    assert ensure(sys.executable) == sys.executable


@pytest.mark.parametrize("other", ["/bin/true", "/bin/cat", "/bin/ls"])
def test_another_program_is_refused_by_name(other: str) -> None:
    with pytest.raises(Invalid, match=f"{other} is not a Python interpreter"):
        ensure(other)


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no program"):
        ensure(str(tmp_path / "python"))


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 3 6\n")
    old.chmod(0o755)

    with pytest.raises(Invalid, match=r"is Python 3\.6; runs need Python 3\.10"):
        ensure(str(old))


def test_it_is_looked_at_once(tmp_path: Path) -> None:
    counted = tmp_path / "python"
    counted.write_text(f"#!/bin/sh\necho x >> {tmp_path}/count\necho 3 11\n")
    counted.chmod(0o755)
    builder = UserManaged()

    async def twice() -> None:
        await builder.ensure(wish(str(counted)), build=Heard())
        await builder.ensure(wish(str(counted)), build=Heard())

    asyncio.run(twice())

    assert (tmp_path / "count").read_text() == "x\n"
