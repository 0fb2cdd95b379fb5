"""Files come whole or by range, never all in memory, and no browser runs them."""

from __future__ import annotations

import os

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_aml.domain.errors import Refused
from jupyter_aml.server.handlers.files import disposition, opened, wanted

DATA = bytes(range(256)) * 8192
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


@pytest.fixture
def get(jp_fetch, engine):
    """Fetch a file of the run, whatever the answer."""

    async def get(name, **more):
        try:
            return await jp_fetch("aml/runs/run-1/files/" + name, **more)
        except HTTPClientError as error:
            return error.response

    return get


@pytest.fixture
def model(engine):
    path = engine.folder.outputs / "model.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    return path


async def test_a_file_is_saved_and_not_run(get, model):
    answer = await get("outputs/model.bin")

    assert answer.body == DATA
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="model.bin"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=1000000-", 206, slice(1000000, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=2097151-9999999999", 206, slice(-1, None)),
        ("bytes=0-", 200, slice(None)),
        ("bytes=9-3", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("bytes=" + "9" * 99 + "-", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("nonsense", 200, slice(None)),
    ],
)
async def test_a_range_is_understood(get, model, asked, status, part):
    answer = await get("outputs/model.bin", headers={"Range": asked})

    assert answer.code == status
    assert answer.body == DATA[part]


@pytest.mark.parametrize("asked", ["bytes=2097152-", "bytes=999999999-999999999", "bytes=-0"])
async def test_a_range_beyond_the_end_is_a_416(get, model, asked):
    answer = await get("outputs/model.bin", headers={"Range": asked})

    assert answer.code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"


async def test_a_range_of_a_file_that_has_changed_is_the_whole_file(get, model):
    mark = (await get("outputs/model.bin")).headers["ETag"]
    model.write_bytes(b"new")

    answer = await get("outputs/model.bin", headers={"Range": "bytes=0-0", "If-Range": mark})

    assert (answer.code, answer.body) == (200, b"new")


async def test_what_the_browser_has_is_not_sent_again(get, model):
    mark = (await get("outputs/model.bin")).headers["ETag"]

    answer = await get("outputs/model.bin", headers={"If-None-Match": mark})

    assert (answer.code, answer.body) == (304, b"")


async def test_an_empty_file_is_a_file(get, model):
    model.write_bytes(b"")

    answer = await get("outputs/model.bin")

    assert (answer.code, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", "image/png"),
        ("a.JPG", "image/jpeg"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
    ],
)
async def test_a_picture_can_be_shown(get, engine, name, kind):
    write(engine, name)

    answer = await get(name, params={"inline": "1"})

    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    "name", ["a.svg", "a.html", "a.pdf", "a.xml", "a.ipynb", "a.png.html", "a"]
)
async def test_what_can_hold_a_script_is_never_shown(get, engine, name):
    write(engine, name)

    answer = await get(name, params={"inline": "1"})

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_a_name_of_any_letters_is_a_name(get, engine):
    write(engine, 'Größe "5"; x=é\u202e.txt')

    answer = await get('Größe "5"; x=é\u202e.txt')

    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="Gr__e _5__ x___.txt"; '
        "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%225%22%3B%20x%3D%C3%A9%E2%80%AE.txt"
    )


async def test_a_link_out_of_the_run_is_refused(get, engine, tmp_path):
    (tmp_path / "secret").write_text("secret")
    engine.folder.outputs.mkdir(parents=True)
    (engine.folder.outputs / "link").symlink_to(tmp_path / "secret")
    (engine.folder.outputs / "folder").symlink_to(tmp_path)

    answers = [await get("outputs/link"), await get("outputs/folder/secret")]

    assert [answer.code for answer in answers] == [403, 403]


async def test_a_pipe_is_not_waited_for(get, engine):
    engine.folder.outputs.mkdir(parents=True)
    os.mkfifo(engine.folder.outputs / "pipe")

    answer = await get("outputs/pipe")

    assert answer.code == 404


async def test_a_missing_file_is_a_404_in_json(get, engine):
    answer = await get("outputs/none.bin")

    assert answer.code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert "Content-Disposition" not in answer.headers


def test_what_was_swapped_for_a_link_after_it_was_found_is_refused(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("secret")
    (tmp_path / "folder").symlink_to("secret")
    (tmp_path / "link").symlink_to("secret/file")

    for swapped in ("link", "folder/file"):
        with pytest.raises(Refused):
            opened(tmp_path / swapped)


def test_a_header_cannot_be_ended_by_a_name():
    assert "\n" not in disposition('a"\r\nSet-Cookie: x', inline=False)


def test_a_range_of_nothing_is_nothing():
    assert wanted("bytes=0-0", 0) is None
    assert wanted("", 0) == range(0)


def write(engine, name):
    path = engine.folder.locate(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"data")
