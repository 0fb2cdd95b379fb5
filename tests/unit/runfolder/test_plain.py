"""Only plain files are opened, and nobody waits."""

import os
import socket

import pytest

from jupyter_aml.runfolder.plain import NotPlain, plain, read_plain, still


def test_a_plain_file_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"all")

    assert read_plain(tmp_path / "file") == b"all"
    with open(tmp_path / "file", opener=still) as file:
        assert file.read() == "all"


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "socket", "device"])
def test_anything_else_is_not(tmp_path, kind):
    path = tmp_path / "x"
    with socket.socket(socket.AF_UNIX) as listening:
        match kind:
            case "pipe":
                os.mkfifo(path)
            case "folder":
                path.mkdir()
            case "link":
                (tmp_path / "file").touch()
                path.symlink_to("file")
            case "socket":
                listening.bind(str(path))
            case "device":
                path = "/dev/null"

        with pytest.raises(NotPlain):
            read_plain(path)


def test_what_is_missing_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_plain(tmp_path / "none")


def test_a_path_through_a_link_is_no_path_of_a_file_that_was_found(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()
    (tmp_path / "here").symlink_to("there")

    os.close(plain(tmp_path / "here" / "file", os.O_RDONLY))
    with pytest.raises(NotPlain):
        still(tmp_path / "here" / "file", os.O_RDONLY)
