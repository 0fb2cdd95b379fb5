"""The source that was sent with a run, and copies of source that a run keeps by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._run.files import RunFiles

if TYPE_CHECKING:
    import os


class RunSource(RunFiles):
    """The part of Run that deals with its source."""

    def get_snapshot_id(self) -> str | None:
        """The id of the code that was sent with it."""
        return self.seen["snapshotId"]

    def take_snapshot(self, file_or_folder_path: Any) -> str:
        """Keep a file or a folder with the run as a ZIP file; returns the id of the snapshot."""
        from jupyter_aml.sdk._run.snapshots import take

        return take(self, file_or_folder_path)

    def restore_snapshot(
        self, snapshot_id: str | None = None, path: str | os.PathLike[str] | None = None
    ) -> str:
        """Write a snapshot as a ZIP file, by default that of this run; returns its path.

        `path` is a folder, or the file to be; by default `<snapshot id>.zip` in the current folder.
        """
        from jupyter_aml.sdk._run.snapshots import restore

        return restore(self, snapshot_id, path)

    def clean(self) -> list[str]:
        """Remove the copy of the source that an ended run has run in; returns what was removed.

        Outputs, logs and the source itself stay.
        """
        from jupyter_aml.sdk._run.snapshots import clean

        return clean(self)
