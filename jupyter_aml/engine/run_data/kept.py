"""The inputs and outputs of runs, as their folders keep them."""

from __future__ import annotations

import json
from dataclasses import replace

from jupyter_aml.domain import run_data
from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.engine.root import write_json
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.wire.run_data import decode_data, encode_data

NOTHING = run_data.NOTHING


def read(folder: RunFolder) -> RunData:
    """What a run was sent with, and where it lies; raises StorageFailed. Blocks."""
    try:
        return decode_data(json.loads(read_plain(folder.data)))
    except FileNotFoundError:
        return NOTHING
    except (OSError, ValueError, Invalid, AttributeError) as error:
        raise StorageFailed(f"{folder.data} cannot be read: {error}") from error


def write(folder: RunFolder, data: RunData) -> None:
    """Keep it, where there is something to keep; raises StorageFailed. Blocks."""
    if data:
        write_json(folder.data, encode_data(data))


def as_sent(data: RunData) -> RunData:
    """The same inputs and outputs before anything was done about them."""
    return RunData(
        inputs=tuple(replace(each, place=None, behind=()) for each in data.inputs),
        outputs=tuple(
            replace(each, place=None, files=None, dataset=None, version=None)
            for each in data.outputs
        ),
    )
