"""The tags and properties of a run: tags may change, properties are set once and for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_aml import wire
    from jupyter_aml.client import Client
    from jupyter_aml.runfolder.records import RecordWriter


class RunLabels:
    """The part of Run that deals with tags and properties."""

    id: str
    _seen: wire.WireRun | None

    @property
    def client(self) -> Client:
        """The way to the engine."""
        raise NotImplementedError

    @property
    def seen(self) -> wire.WireRun:
        """The run as it was last seen."""
        raise NotImplementedError

    def look(self) -> wire.WireRun:
        """Ask the engine."""
        raise NotImplementedError

    @property
    def _records(self) -> RecordWriter:
        raise NotImplementedError

    @property
    def _is_inside(self) -> bool:
        raise NotImplementedError

    def tag(self, key: str, value: str | None = None) -> None:
        """Set a tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags; others stay."""
        from time import time

        named = {str(key): "" if value is None else str(value) for key, value in tags.items()}
        if not self._is_inside:
            self._seen = self.client.patch(self.id, {"tags": named})
            return
        for key, value in named.items():
            self._records.record("tag", key, value, time())
            self.seen["tags"][key] = value

    def get_tags(self) -> dict[str, str]:
        """The tags as they are now."""
        return dict((self.seen if self._is_inside else self.look())["tags"])

    def remove_tags(self, tags: Any) -> None:
        """Take tags away."""
        from time import time

        names = [tags] if isinstance(tags, str) else [str(name) for name in tags]
        if not self._is_inside:
            self._seen = self.client.patch(self.id, {"tags": dict.fromkeys(names)})
            return
        for name in names:
            self._records.record("tag", name, None, time())
            self.seen["tags"].pop(name, None)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Set properties, once and for all: a property that is set never changes."""
        from time import time

        named = {str(key): str(value) for key, value in properties.items()}
        if not self._is_inside:
            self._seen = self.client.patch(self.id, {"properties": named})
            return
        for key, value in named.items():
            if self.seen["properties"].get(key, value) != value:
                from jupyter_aml.sdk.exceptions import UserErrorException

                raise UserErrorException(f"the property {key!r} is set; properties never change")
            self._records.record("property", key, value, time())
            self.seen["properties"][key] = value

    def get_properties(self) -> dict[str, str]:
        """The properties as they are now."""
        return dict((self.seen if self._is_inside else self.look())["properties"])
