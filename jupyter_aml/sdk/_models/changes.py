"""What can be done with a version of a model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._models import asking, data, fetching
from jupyter_aml.sdk._models.asking import as_v1
from jupyter_aml.sdk._models.facts import ModelFacts
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.client.models import Models
    from jupyter_aml.wire.models import WireModelLineage


class ModelChanges(ModelFacts):
    """The part of Model that fetches, changes and deletes it."""

    def lineage(self) -> WireModelLineage:
        """Which run, data sets and environment made it, and who uses it; SDK v1 has none."""
        with as_v1():
            return self._client.lineage(*self._place)

    def download(
        self, target_dir: str = ".", exist_ok: bool = False, exists_ok: bool | None = None
    ) -> str:
        """Fetch its files into a folder; returns the path of its file or folder.

        Raises WebserviceException where something is in the way (`exist_ok`; `exists_ok` is its
        old name), and where a file is no longer what was registered.
        """
        if exists_ok is not None:
            exist_ok = exists_ok
        client, version = self.workspace.client, self._seen["version"]
        target = Path(target_dir)
        place = fetching.fetch(
            client, self._seen["workspace"], self.name, version, target, exist_ok=exist_ok
        )
        return os.fspath(place)

    def get_sas_urls(self) -> dict[str, str]:
        """Raise UserErrorException: there is no cloud that would sign addresses."""
        raise UserErrorException(
            "the files of a model have no signed addresses here; fetch them with download()"
        )

    def update(
        self,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
    ) -> None:
        """Put these in the place of what is there; what is None stays."""
        resources = resource_configuration
        self._change(
            tags=asking.labels("tags", tags),
            replaceTags=tags is not None,
            description=description,
            sampleInput=data.whole_use("sample_input_dataset", sample_input_dataset),
            sampleOutput=data.whole_use("sample_output_dataset", sample_output_dataset),
            resources=None if resources is None else resources._to_wire(),
        )

    def update_tags_properties(
        self,
        add_tags: Mapping[str, Any] | None = None,
        remove_tags: Sequence[str] | None = None,
        add_properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Add and remove tags and add properties, all at once."""
        gone = dict.fromkeys(_keys(remove_tags))
        tags = {**asking.labels("add_tags", add_tags), **gone}
        self._change(tags=tags, properties=asking.labels("add_properties", add_properties))

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags; others stay."""
        self._change(tags=asking.labels("tags", tags))

    def remove_tags(self, tags: Sequence[str]) -> None:
        """Take tags away by their keys."""
        self._change(tags=dict.fromkeys(_keys(tags)))

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; raises WebserviceException for one that has another value already."""
        self._change(properties=asking.labels("properties", properties))

    def add_dataset_references(self, datasets: Any) -> None:
        """Say that data sets were used for it: `[('training data', dataset)]`."""
        self._change(datasets=data.uses_of(datasets))

    def set_alias(self, alias: str) -> None:
        """Give this version a name, which leaves whichever version had it; SDK v1 has none."""
        with as_v1():
            self._seen = self._client.alias(*self._place, alias)

    def remove_alias(self, alias: str) -> None:
        """Take such a name away."""
        with as_v1():
            workspace, name, version = self._place
            self._client.remove_alias(workspace, name, alias)
            self._seen = self._client.get(workspace, name, version)

    def delete(self) -> None:
        """Delete this version; raises WebserviceException where it has aliases or is used."""
        with as_v1():
            self._client.remove(*self._place)

    @property
    def _client(self) -> Models:
        return self.workspace.client.models

    @property
    def _place(self) -> tuple[str, str, str]:
        return self._seen["workspace"], self.name, self._seen["version"]

    def _change(self, **changes: Any) -> None:
        workspace, name, version = self._place
        with as_v1():
            self._seen = self._client.change(
                name, {"workspace": workspace, "version": version, **changes}
            )


def _keys(given: Any) -> list[str]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else [str(key) for key in given]
