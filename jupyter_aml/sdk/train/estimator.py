"""Estimators: a script and all that its run needs in one object, as SDK v1 had it first."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.core.runconfig import RunConfiguration
from jupyter_aml.sdk.core.script_run_config import ScriptRunConfig
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.train._distributed_training import Gloo, Mpi, Nccl, ParameterServer
from jupyter_aml.sdk.train._settings import Settings, run_config

__all__ = [
    "Estimator", "Gloo", "MMLBaseEstimator", "MMLBaseEstimatorRunConfig", "Mpi", "Nccl",
    "ParameterServer",
]  # fmt: skip

_log = logging.getLogger("azureml.train.estimator")


class MMLBaseEstimator:
    """What all estimators share: a folder, and the configuration of a run."""

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        *,
        compute_target: Any,
        estimator_config: RunConfiguration | None = None,
    ) -> None:
        """Take a configuration as it is; raises UserErrorException for what is none."""
        if not isinstance(estimator_config, RunConfiguration):
            raise UserErrorException(
                "estimator_config: give a RunConfiguration; an Estimator makes one of its arguments"
            )
        self._source_directory = os.fspath(source_directory) if source_directory else "."
        self._run_config = estimator_config
        if compute_target is not None:
            self._run_config.target = getattr(compute_target, "name", compute_target)

    @property
    def source_directory(self) -> str:
        """The folder that is sent."""
        return self._source_directory

    @property
    def run_config(self) -> RunConfiguration:
        """The configuration of the run, to be changed in place."""
        return self._run_config

    @property
    def conda_dependencies(self) -> CondaDependencies:
        """The packages of its environment."""
        return self._run_config.environment.python.conda_dependencies

    def _script_run_config(self) -> ScriptRunConfig:
        """The same as a ScriptRunConfig; raises UserErrorException for a script not there."""
        config = self._run_config
        return ScriptRunConfig(
            self._source_directory,
            run_config=config,
            max_run_duration_seconds=config.max_run_duration_seconds
            or ScriptRunConfig.MAX_DURATION_SECONDS_DEFAULT,
        )

    def __repr__(self) -> str:
        script, target = self._run_config.script, self._run_config.target
        return f"{type(self).__name__}(entry_script={script!r}, compute_target={target!r})"


class MMLBaseEstimatorRunConfig(RunConfiguration):
    """The configuration that an estimator makes of its arguments."""

    def __init__(
        self,
        compute_target: Any,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int | None = None,
        process_count_per_node: int | None = None,
        distributed_backend: str | None = None,
        use_gpu: bool | None = None,
        use_docker: bool | None = None,
        custom_docker_base_image: str | None = None,
        custom_docker_image: str | None = None,
        image_registry_details: Any = None,
        user_managed: bool = False,
        conda_packages: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        environment_definition: Environment | None = None,
        inputs: Sequence[Any] | None = None,
        source_directory_data_store: Any = None,
        shm_size: str | None = None,
    ) -> None:
        """Raises UserErrorException for what a run cannot be told."""
        super().__init__()
        said = Settings(
            compute_target=compute_target, vm_size=vm_size, vm_priority=vm_priority,
            entry_script=entry_script, script_params=script_params, node_count=node_count or 1,
            process_count_per_node=process_count_per_node or 1,
            distributed_backend=distributed_backend, use_gpu=bool(use_gpu),
            use_docker=use_docker is not False,
            custom_docker_base_image=custom_docker_base_image,
            custom_docker_image=custom_docker_image,
            image_registry_details=image_registry_details, user_managed=user_managed,
            conda_packages=conda_packages, pip_packages=pip_packages,
            environment_definition=environment_definition, inputs=inputs,
            source_directory_data_store=source_directory_data_store, shm_size=shm_size,
        )  # fmt: skip
        vars(self).update(vars(run_config(said)))


class Estimator(MMLBaseEstimator):
    """A script with its packages, parameters and inputs, for any library.

    `script_params` are its arguments by name; a value may be a path of a datastore or a data set.
    """

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        *,
        compute_target: Any = None,
        vm_size: str | None = None,
        vm_priority: str | None = None,
        entry_script: str | None = None,
        script_params: Mapping[str, Any] | None = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: str | None = None,
        distributed_training: Any = None,
        use_gpu: bool = False,
        use_docker: bool = True,
        custom_docker_base_image: str | None = None,
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
        source_directory_data_store: Any = None,
        shm_size: str | None = None,
        resume_from: Any = None,
        max_run_duration_seconds: int | None = None,
    ) -> None:
        """Raises UserErrorException for what a run cannot be told."""
        said = {name: value for name, value in locals().items() if name in Settings.__annotations__}
        _deprecated("Estimator")
        super().__init__(
            source_directory, compute_target=None, estimator_config=run_config(Settings(**said))
        )


class _FrameworkBaseEstimator(MMLBaseEstimator):
    """An estimator that brings a library in a version of its time, or the nearest there is."""

    FRAMEWORK_NAME: str | None = None
    DEFAULT_VERSION: str | None = None
    _VERSIONS: tuple[str, ...] = ()

    def __init__(
        self, source_directory: Any, *, framework_name: Any = None, framework_version: Any = None,
        **said: Any,
    ) -> None:  # fmt: skip
        """Raises UserErrorException for a version that SDK v1 did not have."""
        _deprecated(type(self).__name__)
        self._version = str(framework_version or self.DEFAULT_VERSION)
        if framework_name not in (None, self.FRAMEWORK_NAME):
            raise UserErrorException(
                f"framework_name={framework_name!r}: {type(self).__name__} is "
                f"{self.FRAMEWORK_NAME!r}"
            )
        if self._version not in self._VERSIONS:
            raise UserErrorException(
                f"framework_version={framework_version!r}: {type(self).__name__} knows "
                f"{', '.join(self._VERSIONS)}; for another one give ScriptRunConfig an Environment "
                "with the packages"
            )
        settings = Settings(source_directory=os.fspath(source_directory or "."), **said)
        super().__init__(
            source_directory,
            compute_target=None,
            estimator_config=run_config(settings, self._own(settings)),
        )

    @property
    def framework_version(self) -> str:
        """The version of the library that was asked for."""
        return self._version

    @classmethod
    def get_supported_versions(cls) -> list[str]:
        """The versions that SDK v1 had."""
        return [*cls._VERSIONS]

    def _own(self, settings: Settings) -> tuple[str, ...]:
        """The packages of the library, where nothing else says what is in the environment."""
        is_said = (
            settings.environment_definition is not None or settings.image or settings.user_managed
        )
        self._use_gpu = bool(settings.use_gpu)
        return () if is_said else self._pip()

    def _pip(self) -> tuple[str, ...]:
        raise NotImplementedError


def _deprecated(name: str) -> None:
    """Say what SDK v1 said."""
    _log.warning(
        "'%s' is deprecated. Please use 'ScriptRunConfig' from 'azureml.core.script_run_config' "
        "with your own defined environment or an Azure ML curated environment.", name,
    )  # fmt: skip
