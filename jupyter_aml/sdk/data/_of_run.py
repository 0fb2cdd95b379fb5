"""The data sets that a script was sent with and that nobody has registered."""

from __future__ import annotations

import json
import os

from jupyter_aml.domain import dataset
from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.errors import AmlError


def sent(id: str) -> Dataset | None:
    """The data set that this script got as an argument by its id; None where there is none."""
    from jupyter_aml.runfolder.layout import RunFolder
    from jupyter_aml.runfolder.plain import read_plain
    from jupyter_aml.wire.run_data import decode_data

    folder = os.environ.get("AML_RUN_DIR")
    if folder is None:
        return None
    try:
        data = decode_data(json.loads(read_plain(RunFolder(folder).data)))
        found = (each.definition for each in data.inputs if each.place == id and each.definition)
        definition = next(found, None)
        return None if definition is None else dataset.read(definition)
    except (OSError, ValueError, AmlError):
        return None
