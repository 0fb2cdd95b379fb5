"""From the arguments of an estimator to a run configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.requirement import lines_of
from jupyter_aml.sdk._core.files import text_of
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.core.runconfig import MpiConfiguration, RunConfiguration
from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.train._distributed_training import Mpi, _DistributedTraining

_NAME = "project_environment"
_TORCH = "UV_TORCH_BACKEND"


@dataclass(kw_only=True)
class Settings:
    """What an estimator was given, by SDK v1's names."""

    compute_target: Any = None
    vm_size: Any = None
    vm_priority: Any = None
    entry_script: str | None = None
    script_params: Mapping[str, Any] | None = None
    node_count: int = 1
    process_count_per_node: int = 1
    distributed_backend: str | None = None
    distributed_training: Any = None
    use_gpu: bool = False
    use_docker: bool = True
    custom_docker_base_image: str | None = None
    custom_docker_image: str | None = None
    image_registry_details: Any = None
    user_managed: bool = False
    conda_packages: Sequence[str] | None = None
    pip_packages: Sequence[str] | None = None
    conda_dependencies_file_path: str | None = None
    pip_requirements_file_path: str | None = None
    conda_dependencies_file: str | None = None
    pip_requirements_file: str | None = None
    environment_variables: Mapping[str, str] | None = None
    environment_definition: Environment | None = None
    inputs: Sequence[Any] | None = None
    source_directory_data_store: Any = None
    shm_size: str | None = None
    resume_from: Any = None
    max_run_duration_seconds: int | None = None
    source_directory: str = "."

    @property
    def image(self) -> str | None:
        """The image of the user's own."""
        return self.custom_docker_image or self.custom_docker_base_image

    @property
    def conda_file(self) -> str | None:
        """The file of a conda specification."""
        return self.conda_dependencies_file or self.conda_dependencies_file_path

    @property
    def pip_file(self) -> str | None:
        """The file of requirements."""
        return self.pip_requirements_file or self.pip_requirements_file_path


def run_config(given: Settings, framework: Sequence[str] = ()) -> RunConfiguration:
    """The configuration that an estimator is; raises UserErrorException for what cannot be.

    `framework` are the pip packages of the estimator's own library.
    """
    _refuse(given)
    config = RunConfiguration(given.entry_script, _arguments(given.script_params))
    config.target = getattr(given.compute_target, "name", given.compute_target) or "local"
    config.node_count = given.node_count
    config.max_run_duration_seconds = given.max_run_duration_seconds
    config.source_directory_data_store = given.source_directory_data_store
    _distribute(config, given)
    _environment(config, given, framework)
    for each in given.inputs or ():
        _take(config, each)
    return config


def _refuse(given: Settings) -> None:
    for name in ("vm_size", "vm_priority"):
        value = getattr(given, name)
        if value is not None:
            raise UserErrorException(
                f"{name}={value!r}: jupyter_aml rents no machines for a run; give compute_target "
                "the name of a compute target"
            )
    if given.resume_from is not None:
        raise UserErrorException(
            "resume_from: a run starts with what it was sent; give it the files of an earlier run "
            "as an input, and leave it out"
        )
    if given.entry_script is None:
        raise UserErrorException("entry_script: name the script of source_directory to run")
    if given.image and not given.use_docker:
        raise UserErrorException(
            f"use_docker=False: the image {given.image!r} would not be used; leave one of them out"
        )


def _arguments(params: Mapping[str, Any] | None) -> list[Any]:
    """The words of `script_params`; an empty value makes its name a flag."""
    if params is None:
        return []
    if not isinstance(params, Mapping):
        raise UserErrorException(
            "script_params: give a dictionary, such as {'--rate': 0.1}, not a "
            f"{type(params).__name__}"
        )
    words: list[Any] = []
    for name, value in params.items():
        words.append(name)
        if value is not None and not (isinstance(value, str) and not value):
            words.append(value)
    return words


