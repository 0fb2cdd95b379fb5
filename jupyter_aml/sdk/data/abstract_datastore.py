"""What all datastores share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.datastore import SECRET
from jupyter_aml.sdk._data.place import Place, told_as_v1
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from typing import Self

    from jupyter_aml.data.stores import Store
    from jupyter_aml.domain.datastore import Datastore
    from jupyter_aml.wire.datastores import WireDatastore


class AbstractDatastore:
    """A datastore of a workspace. `Datastore(workspace, name)` gives the right kind of it."""

    _KEPT: tuple[str, ...] = ()
    """The options that are given to the constructor, by SDK v1's names."""

    _SECRETS: tuple[str, ...] = ()
    """Those of them that stand in the vault: they are asked for when they are used."""

    def __init__(self, workspace: Place, name: str, datastore_type: str) -> None:
        self._workspace, self._name, self._datastore_type = workspace, name, datastore_type
        self._seen: WireDatastore | None = None
        self._values: dict[str, str] | None = None

    @classmethod
    def _of(cls, workspace: Place, seen: WireDatastore) -> Self:
        """The datastore of an answer of the engine."""
        options: dict[str, Any] = {key: seen["options"].get(key) for key in cls._KEPT}
        made = cls(workspace, seen["name"], **options)
        made._seen = seen
        return made

    @property
    def workspace(self) -> Any:
        """The workspace it belongs to."""
        return self._workspace

    @workspace.setter
    def workspace(self, workspace: Place) -> None:
        self._workspace = workspace

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def datastore_type(self) -> str:
        """Its type by SDK v1's name, such as `AzureBlob`."""
        return self._datastore_type

    @datastore_type.setter
    def datastore_type(self, datastore_type: str) -> None:
        self._datastore_type = datastore_type

    def set_as_default(self) -> None:
        """Make it the default datastore of its workspace."""
        with told_as_v1():
            self._workspace.client.datastores.choose(self._workspace.name, self._name)

    def unregister(self) -> None:
        """Forget it, and its secrets; its files stay where they are."""
        with told_as_v1():
            self._workspace.client.datastores.remove(self._workspace.name, self._name)

    def __str__(self) -> str:
        return self._name

    def __repr__(self) -> str:
        # No account, no key, no address: this stands in saved notebooks.
        return f"{type(self).__name__}(workspace={self._workspace!r}, name={self._name!r})"

    # ---- for the other parts of the SDK -------------------------------------------------------

    def _definition(self) -> Datastore:
        """What the engine knows of it, with the address where it is now."""
        from jupyter_aml.wire.datastores import decode_datastore

        if self._seen is None:
            with told_as_v1():
                self._seen = self._workspace.client.datastores.get(self._workspace.name, self._name)
        return decode_datastore(self._seen)

    def _secret(self, reference: str) -> str:
        """The value of one of its secrets, by the name in the vault."""
        if self._values is None:
            with told_as_v1():
                self._values = self._workspace.client.datastores.secrets(
                    self._workspace.name, self._name, os.environ.get("AML_RUN_ID")
                )
        return self._values[reference]

    def _store(self) -> Store:
        """Its files; raises UserErrorException where it is a database, or cannot be opened."""
        from jupyter_aml.sdk._data.opening import opened

        with told_as_v1():
            return opened(self._workspace, self._definition(), self._secret)

    def _revealed(self, value: str | None) -> str | None:
        """An option as it is meant: what stands in the vault is asked for."""
        if value is None or not value.startswith(SECRET):
            return value
        return self._secret(value.removeprefix(SECRET))


class Hidden:
    """An attribute whose value stands in the vault, and is asked for when it is read."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = f"_{name}"

    def __get__(self, instance: AbstractDatastore | None, _owner: type) -> Any:
        if instance is None:
            return self
        return instance._revealed(getattr(instance, self._name))

    def __set__(self, instance: AbstractDatastore, value: str | None) -> None:
        setattr(instance, self._name, value)


def need_datastore(given: object, what: str) -> AbstractDatastore:
    """Return what was given as a datastore, or raise UserErrorException."""
    if not isinstance(given, AbstractDatastore):
        raise UserErrorException(
            f"{what}: give a datastore, such as Datastore.get(ws, 'workspaceblobstore'), "
            f"not {given!r:.80}"
        )
    return given
