"""Secrets of a run: from the vault of its workspace, else from its environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

from jupyter_aml.domain.errors import Invalid, NotFound, StorageFailed, Unreachable
from jupyter_aml.sdk.exceptions import UserErrorException


def secret(workspace: Callable[[], Any] | None, name: str) -> str:
    """The secret of that name in the vault of a workspace, else the variable of that name.

    The variable is spelled so, or in capitals with `_` for all but letters and digits. A run has
    the variables of the Jupyter server that starts it. Raises UserErrorException where there is
    neither, and what the vault says where it is damaged.
    """
    why: Exception | None = None
    try:
        if workspace is not None:
            return _from_vault(workspace(), name)
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
    then = " Else set it" if near.endswith("?") else "; set it"
    raise UserErrorException(
        f"{near}{then} by ws.get_default_keyvault().set_secret({name!r}, ...) or "
        f"`jupyter aml secret set {name}`, or set the variable {spelled} where the Jupyter server "
        "is started"
    )


def _from_vault(workspace: Any, name: str) -> str:
    # What a run is told is masked in its logs.
    inside = os.environ.get("AML_RUN_ID")
    values: dict[str, str] = workspace.client.secrets.values(workspace.name, [name], inside)
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
