"""Compares the packages of two environments: what was built where both are, else the wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jupyter_aml.client.client import Client
from jupyter_aml.domain import difference, environment
from jupyter_aml.domain.difference import Difference
from jupyter_aml.domain.errors import NotFound

if TYPE_CHECKING:
    from jupyter_aml.wire.environments import WireEnvironment


class Compared(NamedTuple):
    """How two environments differ. `unbuilt` are those for which there is no lock."""

    difference: Difference
    unbuilt: tuple[str, ...]

    @property
    def what(self) -> str:
        """What was compared, for people."""
        if not self.unbuilt:
            return "packages as built"
        verb = "is" if len(self.unbuilt) == 1 else "are"
        return f"definitions ({' and '.join(self.unbuilt)} {verb} not built)"


def compare(client: Client, before: WireEnvironment, after: WireEnvironment) -> Compared:
    """Compare the locks of two environments, or their definitions where one has no lock."""
    locks = [_lock(client, before), _lock(client, after)]
    unbuilt = tuple(
        f"{each['name']}:{each['version']}"
        for each, lock in zip((before, after), locks, strict=True)
        if lock is None
    )
    one, other = locks
    if one is None or other is None:
        one, other = _wished(before), _wished(after)
    return Compared(difference.between(one, other), tuple(dict.fromkeys(unbuilt)))


def _lock(client: Client, found: WireEnvironment) -> dict[str, str] | None:
    try:
        lock = client.environments.lock(found["workspace"], found["name"], found["version"])
    except NotFound:
        return None
    packages = {package["name"]: package["version"] for package in lock["packages"]}
    return {"python": lock["python"], **packages}


def _wished(found: WireEnvironment) -> dict[str, str]:
    return difference.wished(environment.read(found["definition"]).conda)
