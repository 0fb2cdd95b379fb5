"""Which lines of requirements are taken."""

from __future__ import annotations

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import requirements


def test_a_tab_is_a_blank() -> None:
    assert requirements.check(["six\t>=1"]) == ("six\t>=1",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "six==1.16.0 --hash=sha256:1",
            "'six==1.16.0 --hash=sha256:1': --hash is not taken behind a requirement; leave it out "
            "(the lock of an environment has hashes of its own)",
        ),
        (
            "six --config-settings a=b",
            "'six --config-settings a=b': --config-settings is not taken behind a requirement; "
            "leave it out",
        ),
        ("six==1 \x00", "'six==1 \\x00' is not a requirement: it holds a control character"),
        ("six\n-r x", "'six\\n-r x' is not a requirement: it holds a control character"),
        ("--pre\r-r x", "'--pre\\r-r x' is not a requirement: it holds a control character"),
        ("six\x1b[2J", "'six\\x1b[2J' is not a requirement: it holds a control character"),
    ],
)
def test_what_is_refused_says_why_and_what_to_do(line: str, said: str) -> None:
    for allow_sources in (False, True):
        with pytest.raises(Invalid) as caught:
            requirements.check([line], allow_sources=allow_sources)

        assert str(caught.value) == said


@pytest.mark.parametrize(
    "line",
    [
        "-r other.txt", "-rother.txt", "--requirement=other.txt", "-c bounds.txt",
        "--constraint bounds.txt", "-e .", "--editable=.", "--trusted-host x", "--no-index", "-",
    ],
)  # fmt: skip
@pytest.mark.parametrize("allow_sources", [False, True])
def test_an_option_that_reads_or_installs_files_is_never_taken(
    line: str, allow_sources: bool
) -> None:
    with pytest.raises(Invalid, match="options are not taken in an environment"):
        requirements.check(["six", line], allow_sources=allow_sources)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url=https://mine/simple", "-i https://mine/simple", "--extra-index-url https://a",
        "--find-links wheels", "-f wheels", "--pre", "six @ https://mine/six.whl",
        "git+https://mine/six", "./six.whl", "../six", "~/six", "/six", "six-1.0.tar.gz",
        "six.whl[x]", "six-1.0-py3-none-any.whl", "SIX.ZIP; python_version > '3'", "six.tgz",
        "six.tar", "six-1.0+a.whl",
    ],
)  # fmt: skip
def test_other_sources_are_taken_where_an_administrator_allows_them(line: str) -> None:
    assert requirements.check([line], allow_sources=True) == (line,)
    with pytest.raises(Invalid, match=r"may allow it by AmlConfig\.allow_package_sources"):
        requirements.check([line])
