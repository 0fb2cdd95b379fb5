"""The entry points of MLflow: a workspace is its tracking store, a run's files its artifacts.

MLflow loads this while it is imported itself, so nothing of it is imported before it is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from jupyter_aml.domain import tracking

Builder = Callable[..., Any]


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """The store of a workspace; that of another package for an address of the cloud."""
    other = _other("mlflow.tracking_store", store_uri)
    if other is not None:
        return other(store_uri=store_uri, artifact_uri=artifact_uri)
    from jupyter_aml.plugins.mlflow.store import Store

    return Store(store_uri)


def artifact_repository(artifact_uri: str, *places: Any, **named: Any) -> Any:
    """The files of a run; what MLflow gives beside their address says nothing more of them."""
    other = _other("mlflow.artifact_repository", artifact_uri)
    if other is not None:
        return other(artifact_uri, *places, **named)
    from jupyter_aml.plugins.mlflow.artifacts import RunFiles

    return RunFiles(artifact_uri)


def model_registry(store_uri: str, **named: Any) -> Any:
    """There is none of MLflow's kind: says what to call instead."""
    other = _other("mlflow.model_registry_store", store_uri)
    if other is not None:
        return other(store_uri=store_uri, **named)
    from mlflow.exceptions import MlflowException

    raise MlflowException(
        "models of a workspace are not registered through MLflow here: log the model, and then "
        "call `run.register_model(model_name=..., model_path=...)` of azureml.core.Run"
    )


def take_ours() -> None:
    """Have MLflow ask us for addresses of ours; twice is once.

    Of packages that serve the same scheme the one that it finds last has all of it. So each has
    the addresses that are its own.
    """
    try:
        from mlflow.tracking._tracking_service import utils as stores

        _put_before(stores._tracking_store_registry, "get_store_builder", lambda _: tracking_store)
        from mlflow.store.artifact import artifact_repository_registry as artifacts

        files = artifacts._artifact_repository_registry
        _put_before(files, "get_artifact_repository", artifact_repository)
    except (ImportError, AttributeError):
        pass  # Not loaded yet: our store does it again. Or a release that has them elsewhere.


def _put_before(registry: Any, name: str, ours: Builder) -> None:
    """Answer a question about an address of ours in place of a registry."""
    asked = getattr(registry, name)
    if getattr(asked, "is_ours", False):
        return

    def ask(*args: Any, **named: Any) -> Any:
        uri = next(iter((*args, *named.values())), None)
        is_ours = isinstance(uri, str) and tracking.is_ours(uri)
        return ours(uri) if is_ours else asked(*args, **named)

    ask.is_ours = True  # type: ignore[attr-defined]
    setattr(registry, name, ask)


def _other(group: str, uri: str) -> Builder | None:
    """What another package has for an address that is not one of ours."""
    if tracking.is_ours(uri):
        return None
    others = (
        point
        for point in entry_points(group=group)
        if point.name == tracking.SCHEME and not point.value.startswith("jupyter_aml")
    )
    return next((point.load() for point in others), None)


if "mlflow.tracking._tracking_service.utils" in sys.modules:
    # MLflow is looking for stores at this moment.
    take_ours()
