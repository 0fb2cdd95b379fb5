"""The extension starts with Jupyter, or says why it cannot; Jupyter itself always starts."""

from __future__ import annotations

import asyncio
import os

import pytest

from jupyter_aml.server import app
from jupyter_aml.server.base import SEAT
from jupyter_aml.server.seat import open_engine
from tests.server.conftest import until


class TestWrongSettings:
    @pytest.fixture
    def jp_server_config(self, jp_server_config, caplog, monkeypatch):
        monkeypatch.setattr(app.LOG, "handlers", [caplog.handler])
        return {**jp_server_config, "AmlConfig": {"max_runs": 0}}

    async def test_our_routes_say_what_is_wrong_and_jupyter_runs(self, ask, jp_fetch, caplog):
        status, answer = await ask("GET", "status")

        assert (status, answer["error"]) == (503, "Unreachable")
        assert "AmlConfig.max_runs must be more than 0, not 0" in answer["message"]
        assert (await jp_fetch("api/status")).code == 200

    async def test_the_log_has_one_line(self, server, caplog):
        lines = [record for record in caplog.get_records("setup") if record.levelname == "ERROR"]

        assert len(lines) == 1
        assert lines[0].exc_info is None


class TestUnusableRoot:
    @pytest.fixture
    def fake_engines(self, monkeypatch, root):
        root.parent.mkdir(exist_ok=True)
        root.touch()
        monkeypatch.setattr(app.AmlExtension, "opener", staticmethod(open_engine))

    async def test_every_route_says_so_and_jupyter_runs(self, ask, jp_fetch, jp_ws_fetch, root):
        answers = [await ask("GET", "status"), await ask("POST", "runs", body={})]

        for status, answer in answers:
            assert (status, answer["error"]) == (507, "StorageFailed")
            assert str(root) in answer["message"]
        assert (await jp_fetch("api/status")).code == 200

    async def test_it_is_tried_again(self, ask, root, server, monkeypatch):
        seat = server.web_app.settings[SEAT]
        monkeypatch.setattr("jupyter_aml.server.seat.RETRY_REFUSED", 0.05)
        await seat.close()
        root.unlink()
        second = type(seat)(
            seat._settings, server.log, listen=app.EngineSocket.open, opener=open_engine
        )
        root.touch()
        second.start()
        await until(lambda: second._state is not None)

        root.unlink()

        await until(lambda: second.holds_engine)
        await second.close()


async def test_kernels_find_root_and_old_names(engine, root):
    from jupyter_aml.runtime.runtime import ensure_runtime

    _, alias = (await asyncio.to_thread(ensure_runtime, root)).pythonpath

    await until(lambda: os.environ["PYTHONPATH"].startswith(f"{alias}{os.pathsep}"))
    assert os.environ["AML_ROOT"] == str(root)


class TestWithoutOldNames:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        return {**jp_server_config, "AmlConfig": {"old_names": False}}

    async def test_kernels_do_not_find_them(self, engine, root):
        assert str(root) not in os.environ["PYTHONPATH"]


async def test_what_was_on_the_path_stays_behind_the_old_names(root, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/a", "/b"]))

    app.give_kernels_the_old_names(root)
    app.give_kernels_the_old_names(root)

    assert os.environ["PYTHONPATH"].split(os.pathsep)[1:] == ["/a", "/b"]


@pytest.fixture
def started(monkeypatch):
    started = []
    monkeypatch.setattr(app, "start_headless", started.append)
    return started


async def test_a_server_that_ends_with_runs_hands_them_over(server, engine, root, started):
    engine.runs.active = 1

    await server.cleanup_extensions()

    assert engine.closed
    assert started == [[f"root={root}"]]


async def test_a_server_that_ends_without_runs_starts_nothing(server, engine, root, started):
    await server.cleanup_extensions()

    assert (engine.closed, started) == (True, [])
    assert not (root / "engine.json").exists()


async def test_a_server_that_ends_hangs_up_on_its_pages(server, engine, started, jp_ws_fetch):
    page = await jp_ws_fetch("aml", "events")
    await page.read_message()

    await server.cleanup_extensions()

    assert await page.read_message() is None
    assert page.close_code == 1012
    page.close()


class TestConfigurationFile:
    @pytest.fixture
    def jp_server_config(self, jp_server_config, jp_config_dir):
        (jp_config_dir / "jupyter_aml_config.py").write_text("c.AmlConfig.max_runs = 7\n")
        return jp_server_config

    async def test_a_jupyter_server_reads_it(self, engine):
        assert engine.settings.max_runs == 7


@pytest.mark.parametrize(
    ("shown", "variables", "told"),
    [
        ("", {}, "http://host:8888/base/"),
        ("https://ada.example.org/jupyter/", {}, "https://ada.example.org/base/"),
        ("", {"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"}, "/user/ada/"),
        (
            "",
            {
                "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
                "JUPYTERHUB_PUBLIC_URL": "https://hub.example.org/user/ada",
            },
            "https://hub.example.org/user/ada/",
        ),
    ],
)
def test_the_page_of_a_server_is_where_people_find_it(shown, variables, told):
    assert app.page("http://host:8888/base/", shown, variables) == told


def test_a_server_behind_a_socket_has_no_page():
    assert app.page("http+unix://%2Frun%2Fjupyter/", "", {}) is None


async def test_what_a_server_starts_knows_its_page_while_it_is_there(server):
    await until(lambda: os.environ.get("AML_PAGE") == server.connection_url)
