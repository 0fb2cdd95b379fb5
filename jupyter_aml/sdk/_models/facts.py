"""What is known of a version of a model."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_aml.sdk._run.place import Space
    from jupyter_aml.wire.models import WireModel


class ModelFacts:
    """The part of Model that tells what was last seen of it."""

    workspace: Space
    _seen: WireModel

    @property
    def name(self) -> str:
        """The name."""
        return self._seen["name"]

    @property
    def version(self) -> int:
        """The version, from 1."""
        return int(self._seen["version"])

    @property
    def id(self) -> str:
        """`name:version`."""
        return self._seen["id"]

    @property
    def created_time(self) -> datetime:
        """When it was registered, in UTC."""
        return datetime.fromisoformat(self._seen["createdAt"].replace("Z", "+00:00"))

    @property
    def created_by(self) -> dict[str, Any]:
        """Who registered it, with SDK v1's keys."""
        return {"userObjectId": None, "userName": self._seen["createdBy"]}

    @property
    def description(self) -> str | None:
        """What it is about."""
        return self._seen["description"] or None

    @property
    def tags(self) -> dict[str, str]:
        """The tags as they were last seen."""
        return self._seen["tags"]

    @property
    def properties(self) -> dict[str, str]:
        """The properties as they were last seen."""
        return self._seen["properties"]

    @property
    def aliases(self) -> builtins.list[str]:
        """The names of this version, such as `champion`; SDK v1 has none."""
        return builtins.list(self._seen["aliases"])

    @property
    def model_framework(self) -> str | None:
        """The framework, one of `Model.Framework` or another."""
        return self._seen["framework"]

    @property
    def model_framework_version(self) -> str | None:
        """The version of the framework."""
        return self._seen["frameworkVersion"]

    @property
    def mime_type(self) -> str:
        """What SDK v1 says of every model."""
        return "application/json"

    @property
    def unpack(self) -> bool:
        """Whether it was registered from a path, and not from files of a run."""
        return self._seen["isPacked"]

    @property
    def url(self) -> str:
        """The address of the model inside of its workspace."""
        return f"aml://models/{self._seen['workspace']}/{self.name}/{self._seen['version']}"

    @property
    def run_id(self) -> str | None:
        """The run that made it."""
        return self._seen["runId"]

    @property
    def experiment_name(self) -> str | None:
        """The experiment of the run that made it."""
        return self._seen["experiment"]

    @property
    def parent_id(self) -> str | None:
        """The model that it was made of; nothing here makes models of models yet."""
        return None

    @property
    def derived_model_ids(self) -> builtins.list[str]:
        """The models that were made of it."""
        return []
