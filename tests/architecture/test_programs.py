"""What a fresh clone holds: programs that can be executed, and nothing that was built."""

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


def test_nothing_that_was_built_is_in_the_repository() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "*.whl", "*.tar.gz", "*.pyc"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert listing.stdout.split() == []
