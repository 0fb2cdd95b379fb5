"""A name leads to its file, and never out of the run's folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import NotFound, Refused
from jupyter_aml.runfolder.layout import BUILD_LOG, CONSOLE, RunFolder

WAYS_OUT = [
    "", ".", "..", "/", "/etc/passwd", "//etc/passwd", "../x", "a/../../x", "outputs/..",
    "outputs/../../run.json", "./x", "a/./b", "a//b", "a/", "outputs/", "\\etc", "a\\..\\b",
    "C:/x", "c:", "a\x00b", "a\nb", "\x1b[31m", "x" * 1025, "x" * 256, "ü" * 128,
    "user_logs/../status/exit.1", "logs/../../status", "\udcff/..", "\ud800", r"a\x2fb",
    r"\x2e\x2e/b", r"\xc3\xa9", r"\x41", r"a\x5", r"a\x5C", r"\x00", r"a/\x2e.",
    r"\xff" * 256,
]  # fmt: skip


@pytest.mark.parametrize("name", WAYS_OUT, ids=ascii)
def test_a_name_that_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        RunFolder(tmp_path).locate(name)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (CONSOLE, "logs/std_log.txt"),
        (BUILD_LOG, "logs/20_image_build_log.txt"),
        ("user_logs/std_log_process_1.txt", "logs/std_log_process_1.txt"),
        ("outputs/model.pkl", "work/outputs/model.pkl"),
        ("logs/a/b.txt", "work/logs/a/b.txt"),
        ("plot.png", "files/plot.png"),
        ("run.json", "files/run.json"),
        ("status/exit.1", "files/status/exit.1"),
        ("outputs", "work/outputs"),
        ("<b>&'\".png", "files/<b>&'\".png"),
        ("...", "files/..."),
        (r"outputs/a\x5cb\x0a", "work/outputs/a\\b\n"),
        (r"outputs/caf\xe9", "work/outputs/caf\udce9"),
        (r"\xff" * 255, "files/" + "\udcff" * 255),
    ],
)
def test_a_name_has_one_place(name: str, place: str, tmp_path: Path) -> None:
    assert RunFolder(tmp_path).locate(name) == tmp_path / place


def a_run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    for name in (CONSOLE, "outputs/m.bin", "logs/x.txt", "plots/a.png", "user_logs/rank_1.txt"):
        path = folder.locate(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def test_files_are_listed_by_the_names_that_find_them(tmp_path: Path) -> None:
    folder = a_run(tmp_path)

    names = [name for name, _ in folder.names()]
    assert names == sorted(
        [CONSOLE, "outputs/m.bin", "logs/x.txt", "plots/a.png", "user_logs/rank_1.txt"]
    )
    assert all(folder.existing(name).read_text() == name for name in names)


def test_files_are_listed_page_by_page_below_a_prefix(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    for number in range(5):
        folder.locate(f"outputs/parts/{number}").parent.mkdir(exist_ok=True)
        folder.locate(f"outputs/parts/{number}").touch()

    first = folder.listing(prefix="outputs/", most=4)
    second = folder.listing(prefix="outputs/", most=4, after=first.next)

    assert [name for page in (first, second) for name, _ in page.files] == [
        "outputs/m.bin", *(f"outputs/parts/{number}" for number in range(5)),
    ]  # fmt: skip
    assert (first.total, second.total) == (6, 6)
    assert (first.next, second.next) == ("outputs/parts/2", None)
    assert folder.listing(prefix="nothing").files == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../secret", "../../../closed"])
def test_a_link_that_leads_out_is_neither_listed_nor_given(target: str, tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "closed").mkdir()
    os.symlink(target, folder.outputs / "way_out")

    assert "outputs/way_out" not in [name for name, _ in folder.names()]
    with pytest.raises((Refused, NotFound)):
        folder.existing("outputs/way_out")


def test_a_folder_that_is_a_link_out_is_not_walked(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "secret").write_text("secret")
    os.symlink(tmp_path / "closed", folder.outputs / "door")

    assert not [name for name, _ in folder.names() if "secret" in name]
    with pytest.raises(Refused):
        folder.existing("outputs/door/secret")


@pytest.mark.parametrize("name", ["nonesuch", "outputs", "outputs/nonesuch/deep", "plots"])
def test_what_is_no_file_is_not_found(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        a_run(tmp_path).existing(name)
