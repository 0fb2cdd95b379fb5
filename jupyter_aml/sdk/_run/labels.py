"""Name, tags and properties of a run: all may change but properties, set once and for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_aml.domain import limits
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._run.place import RunPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class RunLabels(RunPlace):
    """The part of Run that deals with names, tags and properties."""

    @property
    def name(self) -> str:
        """The name it was given, else its id."""
        return self.seen["displayName"] or self.id

    @property
    def display_name(self) -> str:
        """The name it was given, else its id."""
        return self.name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self._tell({"displayName": name}, "name", name, limits.display_name)

    @property
    def description(self) -> str:
        """What it is about."""
        return self.seen["description"]

    @description.setter
    def description(self, text: str) -> None:
        self._tell({"description": text}, "description", text, limits.description)

    def tag(self, key: str, value: str | None = None) -> None:
        """Set a tag, which need not have a value."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags; others stay."""
        from time import time

        named = {str(key): "" if value is None else str(value) for key, value in tags.items()}
        if not self._is_inside:
            self._seen = self.client.runs.patch(self.id, {"tags": named})
            return
        there = self.seen["tags"]
        with given.within_limits():
            limits.labels("tag", named, there)
        for key, value in named.items():
            self._records.record("tag", key, value, time())
            there[key] = value

    def get_tags(self) -> dict[str, str | None]:
        """The tags as they are now; one without a value has None."""
        tags = (self.seen if self._is_inside else self.look())["tags"]
        return {key: value or None for key, value in tags.items()}

    def remove_tags(self, tags: Any) -> None:
        """Take tags away."""
        from time import time

        names = [tags] if isinstance(tags, str) else [str(name) for name in tags]
        if not self._is_inside:
            self._seen = self.client.runs.patch(self.id, {"tags": dict.fromkeys(names)})
            return
        there = self.seen["tags"]
        for name in names:
            self._records.record("tag", name, None, time())
            there.pop(name, None)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Set properties, once and for all: a property that is set never changes."""
        from time import time

        named = {str(key): str(value) for key, value in properties.items()}
        there = self.get_properties()
        for key, value in named.items():
            if there.get(key, value) != value:
                from jupyter_aml.sdk.exceptions import UserErrorException

                raise UserErrorException(f"the property {key!r} is set; properties never change")
        if not self._is_inside:
            self._seen = self.client.runs.patch(self.id, {"properties": named})
            return
        with given.within_limits():
            limits.labels("property", named, there)
        for key, value in named.items():
            self._records.record("property", key, value, time())
            self.seen["properties"][key] = value

    def get_properties(self) -> dict[str, str]:
        """The properties as they are now."""
        return dict((self.seen if self._is_inside else self.look())["properties"])

    def _tell(
        self, patch: dict[str, Any], kind: str, text: str, check: Callable[[str], None]
    ) -> None:
        from time import time

        if not self._is_inside:
            self._seen = self.client.runs.patch(self.id, patch)
            return
        with given.within_limits():
            check(text)
        seen: Any = {**self.seen, **patch}
        self._records.record(kind, text, time())
        self._seen = seen
