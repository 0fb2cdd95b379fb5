"""Contents that no model names any more, and no run shares, are removed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence

from jupyter_aml.domain.errors import AmlError, IllegalMove
from jupyter_aml.store.blobs import Blob, Blobs
from jupyter_aml.wire.models import WirePrunedContents

_PATIENCE = 30.0
"""Seconds in which whoever sends files is waited for."""
_log = logging.getLogger("jupyter_aml.engine")


class ModelPruning:
    """Gives back the room of deleted models. Killed at any point, the rest goes the next time."""

    def __init__(self, blobs: Blobs, named: Callable[[], Collection[str]]) -> None:
        """`named` tells the hashes that the models of all workspaces name now."""
        self._blobs, self._named = blobs, named

    async def after_delete(self, hashes: Sequence[str]) -> None:
        """Remove what deleted versions named, where nobody else needs it.

        Where files are sent meanwhile it stays until it is pruned.
        """
        try:
            gone = await asyncio.to_thread(self._collected, hashes, False)
        except AmlError as error:
            _log.warning("contents of deleted models stay until they are pruned: %s", error)
            return
        if gone is None:
            _log.info("contents of deleted models stay until they are pruned: files are sent now")

    async def prune(self, *, is_dry: bool = False) -> WirePrunedContents:
        """Remove every content that nobody needs, or of a dry one say how much that is.

        Raises IllegalMove where files are sent all the time.
        """
        until = time.monotonic() + _PATIENCE
        while True:
            gone = await asyncio.to_thread(self._collected, None, is_dry)
            if gone is not None:
                return {"count": len(gone), "size": sum(blob.size for blob in gone)}
            if time.monotonic() > until:
                raise IllegalMove(
                    "models are being registered or runs sent, which may need any content: try "
                    "again when they are there"
                )
            await asyncio.sleep(0.2)

    def _collected(self, hashes: Sequence[str] | None, is_dry: bool) -> list[Blob] | None:
        if hashes is None:
            hashes = [blob.hash for blob in self._blobs.all()]
        return self._blobs.collect(hashes, self._named, is_dry=is_dry)
