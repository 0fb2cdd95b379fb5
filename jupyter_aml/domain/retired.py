"""The retired distributions of SDK v1: what stands in for each, in environments and notebooks.

The runtime that travels with runs and kernels answers for their own names. What scripts import
beside them, because they brought it, is taken from the index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from jupyter_aml.domain import requirement

_TABLES = ("numpy", "pandas", "pyarrow")
_BASE = (*_TABLES, "requests")
_LEARNING = (*_TABLES, "scikit-learn", "scipy", "joblib")
_EXPLAINING = ("numpy", "pandas", "scikit-learn", "interpret-community")

LIBRARIES: dict[str, tuple[str, ...]] = {
    "azureml-automl-core": _TABLES,
    "azureml-automl-runtime": (*_LEARNING, "lightgbm"),
    "azureml-cli-common": (),
    "azureml-contrib-fairness": ("fairlearn", "numpy", "pandas"),
    "azureml-contrib-interpret": _EXPLAINING,
    "azureml-contrib-notebook": (),
    "azureml-contrib-pipeline-steps": (),
    "azureml-contrib-services": (),
    "azureml-core": ("requests",),
    "azureml-datadrift": (*_LEARNING, "matplotlib", "lightgbm"),
    "azureml-dataprep": ("numpy", "pyarrow"),
    "azureml-dataprep-native": (),
    "azureml-dataprep-rslex": (),
    "azureml-dataset-runtime": ("numpy", "pyarrow"),
    "azureml-defaults": _BASE,
    "azureml-explain-model": _EXPLAINING,
    "azureml-inference-server-http": (),
    "azureml-interpret": _EXPLAINING,
    "azureml-mlflow": ("mlflow",),
    "azureml-model-management-sdk": ("numpy", "pandas"),
    "azureml-monitoring": (),
    "azureml-opendatasets": (*_TABLES, "scipy", "scikit-learn"),
    "azureml-pipeline": (),
    "azureml-pipeline-core": (),
    "azureml-pipeline-steps": (),
    "azureml-sdk": _BASE,
    "azureml-telemetry": (),
    "azureml-tensorboard": ("tensorboard",),
    "azureml-train": (),
    "azureml-train-automl": (*_LEARNING, "lightgbm"),
    "azureml-train-automl-client": _TABLES,
    "azureml-train-automl-runtime": (*_LEARNING, "lightgbm"),
    "azureml-train-core": (),
    "azureml-train-restclients-hyperdrive": (),
    "azureml-widgets": (),
}
"""What each brought that scripts import; the runtime stands in for the distribution itself."""

_EXTRAS = {
    "automl": (*_LEARNING, "lightgbm"),
    "explain": _EXPLAINING,
    "fuse": (),
    "interpret": _EXPLAINING,
    "pandas": ("pandas", "pyarrow", "adlfs"),
    "tensorboard": ("tensorboard",),
}  # fmt: skip
"""What an extra of them stands for; others stand for nothing that scripts import."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """What a requirement for a retired distribution comes to."""

    libraries: tuple[str, ...] = ()
    is_known: bool = True
    """Whether something takes its place at all."""


def is_retired(name: str) -> bool:
    """Whether a distribution of that name belongs to SDK v1, so that it would hide our names."""
    key = requirement.normalised(name)
    return key == "azureml" or key.startswith("azureml-")


def stand_in(name: str, extras: Iterable[str] = ()) -> StandIn:
    """What takes the place of a retired distribution with these extras."""
    brought = LIBRARIES.get(requirement.normalised(name))
    if brought is None:
        return StandIn(is_known=False)
    more = (library for extra in sorted(extras) for library in _EXTRAS.get(extra.lower(), ()))
    return StandIn(tuple(dict.fromkeys((*brought, *more))))


def told(left_out: Iterable[str], brought: Collection[str] = ()) -> str:
    """One line about retired distributions that are not installed, and what is in their place."""
    names = [*dict.fromkeys(left_out)]
    known = [name for name in names if stand_in(name).is_known]
    others = [name for name in names if name not in known]
    parts = []
    if known:
        verb, them = ("is", "it") if len(known) == 1 else ("are", "they")
        libraries = f", with what {them} brought: {', '.join(brought)}" if brought else ""
        told = f"not installed, jupyter_aml stands in for {'it' if them == 'it' else 'them'}"
        parts.append(f"{', '.join(known)} {verb} {told}{libraries}")
    if others:
        parts.append(f"{', '.join(others)}: retired with Azure ML, nothing takes its place yet")
    return "; ".join(parts)