def _distribute(config: RunConfiguration, given: Settings) -> None:
    wanted = given.distributed_training
    if isinstance(wanted, MpiConfiguration):
        # The pages of SDK v1 give this one, too; it says how many processes there are on a node.
        wanted = Mpi(wanted.process_count_per_node)
    if wanted is not None and not isinstance(wanted, _DistributedTraining):
        raise UserErrorException(
            f"distributed_training={wanted!r}: give Mpi(), Nccl(), Gloo() or ParameterServer()"
        )
    backend = {"mpi": "Mpi", "ps": "ParameterServer", "nccl": "Nccl", "gloo": "Gloo"}
    if given.distributed_backend is not None:
        name = str(given.distributed_backend).lower()
        if name not in backend:
            raise UserErrorException(
                f"distributed_backend={given.distributed_backend!r}: there are {[*backend]}"
            )
        config.communicator = backend[name]
    if wanted is not None:
        config.communicator = wanted._communicator
    part = getattr(wanted, "_part", None)
    if part is not None:
        setattr(config, "mpi" if config.communicator == "Mpi" else "tensorflow", part)
    if given.process_count_per_node != 1:
        config.mpi.process_count_per_node = given.process_count_per_node


def _environment(config: RunConfiguration, given: Settings, framework: Sequence[str]) -> None:
    if given.environment_definition is not None:
        config.environment = _defined(given)
    else:
        _packages(config.environment, given, framework)
        _image(config.environment, given)
    config.environment.docker.gpu_support = True if given.use_gpu else None
    variables = {
        str(name): str(value) for name, value in (given.environment_variables or {}).items()
    }
    if variables:
        config.environment_variables = {**config.environment_variables, **variables}


def _defined(given: Settings) -> Environment:
    """The environment that was given whole; nothing else may say what is in it."""
    environment = given.environment_definition
    if not isinstance(environment, Environment):
        raise UserErrorException(
            f"environment_definition: expected an Environment, not {type(environment).__name__}; "
            "Environment.get(workspace, name) gives a registered one"
        )
    for name in ("conda_packages", "pip_packages", "conda_file", "pip_file", "image",
                 "user_managed"):  # fmt: skip
        if getattr(given, name):
            raise UserErrorException(
                f"{name}: environment_definition says all of the environment; add it there"
            )
    return environment.__copy__()


def _packages(environment: Environment, given: Settings, framework: Sequence[str]) -> None:
    if given.user_managed:
        environment.python.user_managed_dependencies = True
        return
    if given.conda_file is not None:
        packages = CondaDependencies(_beside(given, given.conda_file))
    else:
        packages = CondaDependencies()
    conda = _several("conda_packages", given.conda_packages)
    pip = [*framework, *_several("pip_packages", given.pip_packages)]
    if given.pip_file is not None:
        pip += _requirements(_beside(given, given.pip_file))
    if not (given.conda_file or conda or pip):
        return  # The notebook's own Python has what its notebooks have.
    environment.name = _NAME
    for package in conda:
        packages.add_conda_package(package)
    for package in pip:
        packages.add_pip_package(package)
    environment.python.conda_dependencies = packages
    if any(line.startswith("torch") for line in framework) and not given.use_gpu:
        environment.environment_variables[_TORCH] = "cpu"


def _image(environment: Environment, given: Settings) -> None:
    if given.image is not None:
        environment.docker.enabled, environment.docker.base_image = True, given.image
        if given.image_registry_details is not None:
            environment.docker.base_image_registry = given.image_registry_details
    elif given.image_registry_details is not None:
        raise UserErrorException(
            "image_registry_details: it is of use with custom_docker_image alone"
        )
    if given.shm_size is not None:
        environment.docker.shm_size = given.shm_size


def _take(config: RunConfiguration, each: Any) -> None:
    """Put an input where the configuration has it."""
    if isinstance(each, DatasetConsumptionConfig):
        there, name = config.data, each.name
    elif hasattr(each, "data_reference_name"):
        there, name = config.data_references, each.data_reference_name
    else:
        what = (
            "name it: dataset.as_named_input('data')" if hasattr(each, "as_named_input") else
            "give a data set by as_named_input('data'), or a path of a datastore"
        )  # fmt: skip
        raise UserErrorException(f"inputs: {type(each).__name__} is no input; {what}")
    if name in there:
        raise UserErrorException(f"inputs: two are called {name!r}; give each a name of its own")
    there[name] = each


def _beside(given: Settings, name: str) -> str:
    """A file as SDK v1 meant it: in the folder that is sent, else from here."""
    there = Path(given.source_directory, name)
    return os.fspath(there if there.is_file() else name)


def _requirements(file: str) -> tuple[str, ...]:
    try:
        return lines_of(text_of(file))
    except Invalid as error:
        raise UserErrorException(str(error)) from None


def _several(name: str, packages: Any) -> list[str]:
    if isinstance(packages, str):
        raise UserErrorException(f"{name}: give a list of packages, not the text {packages!r}")
    return [str(each) for each in packages or ()]
