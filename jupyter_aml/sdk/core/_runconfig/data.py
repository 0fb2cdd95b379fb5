"""The parts of a run configuration that say which data a run reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from jupyter_aml.sdk.core._runconfig.element import Element
from jupyter_aml.sdk.exceptions import UserErrorException

SUPPORTED_DATAREF_MODES = ("mount", "download", "upload")
SUPPORTED_DELIVERY_MECHANISM = ("direct", "mount", "download", "hdfs")


class DataReferenceConfiguration(Element):
    """A path of a datastore, as a file of SDK v1 holds it."""

    data_store_name: str | None
    path_on_data_store: str | None
    mode: str
    overwrite: bool
    path_on_compute: str | None

    def __init__(
        self,
        datastore_name: str | None = None,
        mode: str = "mount",
        path_on_datastore: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        if str(mode).lower() not in SUPPORTED_DATAREF_MODES:
            raise UserErrorException(
                f"mode={mode!r}: there are {', '.join(SUPPORTED_DATAREF_MODES)}"
            )
        self.data_store_name, self.mode = datastore_name, str(mode).lower()
        self.path_on_data_store, self.path_on_compute = path_on_datastore, path_on_compute
        self.overwrite = overwrite

    def _placed(self, name: str) -> Any:
        if not self.data_store_name:
            raise UserErrorException(f"data reference {name!r}: name its data_store_name")
        return SimpleNamespace(
            datastore=self.data_store_name, data_reference_name=name,
            path_on_datastore=self.path_on_data_store, mode=self.mode,
            path_on_compute=self.path_on_compute, overwrite=self.overwrite,
        )  # fmt: skip


class DataPath(Element):
    """A path of a datastore."""

    datastore_name: str | None
    relative_path: str | None

    def __init__(self, datastore_name: str | None = None, relative_path: str | None = None) -> None:
        self.datastore_name, self.relative_path = datastore_name, relative_path


class Dataset(Element):
    """A data set by its id, or by name and version."""

    id: str | None
    name: str | None
    version: str | None

    def __init__(
        self,
        dataset_id: str | None = None,
        dataset_name: str | None = None,
        dataset_version: Any = None,
    ) -> None:
        self.id, self.name = dataset_id, dataset_name
        self.version = None if dataset_version is None else str(dataset_version)


class Uri(Element):
    """An address."""

    path: str | None
    is_file: bool

    def __init__(self, path: str | None = None, is_file: bool = False) -> None:
        self.path, self.is_file = path, is_file


class DataLocation(Element):
    """Where data is: a data set, a path of a datastore, or an address."""

    dataset: Dataset | None
    data_path: DataPath | None
    uri: Uri | None

    def __init__(
        self,
        dataset: Dataset | None = None,
        data_path: DataPath | None = None,
        uri: Uri | None = None,
    ) -> None:
        self.dataset, self.data_path, self.uri = dataset, data_path, uri

    def _read(self, name: str, value: Any, where: str) -> Any:
        kinds: dict[str, type[Element]] = {"dataset": Dataset, "data_path": DataPath, "uri": Uri}
        return None if value is None else kinds[name]._from_json(value, where)


class Data(Element):
    """An input of a run, as a file of SDK v1 holds it."""

    data_location: DataLocation | None
    create_output_directories: bool | None
    mechanism: str
    environment_variable_name: str | None
    path_on_compute: str | None
    overwrite: bool
    options: Mapping[str, str] | None

    def __init__(
        self,
        data_location: DataLocation | None = None,
        create_output_directories: bool | None = None,
        mechanism: str = "direct",
        environment_variable_name: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool = False,
        options: Mapping[str, str] | None = None,
    ) -> None:
        if str(mechanism).lower() not in SUPPORTED_DELIVERY_MECHANISM:
            raise UserErrorException(
                f"mechanism={mechanism!r}: there are {', '.join(SUPPORTED_DELIVERY_MECHANISM)}"
            )
        self.data_location, self.mechanism = data_location, str(mechanism).lower()
        self.create_output_directories = create_output_directories
        self.environment_variable_name = environment_variable_name
        self.path_on_compute, self.overwrite, self.options = path_on_compute, overwrite, options

    @staticmethod
    def create(data: Any) -> Data:
        """The form of a DatasetConsumptionConfig, or of a DataReference."""
        if hasattr(data, "data_reference_name"):
            path = DataPath(getattr(data.datastore, "name", data.datastore), data.path_on_datastore)
            return Data(
                DataLocation(data_path=path), mechanism=data.mode,
                environment_variable_name=data.data_reference_name,
                path_on_compute=data.path_on_compute, overwrite=data.overwrite,
            )  # fmt: skip
        definition = data.dataset._definition
        if not definition.name:
            raise UserErrorException(
                f"the data set of {data.name!r} has no name that a file could hold: register it"
            )
        dataset = Dataset(None, definition.name, definition.version)
        return Data(
            DataLocation(dataset=dataset), mechanism=data.mode,
            environment_variable_name=data.name, path_on_compute=data.path_on_compute,
        )  # fmt: skip

    def _read(self, name: str, value: Any, where: str) -> Any:
        if name == "data_location" and value is not None:
            return DataLocation._from_json(value, where)
        return value

    def _placed(self, name: str) -> Any:
        """What a submission takes in its place; raises UserErrorException."""
        where = self.data_location or DataLocation()
        refuse(name, create_output_directories=self.create_output_directories,
               options=self.options)  # fmt: skip
        if self.environment_variable_name not in (None, name):
            raise UserErrorException(
                f"input {name!r}: its variable is called as it is, so give "
                f"environment_variable_name={name!r} or leave it out"
            )
        if where.data_path is not None:
            reference = DataReferenceConfiguration(
                where.data_path.datastore_name, self.mechanism, where.data_path.relative_path,
                self.path_on_compute, self.overwrite,
            )  # fmt: skip
            return reference._placed(name)
        return _of_a_dataset(name, where, self.mechanism, self.path_on_compute)


class DatacacheConfiguration(Element):
    """A copy of data beside a cluster."""

    datacache_id: str | None
    datacache_store: str | None
    dataset_id: str | None
    mode: str
    path_on_compute: str | None
    replica: Any
    failure_fallback: bool

    def __init__(
        self,
        dataset_id: str | None = None,
        datacache_store: str | None = None,
        datacache_id: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        replica: Any = None,
        failure_fallback: bool = False,
    ) -> None:
        self.dataset_id, self.datacache_store = dataset_id, datacache_store
        self.datacache_id, self.mode, self.path_on_compute = datacache_id, mode, path_on_compute
        self.replica, self.failure_fallback = replica, failure_fallback

    @staticmethod
    def create(data: Any) -> DatacacheConfiguration:
        """Say what it would need."""
        raise UserErrorException(
            f"{data!r}: a data cache lies beside a cluster; as_mount() reads files where they are"
        )


def refuse(name: str, **said: Any) -> None:
    for option, value in said.items():
        if value:
            raise UserErrorException(
                f"{name!r} of the run configuration: {option}={value!r} says nothing to a run of "
                "jupyter_aml; leave it out"
            )


def _of_a_dataset(name: str, where: DataLocation, mode: str, path: str | None) -> Any:
    from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig

    dataset = where.dataset
    if dataset is None or not (dataset.name or dataset.id):
        raise UserErrorException(
            f"input {name!r}: name a registered data set, or a path of a datastore"
        )
    named = SimpleNamespace(
        name=dataset.name or dataset.id, version=_text(dataset.version), to_json=dict
    )
    return DatasetConsumptionConfig(name, SimpleNamespace(_definition=named), mode, path)


def _text(version: Any) -> str | None:
    """A version, which a file may hold as a number."""
    return None if version in (None, "latest") else str(version)
