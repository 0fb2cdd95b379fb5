"""Contents of models that are deleted go, and never one that anybody needs."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from jupyter_aml.client import find
from jupyter_aml.domain.errors import AmlError, StorageFailed
from jupyter_aml.sdk.core import Experiment, Model, ScriptRunConfig, Workspace
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.testing.jupyter import until


def a_model(ws: Workspace, name: str, *contents: str) -> Model:
    """A model of files with these contents."""
    folder = Path(f"of-{name}-{len(contents)}")
    folder.mkdir(exist_ok=True)
    for content in contents:
        (folder / content).write_text(content)
    return Model.register(ws, folder, name)


def there(root: Path) -> set[bytes]:
    """What is stored."""
    return {
        Blobs(root / "blobs").path(blob.hash).read_bytes() for blob in Blobs(root / "blobs").all()
    }


def test_what_a_deleted_model_named_alone_is_gone(ws: Workspace, aml_root: Path) -> None:
    first = a_model(ws, "first", "alone", "shared")
    second = a_model(ws, "second", "shared")

    first.delete()

    assert there(aml_root) == {b"shared"}
    assert Path(second.download("back"), "shared").read_text() == "shared"
    second.delete()
    assert there(aml_root) == set()
    again = a_model(ws, "first", "alone", "shared")
    assert Path(again.download("again"), "alone").read_text() == "alone"


def test_what_was_sent_with_a_run_outlives_the_model(ws: Workspace, aml_root: Path) -> None:
    Path("src").mkdir()
    Path("src/s.py").write_text("print('sent')")
    config = ScriptRunConfig("src", script="s.py")
    run = Experiment(ws, "pruned").submit(config)
    run.wait_for_completion()
    model = Model.register(ws, "src/s.py", "script")

    model.delete()
    ws.client.models.prune()
    repeated = run.retry()
    repeated.wait_for_completion()
    again = Experiment(ws, "pruned").submit(config)
    again.wait_for_completion()

    for each in (repeated, again):
        assert each.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"].strip() == "sent"


def test_nothing_goes_while_a_model_cannot_be_read(ws: Workspace, aml_root: Path) -> None:
    kept = a_model(ws, "kept", "a")
    Blobs(aml_root / "blobs").put_bytes(b"nobody's")
    file = aml_root / "workspaces" / "default" / "models" / "kept" / f"{kept.version}.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])

    with pytest.raises(StorageFailed, match=f"{file.name} cannot be read: mend it"):
        ws.client.models.prune()
    assert there(aml_root) == {b"a", b"nobody's"}

    file.write_bytes(whole)
    assert ws.client.models.prune(dry_run=True) == {"count": 1, "size": 8}
    assert ws.client.models.prune() == {"count": 1, "size": 8}
    assert there(aml_root) == {b"a"}


def test_an_engine_that_is_killed_while_it_prunes_loses_nothing_that_is_named(
    ws: Workspace, aml_root: Path
) -> None:
    model = a_model(ws, "needed", *(f"n{number}" for number in range(50)))
    blobs, many = Blobs(aml_root / "blobs"), 3_000
    for number in range(many):
        blobs.put_bytes(b"left over %d" % number)

    def prune() -> None:
        with suppress(AmlError):
            ws.client.models.prune()

    pid = ws.client.status()["pid"]
    pruning = threading.Thread(target=prune)
    pruning.start()
    until(lambda: sum(1 for _ in blobs.all()) < many, seconds=60, what="the first to go")
    os.kill(pid, signal.SIGKILL)
    pruning.join()

    with closing(find(aml_root)) as client:
        client.models.prune()
        assert len(client.models.files("default", "needed")["files"]) == 50
    assert there(aml_root) == {f"n{number}".encode() for number in range(50)}
    assert len(os.listdir(model.download("whole"))) == 50


def test_contents_in_use_stay_until_they_are_named(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blob = blobs.put_bytes(b"x")
    linked = blobs.put_bytes(b"linked")
    os.link(blobs.path(linked.hash), tmp_path / "snapshot")

    assert blobs.begin()
    assert blobs.collect([blob.hash], set) is None
    blobs.end()

    assert blobs.collect([blob.hash, linked.hash], lambda: {blob.hash}) == []
    assert blobs.collect([blob.hash, linked.hash], set) == [blob]
    assert not blobs.has(*blob)
