"""A setting that cannot be is refused with one line, and never takes Jupyter down."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from traitlets import TraitError
from traitlets.config import Config

from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.engine.settings import Settings
from jupyter_aml.server import holder
from jupyter_aml.server.config import AmlConfig
from jupyter_aml.server.headless import HeadlessApp


def test_the_defaults_are_those_of_the_engine(root):
    assert AmlConfig().settings() == Settings(root=root)


def test_without_aml_root_the_root_is_in_the_data_folder(monkeypatch):
    monkeypatch.delenv("AML_ROOT", raising=False)
    monkeypatch.setenv("JUPYTER_DATA_DIR", "/data")

    assert AmlConfig().settings().root == Path("/data/aml")


def test_a_root_may_be_given_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AML_ROOT", "runs")

    assert AmlConfig().settings().root == tmp_path / "runs"


def test_every_setting_reaches_the_engine():
    config = AmlConfig(
        root="/r", database="postgresql+psycopg://u:p@h/d", max_runs=3, max_attempts=5,
        snapshot_max_mb=1, snapshot_max_files=2, grace_seconds=0.5, idle_exit_minutes=2,
        strict=True, max_run_memory="2g", max_run_processes=50,
    )  # fmt: skip

    assert config.settings() == Settings(
        root=Path("/r"), database="postgresql+psycopg://u:p@h/d", max_runs=3, max_attempts=5,
        snapshot_max_bytes=1_000_000, snapshot_max_files=2, grace=timedelta(seconds=0.5),
        idle_exit=timedelta(minutes=2), strict=True, most=Limits(memory=2 << 30, processes=50),
    )  # fmt: skip


def test_what_a_run_may_have_is_a_share_an_amount_or_not_limited():
    half = AmlConfig(root="/r", max_run_memory="50 %").settings().most.memory
    whole = AmlConfig(root="/r", max_run_memory="100%").settings().most.memory
    none = AmlConfig(root="/r", max_run_memory="", max_run_processes=0).settings().most

    assert half == whole // 2
    assert none == Limits()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("root", ""), ("root", "relative"), ("root", "/a\0b"), ("max_runs", 0),
        ("max_runs", -1), ("max_attempts", 0), ("snapshot_max_mb", 0), ("snapshot_max_files", 0),
        ("grace_seconds", -1), ("grace_seconds", float("inf")), ("grace_seconds", float("nan")),
        ("max_run_memory", "lots"), ("max_run_memory", "0%"), ("max_run_memory", "101%"),
        ("max_run_memory", "1k"), ("max_run_processes", -1), ("idle_exit_minutes", 0),
        ("database", "mysql://user:secret@host/d"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_named(root, name, value):
    with pytest.raises(Invalid, match=rf"AmlConfig\.{name} must") as refused:
        AmlConfig(config=Config(AmlConfig={name: value})).settings()

    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_value_of_another_type_is_named(root):
    with pytest.raises(TraitError, match="max_runs"):
        AmlConfig(max_runs="many")


def test_a_headless_engine_is_given_the_same_settings(root):
    given = AmlConfig(max_runs=3, strict=True, grace_seconds=0.5)

    assert HeadlessApp().read(given.lines()) == given.settings()


@pytest.mark.parametrize("given", ["max_runs", "no_such=1", "max_runs=x", "max_runs=0"])
def test_what_is_no_setting_is_refused(root, given):
    with pytest.raises(Invalid):
        HeadlessApp().read([given])


def test_configuration_files_are_read(root, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    (tmp_path / "jupyter_server_config.py").write_text(
        "c.AmlConfig.max_runs = 7\nc.AmlConfig.strict = True\n"
    )
    (tmp_path / "jupyter_aml_config.json").write_text('{"AmlConfig": {"max_runs": 8}}')

    settings = HeadlessApp().read(["snapshot_max_files=9"])

    assert (settings.max_runs, settings.strict, settings.snapshot_max_files) == (8, True, 9)


def test_every_setting_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text()

    for name, trait in AmlConfig.class_traits(config=True).items():
        assert f"`{name}`" in page, name
        assert trait.help


def test_a_new_root_is_for_this_user_alone(root):
    holder.own(root)

    assert root.stat().st_mode & 0o777 == 0o700


def test_an_empty_folder_that_others_may_read_is_closed(root):
    root.mkdir(mode=0o755)

    holder.own(root)

    assert root.stat().st_mode & 0o777 == 0o700


def test_a_new_folder_with_the_log_of_the_one_who_starts_an_engine_is_closed_too(tmp_path):
    root = tmp_path / "mine"
    root.mkdir(mode=0o755)
    (root / "engine.log").touch()

    holder.own(root)

    assert root.stat().st_mode & 0o777 == 0o700


def test_a_folder_with_other_things_that_others_may_read_is_no_root(root):
    root.mkdir(mode=0o755)
    (root / "thesis.txt").touch()

    with pytest.raises(StorageFailed, match="0700"):
        holder.own(root)

    assert root.stat().st_mode & 0o777 == 0o755


def test_a_root_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StorageFailed, match="AML_ROOT"):
        holder.own(tmp_path / "file" / "root")
