"""Secrets of a run. There is no key vault: a secret is an environment variable of the run."""

from __future__ import annotations

import os
import re

from jupyter_aml.sdk.exceptions import UserErrorException


def secret(name: str) -> str:
    """The variable of that name, as it is or in capitals with `_` for all but letters and digits.

    A run has the variables of the Jupyter server that starts it, so a secret that is exported there
    is written down nowhere. Raises UserErrorException where there is no such variable.
    """
    spelled = re.sub(r"[^0-9A-Za-z]", "_", name).upper()
    for variable in (name, spelled):
        found = os.environ.get(variable)
        if found is not None:
            return found
    raise UserErrorException(
        f"there is no secret {name!r}: jupyter_aml has no key vault yet and takes secrets from "
        f"environment variables; set {spelled} where the Jupyter server is started"
    )
