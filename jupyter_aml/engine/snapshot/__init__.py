"""The code that goes with a run: planned, stored once, and laid out in the run's folder."""

from jupyter_aml.engine.snapshot.inline import plan_files, plan_source
from jupyter_aml.engine.snapshot.lay import lay_out, read_list, stored_file
from jupyter_aml.engine.snapshot.plan import Limits, SnapshotPlan, SourceFile, plan
from jupyter_aml.engine.snapshot.store import (
    Manifest,
    ManifestFile,
    StatCache,
    encode_snapshot,
    take,
)

__all__ = [
    "Limits",
    "Manifest",
    "ManifestFile",
    "SnapshotPlan",
    "SourceFile",
    "StatCache",
    "encode_snapshot",
    "lay_out",
    "plan",
    "plan_files",
    "plan_source",
    "read_list",
    "stored_file",
    "take",
]
