"""The estimator that brings scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.train._settings import Settings
from jupyter_aml.sdk.train.estimator import _FrameworkBaseEstimator

_TAKEN = {*Settings.__annotations__, "framework_version"}


class SKLearn(_FrameworkBaseEstimator):
    """A script with scikit-learn."""

    FRAMEWORK_NAME = "SKLearn"
    DEFAULT_VERSION = "0.20.3"
    _VERSIONS = ("0.20.3",)

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        *,
        compute_target: Any = None,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        use_docker: bool = True,
        custom_docker_image: str | None = None,
        image_registry_details: Any = None,
        user_managed: bool = False,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_dependencies_file_path: str | None = None,
        pip_requirements_file_path: str | None = None,
        conda_dependencies_file: str | None = None,
        pip_requirements_file: str | None = None,
        environment_variables: Mapping[str, str] | None = None,
        environment_definition: Environment | None = None,
        inputs: Sequence[Any] | None = None,
        shm_size: str | None = None,
        resume_from: Any = None,
        max_run_duration_seconds: int | None = None,
        framework_version: str | None = None,
    ) -> None:
        """Raises UserErrorException for what a run cannot be told."""
        super().__init__(**{name: value for name, value in locals().items() if name in _TAKEN})

    def _pip(self) -> tuple[str, ...]:
        return (f"scikit-learn=={self._version}", "scipy", "joblib")
