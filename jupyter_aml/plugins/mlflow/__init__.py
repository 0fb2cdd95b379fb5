"""The entry points of MLflow: a workspace is its tracking store, a run's files its artifacts.

MLflow loads this while it is imported itself, so nothing of it is imported before it is asked for.
"""

from __future__ import annotations

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


class RunContext:
    """Is there to be loaded: MLflow makes it when all its stores are known.

    Of packages that serve the same scheme the last one found has it. With this one it does not
    matter which that is: ours has it, and gives away what belongs to the other.
    """

    def __init__(self) -> None:
        _take_scheme()

    def in_context(self) -> bool:
        """It has no tags."""
        return False

    def tags(self) -> dict[str, str]:
        """None."""
        return {}


def _take_scheme() -> None:
    try:
        from mlflow.store.artifact import artifact_repository_registry as artifacts
        from mlflow.tracking._tracking_service import utils as stores

        stores._tracking_store_registry.register(tracking.SCHEME, tracking_store)
        artifacts._artifact_repository_registry.register(tracking.SCHEME, artifact_repository)
    except (ImportError, AttributeError):
        pass  # A release that keeps them elsewhere: then the last one found has the scheme.


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
