"""What conda's clients print when they fail becomes one sentence."""
# ruff: noqa: E501

from __future__ import annotations

import pytest

from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.environments.conda.causes import NoChannel, failed

CONDA_ABSENT = """
PackagesNotFoundError: The following packages are not available from current channels:

  - no-such-thing

Current channels:

  - https://conda.anaconda.org/conda-forge/linux-64
"""
LIBMAMBA_ABSENT = """
LibMambaUnsatisfiableError: Encountered problems while solving:
  - nothing provides requested no-such-thing

Could not solve for environment specs
"""
MAMBA_ABSENT = """
error    libmamba Could not solve for environment specs
    The following package could not be installed
    └─ no-such-thing =* * does not exist (perhaps a typo or a missing channel).
"""
CONDA_CONFLICT = """
LibMambaUnsatisfiableError: Encountered problems while solving:
  - package pandas-1.0.0-py36_0 requires numpy >=1.13,<1.18, but none of the providers can be installed
"""
MAMBA_CONFLICT = """
error    libmamba Could not solve for environment specs
    The following packages are incompatible
    ├─ numpy =2 * is requested and can be installed;
    └─ old-thing =* * is not installable because it requires
       └─ numpy <2 *, which conflicts with any installable versions previously reported.
"""
MANY = """
Cannot solve the request because of: The following packages are incompatible
├─ new-thing * can be installed with any of the following options:
│  └─ new-thing 1.0 | 1.1 | 1.2 would require
│     └─ numpy >=2,<3, which can be installed with any of the following options:
│        └─ numpy 2.0
└─ old-thing * cannot be installed because there are no viable options:
   └─ old-thing 0.1 would require
      └─ numpy >=1,<2, for which no candidates were found.
"""
CONDA_SILENT = """
CondaHTTPError: HTTP 000 CONNECTION FAILED for url <https://conda.anaconda.org/conda-forge/linux-64/repodata.json>
Elapsed: -
An HTTP error occurred when trying to retrieve this URL.
"""
MAMBA_SILENT = """
critical libmamba Download error (6) Could not resolve hostname [https://conda.anaconda.org/conda-forge/linux-64/repodata.json.zst]
    Could not resolve host: conda.anaconda.org
"""


@pytest.mark.parametrize("text", [CONDA_ABSENT, LIBMAMBA_ABSENT, MAMBA_ABSENT])
def test_a_package_that_is_nowhere_is_named(text: str) -> None:
    error = failed(text, specs=["no-such-thing"], channels=["conda-forge"])

    assert isinstance(error, Invalid)
    assert str(error) == "there is no package 'no-such-thing' in conda-forge"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            CONDA_CONFLICT,
            "pandas-1.0.0-py36_0 needs numpy>=1.13,<1.18, but numpy=2 is required",
        ),
        (
            MANY,
            "new-thing 1.0 and others needs numpy>=2,<3, but old-thing 0.1 needs numpy>=1,<2",
        ),
        (MAMBA_CONFLICT, "old-thing needs numpy<2, but numpy=2 is required"),
    ],
)
def test_a_conflict_names_both_sides(text: str, sentence: str) -> None:
    error = failed(text, specs=["numpy=2", "pandas"], channels=["conda-forge"])

    assert isinstance(error, Invalid)
    assert str(error) == sentence


@pytest.mark.parametrize("text", [CONDA_SILENT, MAMBA_SILENT])
def test_a_channel_that_does_not_answer_is_no_fault_of_the_wish(text: str) -> None:
    error = failed(text, specs=["numpy"], channels=["conda-forge"])

    assert isinstance(error, NoChannel)
    assert str(error).startswith("conda-forge: ")


@pytest.mark.parametrize(
    "text",
    ["OSError: [Errno 28] No space left on device: '/x'", "failed to link (os error 28)",
     "NoSpaceLeftError: No space left on devices."],
)  # fmt: skip
def test_a_full_disk_is_said(text: str) -> None:
    error = failed(text, specs=(), channels=())

    assert isinstance(error, StorageFailed)
    assert "disk is full" in str(error)


def test_of_other_trouble_the_last_line_is_told_without_secrets() -> None:
    error = failed("a\nb https://me:secret@host/x\n\n", specs=(), channels=())

    assert str(error) == "the environment cannot be made: b https://***@host/x"


def test_a_channel_that_is_misspelled_is_not_taken_for_a_silent_one() -> None:
    told = "CondaHTTPError: HTTP 404 NOT FOUND for url <http://localhost/cnoda/noarch>"

    error = failed(told, specs=["numpy"], channels=["cnoda"])

    assert isinstance(error, Invalid)
    assert "there is no such conda channel among cnoda" in str(error)
