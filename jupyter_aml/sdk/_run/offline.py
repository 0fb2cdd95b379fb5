"""The run of a script that was started by hand: says what it would log, and keeps nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any


class OfflineRun:
    """Takes every call of a Run. `id` begins with `OfflineRun`, which scripts look for."""

    def __init__(self, workspace: Callable[[], Any] | None = None) -> None:
        """`workspace` gives the one that a script here means, which is asked for secrets alone."""
        self._workspace = workspace
        self.id = f"OfflineRun_{uuid.uuid4()}"
        self.number = 0
        self.type = "azureml.offline"
        self.experiment = None
        self.parent = None
        self.display_name = self.name = self.id
        self.description = ""
        self.tags: dict[str, str] = {}
        self.properties: dict[str, str] = {}
        self.parameters: dict[str, Any] = {}
        self.input_datasets: dict[str, Any] = {}
        self.output_datasets: dict[str, str] = {}

    def log(self, name: str, value: Any, description: str = "", step: float | None = None) -> None:
        """Print the value."""
        _attempted("scalar", name, value)

    def log_list(self, name: str, value: Any, description: str = "") -> None:
        """Print the list."""
        _attempted("list", name, value)

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Print the row."""
        _attempted("row", name, kwargs)

    def log_table(self, name: str, value: Any, description: str = "") -> None:
        """Print the table."""
        _attempted("table", name, value)

    def log_image(
        self, name: str, path: Any = None, plot: Any = None, description: str = ""
    ) -> None:
        """Print where the image came from."""
        _attempted("image", name, path if path is not None else plot)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Print the matrix."""
        _attempted("confusion matrix", name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Print the table."""
        _attempted("accuracy table", name, value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Print the residuals."""
        _attempted("residuals", name, value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Print the predictions."""
        _attempted("predictions", name, value)

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: Any = None) -> None:
        """Print the name."""
        print(f"Attempted to upload file {name}")

    def upload_folder(self, name: str, path: str, datastore_name: Any = None) -> None:
        """Print the name."""
        print(f"Attempted to upload folder {name}")

    def tag(self, key: str, value: str | None = None) -> None:
        """Keep the tag in this object."""
        self.set_tags({key: value})

    def set_tags(self, tags: dict[str, Any]) -> None:
        """Keep the tags in this object."""
        self.tags.update({key: "" if value is None else str(value) for key, value in tags.items()})

    def get_tags(self) -> dict[str, str]:
        """The tags of this object."""
        return dict(self.tags)

    def remove_tags(self, tags: Any) -> None:
        """Take tags away from this object."""
        for name in [tags] if isinstance(tags, str) else tags:
            self.tags.pop(name, None)

    def add_properties(self, properties: dict[str, Any]) -> None:
        """Keep the properties in this object."""
        self.properties.update({key: str(value) for key, value in properties.items()})

    def get_properties(self) -> dict[str, str]:
        """The properties of this object."""
        return dict(self.properties)

    def get_metrics(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Nothing was kept."""
        return {}

    def get_file_names(self) -> list[str]:
        """Nothing was kept."""
        return []

    def get_secret(self, name: str) -> str:
        """A secret of the vault of the workspace that is meant here, else the variable."""
        from jupyter_aml.sdk._run.secrets import secret

        return secret(self._workspace, name)

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str]:
        """Several secrets by name."""
        return {name: self.get_secret(name) for name in secrets}

    def get_status(self) -> str:
        """A script started by hand runs."""
        return "Running"

    def child_run(self, *_: Any, **__: Any) -> OfflineRun:
        """Another one like this."""
        return OfflineRun(self._workspace)

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Any = None
    ) -> list[OfflineRun]:
        """As many like this, with their tags."""
        values = list(tag_values or ())
        number = len(values) if count is None else count
        children = [OfflineRun(self._workspace) for _ in range(number)]
        if tag_key is not None:
            for child, value in zip(children, values, strict=False):
                child.tag(tag_key, value)
        return children

    def get_children(self, *_: Any, **__: Any) -> list[OfflineRun]:
        """Nothing was kept."""
        return []

    def complete(self, _set_status: bool = True) -> None:
        """Nothing to end."""

    def fail(self, error_details: Any = None, error_code: Any = None) -> None:
        """Print why."""
        print(f"Attempted to fail the run: {error_details}")

    def cancel(self) -> None:
        """Nothing to end."""

    def flush(self, timeout_seconds: float = 300) -> None:
        """Nothing to write."""

    def start(self) -> None:
        """Nothing to start."""

    def __enter__(self) -> OfflineRun:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def __repr__(self) -> str:
        return f"Run({self.id})"


def _attempted(kind: str, name: str, value: Any) -> None:
    print(f"Attempted to log {kind} metric {name}:\n{value}")
