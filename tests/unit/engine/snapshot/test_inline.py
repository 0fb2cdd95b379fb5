"""A snapshot of inline texts and of what globs find."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid, Refused
from jupyter_aml.engine.settings import Settings
from jupyter_aml.engine.snapshot import Limits, SnapshotPlan, plan_files, plan_source
from jupyter_aml.wire.submissions import decode_source

ROOMY = Limits()
CELL = {"cell.py": "print('é')"}


@pytest.fixture
def base(tmp_path):
    for name in ("helpers.py", "data/train.csv", "data/test.csv", "data/deep/more.csv", ".env",
                 "data/.hidden.csv", "lib/a/x.py", "lib/b/y.py", "env/pyvenv.cfg", "env/z.py",
                 "keys/id_rsa", "node_modules/m.py"):  # fmt: skip
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name)
    return tmp_path


def including(base: Path, *globs: str, limits: Limits = ROOMY) -> SnapshotPlan:
    return plan_files({}, include=globs, base=base, limits=limits)


def paths(planned: SnapshotPlan) -> list[str]:
    return [file.path for file in planned.files]


def test_a_cell_is_one_file_of_utf_8():
    planned = plan_files(CELL, limits=ROOMY)

    assert [(file.path, file.size) for file in planned.files] == [("cell.py", 11)]


def test_nothing_at_all_is_an_empty_plan():
    assert plan_source(decode_source({}), settings=Settings(root=Path("/nowhere"))).files == ()


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("helpers.py", ["helpers.py"]),
        ("./helpers.py", ["helpers.py"]),
        ("data/*.csv", ["data/test.csv", "data/train.csv"]),
        ("data/.*.csv", ["data/.hidden.csv"]),
        ("data/t[er]*.csv", ["data/test.csv", "data/train.csv"]),
        ("data/**/*.csv", ["data/deep/more.csv", "data/test.csv", "data/train.csv"]),
        ("data/**", ["data/.hidden.csv", "data/deep/more.csv", "data/test.csv", "data/train.csv"]),
        ("lib", ["lib/a/x.py", "lib/b/y.py"]),
        ("lib/", ["lib/a/x.py", "lib/b/y.py"]),
        ("li?", ["lib/a/x.py", "lib/b/y.py"]),
        ("*/*/x.py", ["lib/a/x.py"]),
        ("**/*.py", ["helpers.py", "lib/a/x.py", "lib/b/y.py"]),
        (".env", [".env"]),
        ("keys/id_rsa", ["keys/id_rsa"]),
    ],
)
def test_a_glob_finds_what_a_shell_would(base, glob, found):
    assert paths(including(base, glob)) == found


def test_two_globs_may_find_the_same_file(base):
    assert paths(including(base, "*.py", "helpers.py")) == ["helpers.py"]


def test_a_cell_goes_with_what_it_includes(base):
    planned = plan_files(CELL, include=["*.py"], base=base, limits=ROOMY)

    assert paths(planned) == ["cell.py", "helpers.py"]


@pytest.mark.parametrize("glob", ["/etc/passwd", "../x", "a/../../x", "~/x", "a\\b"])
def test_a_glob_never_leads_out(base, glob):
    with pytest.raises(Refused):
        including(base, glob)


@pytest.mark.parametrize("glob", ["way", "way/*", "way/passwd", "w?y"])
def test_a_link_out_of_the_folder_is_refused(base, glob):
    (base / "way").symlink_to("/etc")

    with pytest.raises(Refused, match="leads out"):
        including(base, glob)


@pytest.mark.parametrize(
    ("glob", "said"),
    [
        ("helper.py", r"'helper.py' matches no file.*did you mean helpers.py\?"),
        ("data/trian.csv", r"did you mean data/train.csv"),
        ("date/*.csv", r"did you mean data\?"),
        ("data/*.parquet", r"'data/\*.parquet' matches no file"),
        ("keys/*", r"left out keys/id_rsa: looks like a secret"),
        ("helpers.py/x", r"matches no file"),
    ],
)
def test_a_glob_that_finds_nothing_says_what_is_near(base, glob, said):
    with pytest.raises(Invalid, match=said):
        including(base, glob)


def test_globs_need_a_folder():
    with pytest.raises(Invalid, match=r"source\.base"):
        plan_files(CELL, include=["*.py"], limits=ROOMY)


def test_a_file_cannot_be_inline_and_included(base):
    with pytest.raises(Invalid, match=r"helpers\.py"):
        plan_files({"helpers.py": ""}, include=["*.py"], base=base, limits=ROOMY)


@pytest.mark.parametrize("path", ["../cell.py", "/cell.py", "a//b", "", "a\nb"])
def test_an_inline_name_never_leads_out(path):
    with pytest.raises(Refused):
        plan_files({path: ""}, limits=ROOMY)


@pytest.mark.parametrize("files", [{"a": "", "a/b": ""}, {"outputs": ""}, {"logs": ""}])
def test_inline_names_must_make_a_tree(files):
    with pytest.raises(Invalid):
        plan_files(files, limits=ROOMY)


def test_what_is_included_has_the_same_limits(base):
    with pytest.raises(Invalid, match="The largest entries"):
        including(base, "data", limits=Limits(max_files=3))


def test_inline_texts_have_the_same_limits():
    with pytest.raises(Invalid, match="larger than 5 bytes"):
        plan_files(CELL, limits=Limits(max_bytes=5))


@pytest.mark.parametrize(
    "source",
    [
        {"directory": "relative"},
        {"directory": 3},
        {"directory": "/no/such/folder"},
        {"files": ["a"]},
        {"files": {"a": 1}},
        {"include": "*.py", "base": "/"},
        {"include": [1], "base": "/"},
        {"include": ["a"], "base": "b"},
    ],
)
def test_a_source_that_makes_no_sense_is_invalid(source):
    with pytest.raises(Invalid):
        plan_source(decode_source(source), settings=Settings(root=Path("/nowhere")))


def sent(source: dict[str, object], **limits: int) -> list[str]:
    settings = Settings(root=Path("/nowhere"), **limits)  # type: ignore[arg-type]
    return paths(plan_source(decode_source(source), settings=settings))


def test_a_cell_goes_on_top_of_a_folder(base):
    assert sent({"directory": str(base / "lib"), "files": CELL}) == ["a/x.py", "b/y.py", "cell.py"]


def test_a_cell_goes_with_a_folder_and_with_what_it_includes(base):
    source = {"directory": str(base / "lib"), "files": CELL, "include": ["data/t*"],
              "base": str(base)}  # fmt: skip

    assert sent(source) == ["a/x.py", "b/y.py", "cell.py", "data/test.csv", "data/train.csv"]


def test_a_file_of_the_folder_may_be_included_by_name_too(base):
    source = {"directory": str(base / "keys"), "files": CELL, "include": ["id_rsa"],
              "base": str(base / "keys")}  # fmt: skip

    assert sent(source) == ["cell.py", "id_rsa"]


def test_a_folder_that_holds_a_file_of_the_cells_name_is_refused(base):
    (base / "lib/cell.py").touch()

    with pytest.raises(Invalid, match=r"'cell\.py' is in .*lib, and is sent from elsewhere, too"):
        sent({"directory": str(base / "lib"), "files": CELL})


def test_a_folder_and_what_is_on_top_share_the_limits(base):
    with pytest.raises(Invalid, match="more than 2 files"):
        sent({"directory": str(base / "lib"), "files": CELL}, snapshot_max_files=2)


def test_a_name_that_is_there_goes_before_the_pattern_that_it_could_be(tmp_path):
    for name in (
        "data[1].csv",
        "data1.csv",
        "what?.txt",
        "fold[2]/a.csv",
        "fold2/b.csv",
        "x/[1].txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    assert paths(including(tmp_path, "data[1].csv")) == ["data[1].csv"]
    assert paths(including(tmp_path, "what?.txt")) == ["what?.txt"]
    assert paths(including(tmp_path, "fold[2]/*.csv")) == ["fold[2]/a.csv"]
    assert paths(including(tmp_path, "fold[2]")) == ["fold[2]/a.csv"]
    assert paths(including(tmp_path, "*/[1].txt")) == ["x/[1].txt"]
    assert paths(including(tmp_path, "data[0-9].csv")) == ["data1.csv"]
