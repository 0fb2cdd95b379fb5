"""Files of an input are laid whole or not at all, end when nobody waits, and may be laid again."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.data.stores import LocalStore
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.engine.run_data.laying import Piece, Stopped, Work, bring, lay, tops

SAID: list[str] = []


class Far:
    """A store whose files have to be fetched; one that is `broken` ends in the middle."""

    def __init__(self, broken: str = "", gate: threading.Event | None = None) -> None:
        self.broken, self.gate, self.begun = broken, gate, threading.Event()

    def open(self, path: str, mode: str = "rb") -> Any:
        self.begun.set()
        if self.gate is not None:
            assert self.gate.wait(30)
        if path == self.broken:
            raise Unreachable("the store has gone")
        return io.BytesIO(path.encode())


def pieces(store: Any, *names: str) -> list[Piece]:
    return [Piece(name, store, name) for name in names]


def work() -> Work:
    SAID.clear()
    return Work(SAID.append)


def test_what_is_here_is_linked_and_what_is_far_is_fetched(tmp_path: Path) -> None:
    near = LocalStore(tmp_path / "near")
    (tmp_path / "near" / "a").mkdir(parents=True)
    (tmp_path / "near" / "a" / "x").write_text("near")
    both = [*pieces(near, "a/x"), *pieces(Far(), "b/y")]

    lay(both, tmp_path / "in" / "data", what="'d'", as_links=True, work=work())

    made = tmp_path / "in" / "data"
    assert os.readlink(made / "a" / "x") == str(tmp_path / "near" / "a" / "x")
    assert (made / "b" / "y").read_text() == "b/y"
    assert SAID[-1] == "downloading 'd': 1 of 1 files"
    assert tops(both) == (str(tmp_path / "near" / "a"),)


def test_copies_are_the_scripts_own(tmp_path: Path) -> None:
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "x").write_text("near")
    near = LocalStore(tmp_path / "near")

    lay(pieces(near, "x"), tmp_path / "data", what="'d'", as_links=False, work=work())
    (tmp_path / "data" / "x").write_text("mine")

    assert (tmp_path / "near" / "x").read_text() == "near"
    assert SAID[-1] == "copying 'd': 1 of 1 files"


def test_a_failure_in_the_middle_leaves_no_folder_and_it_may_be_done_again(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(20)]

    with pytest.raises(Unreachable, match="the store has gone"):
        lay(pieces(Far("f7"), *names), tmp_path / "data", what="'d'", as_links=True, work=work())

    assert not (tmp_path / "data").exists()
    lay(pieces(Far(), *names), tmp_path / "data", what="'d'", as_links=True, work=work())
    assert sorted(os.listdir(tmp_path / "data")) == sorted(names)
    assert os.listdir(tmp_path) == ["data"]


def test_it_ends_when_nobody_waits_any_more(tmp_path: Path) -> None:
    gate, doing = threading.Event(), work()
    far = Far(gate=gate)
    failures: list[BaseException] = []

    def do() -> None:
        try:
            lay(pieces(far, *"abcdefghijklmnop"), tmp_path / "data", what="'d'", as_links=True,
                work=doing)  # fmt: skip
        except Stopped as error:
            failures.append(error)

    thread = threading.Thread(target=do)
    thread.start()
    assert far.begun.wait(30)
    doing.stop.set()
    gate.set()
    thread.join(30)

    assert len(failures) == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "", "/", ".."])
def test_no_file_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid, match="is no name of a file in a folder"):
        lay([Piece(name, Far(), "x")], tmp_path / "in" / "data", what="'d'", as_links=True,
            work=work())  # fmt: skip

    assert not (tmp_path / "x").exists()


def test_files_come_beside_those_that_are_there(tmp_path: Path) -> None:
    inside, made = tmp_path / "work", tmp_path / "made"
    (inside / "data").mkdir(parents=True)
    (inside / "data" / "old").write_text("old")
    (inside / "data" / "both").write_text("old")
    (made / "deep").mkdir(parents=True)
    (made / "both").write_text("new")
    (made / "deep" / "new").write_text("new")

    replaced = bring(made, inside / "data", inside)

    assert replaced == ["both"]
    assert (inside / "data" / "old").read_text() == "old"
    assert (inside / "data" / "both").read_text() == "new"
    assert (inside / "data" / "deep" / "new").read_text() == "new"
    assert not made.exists()


def test_a_link_of_the_source_leads_nothing_out_of_the_folder_of_the_script(tmp_path: Path) -> None:
    inside, made = tmp_path / "work", tmp_path / "made"
    inside.mkdir()
    made.mkdir()
    (inside / "data").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Invalid, match="leads out of the folder of the script"):
        bring(made, inside / "data" / "x", inside)


def test_a_file_of_the_source_is_no_folder(tmp_path: Path) -> None:
    inside, made = tmp_path / "work", tmp_path / "made"
    inside.mkdir()
    made.mkdir()
    (inside / "data").write_text("x")

    with pytest.raises(Invalid, match="data is a file of what was sent"):
        bring(made, inside / "data", inside)
