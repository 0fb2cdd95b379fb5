"""What lines of requirements say, and that no merge loses a word of them."""

from __future__ import annotations

import itertools

import packaging.requirements
import packaging.utils
import pytest

from jupyter_aml.domain.requirement import lines_of, merged, read

SAID = packaging.requirements.Requirement


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["pandas<3", "pandas[excel]>=1"], ["pandas[excel]<3,>=1"]),
        (["a<20", "a<2"], ["a<20,<2"]),
        (["a>=1; python_version<'3.9'", "a<2"], ["a>=1 ; python_version<'3.9'", "a<2"]),
        (["Scikit_Learn>=1", "scikit-learn<2"], ["Scikit_Learn>=1,<2"]),
        (["a.b-c_d", "A-B.C--D==1"], ["a.b-c_d==1"]),
        (["a[x,y]", "a[Y,z]>1"], ["a[x,y,z]>1"]),
        (["a", "a"], ["a"]),
        (["a==1", "a == 1"], ["a==1"]),
        (["a (>=1, <2)", "a!=1.5"], ["a>=1,<2,!=1.5"]),
        (
            ["a>1;python_version<'3.9'", 'a<2 ; python_version < "3.9"'],
            ["a>1,<2 ; python_version<'3.9'"],
        ),
        (["a @ https://x/a.whl", "a>1"], ["a @ https://x/a.whl", "a>1"]),
        (["https://x/a.whl", "https://x/b.whl"], ["https://x/a.whl", "https://x/b.whl"]),
        (["--pre", "a", "-f x", "--pre"], ["--pre", "a", "-f x"]),
        (["./a.whl", "../b"], ["./a.whl", "../b"]),
    ],
)
def test_lines_of_one_package_are_joined_and_nothing_is_lost(
    lines: list[str], wanted: list[str]
) -> None:
    assert merged(lines) == wanted


NAMES = ["a", "A_b", "a-b", "a.B"]
EXTRAS = ["", "[x]", "[y, x]"]
VERSIONS = ["", ">=1", "<2", ">=1,<20", "==1.*", "~=1.4"]
MARKERS = ["", ";python_version<'3.9'", ' ; python_version < "3.9"', "; os_name=='nt'"]
LINES = ["".join(parts) for parts in itertools.product(NAMES, EXTRAS, VERSIONS, MARKERS)]


@pytest.mark.parametrize("line", LINES)
def test_a_line_reads_as_packaging_reads_it(line: str) -> None:
    ours, theirs = read(line), SAID(line)

    assert ours is not None
    assert SAID(str(ours)) == theirs


def test_a_merge_allows_what_both_lines_allow() -> None:
    for one, other in itertools.product(LINES[::7], LINES[::11]):
        both = [SAID(line) for line in merged([one, other])]
        for asked in (SAID(one), SAID(other)):
            said = [
                each
                for each in both
                if packaging.utils.canonicalize_name(each.name)
                == packaging.utils.canonicalize_name(asked.name)
                and str(each.marker) == str(asked.marker)
            ]
            assert len(said) == 1, (one, other)
            assert set(asked.specifier) <= set(said[0].specifier)
            assert asked.extras <= said[0].extras


@pytest.mark.parametrize(
    "line",
    ["https://example.org/a-1-py3-none-any.whl", "git+https://x/y", "-r a.txt", "--pre", "./a", ""],
)
def test_a_line_that_names_no_package_is_no_requirement(line: str) -> None:
    assert read(line) is None


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("six==1.16.0\t# for py2\n", ("six==1.16.0",)),
        ("a # b\n# c\n\t# d\n  b  \n", ("a", "b")),
        ("a#b\n", ("a#b",)),
        ("https://x/a.zip#egg=a\n", ("https://x/a.zip#egg=a",)),
        ("a>=1,\\\n<2\n", ("a>=1,<2",)),
        ("a \\\n --hash=x:1 \\\n --hash=x:2\n", ("a  --hash=x:1  --hash=x:2",)),
        ("a\\\n# no more\nb\n", ("a", "b")),
        ("# on \\\na\n", ("a",)),
        ("a\r\nb\r\n", ("a", "b")),
        ("a \\\r\n<2\r\n", ("a <2",)),
        ("\ufeffa\n", ("a",)),
        ("a\\", ("a",)),
        ("", ()),
    ],
)  # fmt: skip
def test_a_file_is_read_as_pip_reads_it(text: str, lines: tuple[str, ...]) -> None:
    assert lines_of(text) == lines
