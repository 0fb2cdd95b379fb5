"""Members of SDK v1's Workspace that are about the cloud: what they say where there is none."""

from __future__ import annotations

from typing import Any, NoReturn

from jupyter_aml.sdk.exceptions import UserErrorException

_CONNECTIONS = (
    "connections to package feeds and registries are not kept in a workspace: uv, conda and docker "
    "read their own settings (UV_INDEX_URL, .condarc, docker login)"
)
_ENDPOINTS = "a workspace is a folder of this machine and has no network to be private in"


class OfTheCloud:
    """What a workspace of the cloud had around it."""

    @property
    def images(self) -> dict[str, Any]:
        """None: images are docker's own, and no workspace has a registry."""
        return {}

    @property
    def linked_services(self) -> list[Any]:
        """None: there is no service that could be linked."""
        return []

    @property
    def private_endpoints(self) -> dict[str, Any]:
        """None: see `add_private_endpoint`."""
        return {}

    @property
    def service_context(self) -> NoReturn:
        """Raises UserErrorException: it led to the services of the cloud."""
        raise _NotHere("Workspace.service_context: it led to the services of the cloud")

    def add_private_endpoint(
        self,
        private_endpoint_config: Any,
        private_endpoint_auto_approval: bool = True,
        location: str | None = None,
        show_output: bool = True,
        tags: Any = None,
    ) -> NoReturn:
        """Raises UserErrorException: there is no network."""
        _refuse("add_private_endpoint", _ENDPOINTS)

    def delete_private_endpoint_connection(self, private_endpoint_connection_name: str) -> NoReturn:
        """Raises UserErrorException: there is no network."""
        _refuse("delete_private_endpoint_connection", _ENDPOINTS)

    def diagnose_workspace(self, diagnose_parameters: Any) -> NoReturn:
        """Raises UserErrorException with the command that looks at this machine."""
        _refuse("diagnose_workspace", "`jupyter aml doctor` looks at what runs need here")

    def list_keys(self) -> NoReturn:
        """Raises UserErrorException: nothing of a workspace is behind a key."""
        _refuse("list_keys", "files and logs lie in the root, which has its owner and no keys")

    def sync_keys(self, no_wait: bool = False) -> None:
        """Nothing to do: keys of datastores are read whenever they are used."""

    def set_connection(
        self, name: str, category: str, target: str, authType: str, value: str
    ) -> NoReturn:
        """Raises UserErrorException with the places where such settings belong."""
        _refuse("set_connection", _CONNECTIONS)

    def list_connections(self, category: str | None = None, target: str | None = None) -> NoReturn:
        """Raises UserErrorException with the places where such settings belong."""
        _refuse("list_connections", _CONNECTIONS)

    def get_connection(self, name: str) -> NoReturn:
        """Raises UserErrorException with the places where such settings belong."""
        _refuse("get_connection", _CONNECTIONS)

    def delete_connection(self, name: str) -> NoReturn:
        """Raises UserErrorException with the places where such settings belong."""
        _refuse("delete_connection", _CONNECTIONS)

    def update_dependencies(
        self, container_registry: str | None = None, force: bool = False
    ) -> NoReturn:
        """Raises UserErrorException: nothing is made beside a workspace."""
        _refuse("update_dependencies", "images stay with docker, there is no registry")


class _NotHere(UserErrorException, AttributeError):
    """So that `hasattr` says False."""


def _refuse(name: str, why: str) -> NoReturn:
    raise UserErrorException(f"Workspace.{name}: {why}")
