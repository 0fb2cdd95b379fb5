"""How a line names a model: `NAME`, `NAME:VERSION` or `NAME@ALIAS`."""

from __future__ import annotations

import re

from jupyter_aml.domain import ids
from jupyter_aml.domain.model import model_name

FORM = "NAME[:VERSION|@ALIAS]"
_SIGN = re.compile(r"[:@]")


def read(text: str) -> tuple[str, str | None]:
    """The name, and the version or alias where there is one; raises Invalid."""
    name, *rest = _SIGN.split(text, maxsplit=1)
    return model_name(name), ids.named("version of a model", rest[0]) if rest else None
