"""What a listener to one run is sent of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.domain.ids import RunId
from jupyter_aml.engine.feed.metrics import RunMetrics
from jupyter_aml.engine.feed.subscription import Subscription
from jupyter_aml.engine.feed.watchers import FolderWatcher
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.masking import NO_MASKS, Masks
from jupyter_aml.wire.events import WireEvent

pytestmark = pytest.mark.anyio

LOG = "user_logs/std_log.txt"


async def heard(folder: RunFolder, masks: Masks = NO_MASKS) -> list[WireEvent]:
    """What the first look at the console brings."""
    watcher = FolderWatcher()
    subscription = Subscription(
        RunId("run"),
        folder,
        metrics=lambda: RunMetrics(folder),
        watcher=watcher,
        stir=lambda: None,
        masks=lambda: masks,
    )
    try:
        subscription.begin(logs={LOG: 0}, cursor=0)
        return [event for event in await subscription.pump() if event["type"] == "log"]
    finally:
        subscription.close()
        watcher.close()


@pytest.mark.parametrize("what", ["nothing", "the file", "its folder"])
async def test_a_log_that_becomes_a_link_before_it_is_opened_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    folder, others = RunFolder(tmp_path / "run"), tmp_path / "others"
    for place, text in ((folder.logs, "mine"), (others, "the secret of somebody else")):
        place.mkdir(parents=True)
        (place / "std_log.txt").write_text(text)
    moved = {"the file": folder.console, "its folder": folder.logs}.get(what)
    look = RunFolder.existing

    def and_then(run: RunFolder, name: str) -> Path:
        found = look(run, name)
        if moved is not None:
            moved.rename(tmp_path / "away")
            moved.symlink_to(others / moved.relative_to(folder.logs))
        return found

    monkeypatch.setattr(RunFolder, "existing", and_then)

    texts = [event["text"] for event in await heard(folder) if event["type"] == "log"]

    assert texts == (["mine"] if what == "nothing" else [])


async def test_what_follows_a_log_is_sent_no_secret_and_the_same_bytes_further(
    tmp_path: Path,
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.logs.mkdir(parents=True)
    content = "ä token=hünter2 and hünt".encode()
    folder.console.write_bytes(content)

    (event,) = await heard(folder, Masks(["hünter2"]))

    assert event["type"] == "log"
    assert event["text"] == "ä token=******** and *****"
    assert event["end"] == len(content)
