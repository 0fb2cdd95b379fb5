"""The parts of a run configuration that say what a run writes, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_aml.sdk.core._runconfig.data import DataLocation, DataPath, refuse
from jupyter_aml.sdk.core._runconfig.element import Element
from jupyter_aml.sdk.data.output_dataset_config import OutputFileDatasetConfig
from jupyter_aml.sdk.exceptions import UserErrorException


class RegistrationOptions(Element):
    """The data set that an output becomes."""

    name: str | None
    description: str | None
    tags: Mapping[str, str] | None
    dataset_registration_options: Any

    def __init__(
        self,
        name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        dataset_registration_options: Any = None,
    ) -> None:
        self.name, self.description, self.tags = name, description, tags
        self.dataset_registration_options = dataset_registration_options


class DatasetRegistrationOptions(Element):
    """What is done with the files of an output before they are a data set."""

    additional_transformation: str | None

    def __init__(self, additional_transformations: str | None = None) -> None:
        self.additional_transformation = additional_transformations


class GlobsOptions(Element):
    """Which files."""

    patterns: Sequence[str] | None

    def __init__(self, patterns: Sequence[str] | None = None) -> None:
        self.patterns = patterns


class UploadOptions(Element):
    """How an output is uploaded."""

    overwrite: bool
    source_globs: GlobsOptions

    def __init__(self, overwrite: bool = False, source_globs: GlobsOptions | None = None) -> None:
        self.overwrite, self.source_globs = overwrite, source_globs or GlobsOptions()


class MountOptions(Element):
    """How an output is mounted; there is no cache that could be disabled."""

    disable_metadata_cache: bool

    def __init__(self, disable_metadata_cache: bool = False) -> None:
        self.disable_metadata_cache = disable_metadata_cache


class OutputOptions(Element):
    """Where an output lies on the machine, and what it becomes."""

    path_on_compute: str | None
    registration_options: RegistrationOptions
    upload_options: UploadOptions
    mount_options: MountOptions

    def __init__(
        self,
        path_on_compute: str | None = None,
        registration_options: RegistrationOptions | None = None,
        upload_options: UploadOptions | None = None,
        mount_options: MountOptions | None = None,
    ) -> None:
        self.path_on_compute = path_on_compute
        self.registration_options = registration_options or RegistrationOptions()
        self.upload_options = upload_options or UploadOptions()
        self.mount_options = mount_options or MountOptions()


class OutputData(Element):
    """An output of a run, as a file of SDK v1 holds it."""

    output_location: DataLocation | None
    mechanism: str
    additional_options: OutputOptions

    def __init__(
        self,
        output_location: DataLocation | None = None,
        mechanism: str = "mount",
        additional_options: OutputOptions | None = None,
    ) -> None:
        self.output_location, self.mechanism = output_location, mechanism
        self.additional_options = additional_options or OutputOptions()

    def _read(self, name: str, value: Any, where: str) -> Any:
        if name == "output_location" and value is not None:
            return DataLocation._from_json(value, where)
        return super()._read(name, value, where)

    def _placed(self, name: str) -> Any:
        where, options = self.output_location or DataLocation(), self.additional_options
        refuse(name, dataset=where.dataset, uri=where.uri)
        path, wanted = where.data_path, options.registration_options
        transformed = wanted.dataset_registration_options
        if isinstance(transformed, Mapping):
            transformed = transformed.get("additionalTransformation")
        refuse(name, additional_transformation=transformed)
        made = OutputFileDatasetConfig(
            name, path and (path.datastore_name, path.relative_path), options.path_on_compute
        )
        if self.mechanism == "upload":
            upload = options.upload_options
            made = made.as_upload(upload.overwrite, upload.source_globs.patterns)
        elif self.mechanism != "mount":
            made.mode = self.mechanism
        if wanted.name:
            made = made.register_on_complete(wanted.name, wanted.description, wanted.tags)
        return made

    @classmethod
    def _of(cls, config: Any) -> OutputData:
        """The form of an OutputFileDatasetConfig."""
        if not isinstance(config, OutputFileDatasetConfig):
            raise UserErrorException(
                f"output_data: {type(config).__name__} cannot stand in a file; "
                "OutputFileDatasetConfig can"
            )
        wanted, upload = config._registration, config._upload
        become = (
            RegistrationOptions(wanted.name, wanted.description, wanted.tags) if wanted else None
        )
        options = OutputOptions(
            config.source,
            become,
            UploadOptions(upload.overwrite, GlobsOptions(upload.source_globs)),
        )
        return cls(_location(config.destination), config.mode, options)


def _location(told: Any) -> DataLocation | None:
    if told is None:
        return None
    store, path = told if isinstance(told, tuple) else (told.datastore_name, told.path_on_datastore)
    return DataLocation(data_path=DataPath(getattr(store, "name", store), path))
