"""Secrets of a run: from the vault of its workspace, else from its environment variables."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from jupyter_aml.domain.errors import Invalid, NotFound, StorageFailed, Unreachable
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.place import RunPlace


def secret(run: RunPlace, name: str) -> str:
    """The secret of that name in the vault, else the variable of that name.

    The variable is spelled so, or in capitals with `_` for all but letters and digits. A run has
    the variables of the Jupyter server that starts it. Raises UserErrorException where there is
    neither, and what the vault says where it is damaged.
    """
    why: Exception | None = None
    try:
        return _from_vault(run, name)
    except (NotFound, Unreachable) as error:
        why = error
    except (Invalid, StorageFailed) as error:
        if not _is_no_name(name):
            raise UserErrorException(str(error)) from None
    variable, spelled = _variable(name)
    if variable is not None:
        return variable
    vault = "the vault cannot be asked from here" if isinstance(why, Unreachable) else "no vault"
    near = str(why) if isinstance(why, NotFound) else f"there is no secret {name!r}: {vault}"
    raise UserErrorException(
        f"{near}; set it by ws.get_default_keyvault().set_secret({name!r}, ...) or "
        f"`jupyter aml secret set {name}`, or set the variable {spelled} where the Jupyter server "
        "is started"
    )


def _from_vault(run: RunPlace, name: str) -> str:
    inside = os.environ.get("AML_RUN_ID")
    workspace = run.experiment.workspace
    values = workspace.client.secrets.values(workspace.name, [name], inside)
    return values[name]


def _is_no_name(name: str) -> bool:
    """Whether no vault can have it: a variable may be called otherwise."""
    return re.fullmatch(r"[0-9A-Za-z-]{1,127}", name) is None


def _variable(name: str) -> tuple[str | None, str]:
    spelled = re.sub(r"[^0-9A-Za-z]", "_", name).upper()
    for variable in (name, spelled):
        if variable in os.environ:
            return os.environ[variable], spelled
    return None, spelled
