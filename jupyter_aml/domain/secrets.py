"""Which values are secrets, and what stands in their place wherever they are shown."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_aml.domain.errors import Invalid

MASK = "***"
"""What is shown, sent and kept in the place of a secret."""

REGISTRY_PASSWORD = "docker.baseImageRegistry.password"
"""The one secret of a definition that is no variable."""

_WORDS = frozenset({
    "APIKEY", "AUTH", "CREDENTIAL", "CREDENTIALS", "DSN", "KEY", "KEYS", "PASS", "PASSPHRASE",
    "PASSWD", "PASSWORD", "PASSWORDS", "PAT", "PWD", "SAS", "SECRET", "SECRETS", "TOKEN",
})  # fmt: skip
_NAMES = re.compile(r"CONN(ECTION)?_?STR(ING)?", re.IGNORECASE)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VALUES = re.compile(
    r"://[^/\s:@]*:[^/\s@]+@|\b(AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)=|[?&]sig=",
    re.IGNORECASE,
)
_WORKING_FOLDERS = ("PWD", "OLDPWD")


def looks_secret(name: str, value: str = "") -> bool:
    """Whether a variable is taken for a secret: by a word of its name, or a login in its value."""
    if name in _WORKING_FOLDERS:
        return False
    words = {part.upper() for part in _PARTS.findall(name)}
    return bool(words & _WORDS or _NAMES.search(name) or _VALUES.search(value))


def taken(variables: Mapping[str, str], marked: Iterable[str] = ()) -> dict[str, str]:
    """The variables that are secrets, with their values; those that are hidden already are not."""
    own = set(marked)
    return {
        name: value
        for name, value in variables.items()
        if value not in ("", MASK) and (name in own or looks_secret(name, value))
    }


def hidden(variables: Mapping[str, str], marked: Iterable[str] = ()) -> dict[str, str]:
    """The variables as they may be shown."""
    return {**variables, **dict.fromkeys(taken(variables, marked), MASK)}


def revealed(variables: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The variables with what is known in the place of what is hidden."""
    return {
        name: known.get(name, value) if value == MASK else value
        for name, value in variables.items()
    }


def check(variables: Mapping[str, str]) -> None:
    """Raise Invalid for a value that is hidden and that nobody knows here."""
    for name, value in variables.items():
        if value == MASK:
            raise Invalid(
                f"the value of {name} is hidden ({MASK}) and not known here: give it once more"
            )


# ---- definitions of environments ----------------------------------------------------------------


def taken_of(data: Mapping[str, Any]) -> dict[str, str]:
    """The secrets of an environment's definition."""
    found = taken({name: str(value) for name, value in data["environmentVariables"].items()})
    password = data["docker"]["baseImageRegistry"]["password"]
    if password not in (None, "", MASK):
        found[REGISTRY_PASSWORD] = str(password)
    return found


def hidden_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as it may be shown."""
    return _with(data, dict.fromkeys(taken_of(data), MASK))


def revealed_of(data: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """A definition with what is known in the place of what is hidden."""
    return _with(data, {name: known[name] for name in missing_of(data) if name in known})


def missing_of(data: Mapping[str, Any]) -> list[str]:
    """What is hidden in a definition."""
    found = [name for name, value in data["environmentVariables"].items() if value == MASK]
    is_hidden = data["docker"]["baseImageRegistry"]["password"] == MASK
    return [*found, REGISTRY_PASSWORD] if is_hidden else found


def _with(data: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    made = copy.deepcopy(dict(data))
    for name, value in values.items():
        if name == REGISTRY_PASSWORD:
            made["docker"]["baseImageRegistry"]["password"] = value
        else:
            made["environmentVariables"][name] = value
    return made
