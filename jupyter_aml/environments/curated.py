"""The environments that come with jupyter_aml, under the prefix that SDK v1 kept for its own."""

from __future__ import annotations

from functools import cache

from jupyter_aml.domain.environment import CURATED_PREFIX, TORCH_BACKEND, Definition, read

_TUTORIAL = ("numpy", "pandas", "scikit-learn", "matplotlib", "scipy", "joblib", "pyarrow")
_PIP = {
    "Minimal": (),
    "Tutorial": _TUTORIAL,
    "Scikit-learn": ("numpy", "pandas", "scikit-learn", "scipy", "joblib"),
    "PyTorch": ("torch", "torchvision", "numpy", "pandas", "matplotlib"),
    "TensorFlow": ("tensorflow-cpu", "numpy", "pandas", "matplotlib"),
    "LightGBM": ("lightgbm", "numpy", "pandas", "scikit-learn", "scipy"),
}
_FAMILIES = {
    "scikit-learn": "Scikit-learn", "sklearn": "Scikit-learn", "pytorch": "PyTorch",
    "acpt": "PyTorch", "tensorflow": "TensorFlow", "lightgbm": "LightGBM", "tutorial": "Tutorial",
    "automl": "Tutorial", "minimal": "Minimal",
}  # fmt: skip
_VERSION = "1"


@cache
def every() -> dict[str, Definition]:
    """All of them by name."""
    return {name: _definition(name, pip) for name, pip in _PIP.items()}


def find(name: str) -> tuple[Definition, str | None] | None:
    """The curated environment that a name means, and a warning where it is not quite that one.

    Letters may be large or small. SDK v1 had dozens, by library version and base image
    (`AzureML-sklearn-0.24-ubuntu18.04-...`); each is met by today's environment for that library.
    """
    if not name.lower().startswith(CURATED_PREFIX.lower()):
        return None
    rest = name[len(CURATED_PREFIX) :].lower()
    for known, definition in every().items():
        if rest == known.lower():
            return definition, None
    for word, family in _FAMILIES.items():
        if word in rest:
            there = every()[family]
            return there, f"{name} was retired with Azure ML: {there.name} is taken"
    return None


def _definition(name: str, pip: tuple[str, ...]) -> Definition:
    dependencies = ["pip", {"pip": ["azureml-defaults", *pip]}]
    conda = {"channels": [], "dependencies": dependencies, "name": "project_environment"}
    return read({
        "name": f"{CURATED_PREFIX}{name}",
        "version": _VERSION,
        "python": {"condaDependencies": conda},
        "environmentVariables": {TORCH_BACKEND: "cpu"} if "torch" in pip else {},
    })  # fmt: skip
