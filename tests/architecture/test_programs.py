"""What the Makefile and CI call by its name can be executed, also in a fresh clone."""

from __future__ import annotations

import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_programs_of_the_shell_are_executable() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "--stage", ".ci"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    modes = {path: line.split()[0] for line, _, path in
             (each.partition("\t") for each in listing.stdout.splitlines())}  # fmt: skip
    programs = [path for path in modes if (REPOSITORY / path).read_bytes().startswith(b"#!")]

    assert ".ci/system-packages" in programs
    assert [path for path in programs if modes[path] != "100755"] == []
