"""What tabular and file data sets share: a definition, and the name under which it is known."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from jupyter_aml.data.listing import DataFile
from jupyter_aml.domain import dataset
from jupyter_aml.domain.dataset import Dataset, Source
from jupyter_aml.domain.errors import NotFound
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._data.place import Place
from jupyter_aml.sdk.data import _reads
from jupyter_aml.sdk.data._expressions import Column
from jupyter_aml.sdk.data._of_run import sent
from jupyter_aml.sdk.data._reads import Stores, asking, executing
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from typing import Self

    from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig
    from jupyter_aml.wire.datasets import WireDataset, WireDatasetChanges

LATEST = "latest"


class _Factory:
    """A factory of data sets as an attribute of their class, found when it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        from jupyter_aml.sdk.data import dataset_factory

        return getattr(dataset_factory, self._name)


class AbstractDataset:
    """Data by reference: where they lie, and what is done with them. Made by `Dataset.Tabular` and
    `Dataset.File`; nothing is read before it is used."""

    Tabular = _Factory("TabularDatasetFactory")
    File = _Factory("FileDatasetFactory")

    _KIND: ClassVar[str] = ""
    _kinds: ClassVar[dict[str, type[AbstractDataset]]] = {}

    _definition: Dataset
    _stores: Stores
    _seen: WireDataset | None
    _was_told: bool

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        AbstractDataset._kinds[cls._KIND] = cls

    def __init__(self) -> None:
        raise UserErrorException(
            f"{type(self).__name__} is not made by hand: use Dataset.Tabular.from_delimited_files, "
            "Dataset.File.from_files and their kin, or Dataset.get_by_name"
        )

    @classmethod
    def _make(cls, definition: Dataset, stores: Stores, seen: WireDataset | None = None) -> Self:
        made = cls.__new__(cls)
        made._definition, made._stores, made._seen = definition, stores, seen
        made._was_told = False
        return made

    # ---- finding --------------------------------------------------------------------------------

    @staticmethod
    def get_by_name(workspace: Place, name: str, version: str | int = LATEST, **kwargs: Any) -> Any:
        """The data set of that name; UserErrorException names the nearest, or the versions."""
        given.only("get_by_name", kwargs)
        wanted = None if version in (LATEST, None) else str(version)
        with asking():
            name = dataset.dataset_name(name)
            seen = workspace.client.datasets.get(workspace.name, name, wanted)
        return _from_wire(workspace, seen)

    @staticmethod
    def get_by_id(workspace: Place, id: str, **kwargs: Any) -> Any:
        """The data set with this id, or UserErrorException.

        A script finds by its id also what it was sent with as an input and nobody has registered.
        """
        given.only("get_by_id", kwargs)
        with asking():
            try:
                seen = workspace.client.datasets.by_id(workspace.name, str(id))
            except NotFound:
                definition = sent(str(id))
                if definition is None:
                    raise
                kind = AbstractDataset._kinds[definition.kind]
                return kind._make(definition, Stores(workspace, {}))
            return _from_wire(workspace, seen)

    @staticmethod
    def get_all(workspace: Place) -> Datasets:
        """The newest version of each name; a data set is fetched when it is used."""
        return Datasets(workspace)

    @staticmethod
    def _of_json(workspace: Place, definition: Any) -> Any:
        """The data set of a definition that is registered under no name."""
        from jupyter_aml.sdk.data import dataset_factory

        assert dataset_factory  # It brings the kinds.
        made = dataset.read(definition)
        return AbstractDataset._kinds[made.kind]._make(made, Stores(workspace, {}))

    # ---- what it is -----------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The id of the registered version; else one that follows from the definition."""
        if self._seen is not None:
            return self._seen["id"]
        return self._definition.content_id

    @property
    def name(self) -> str | None:
        """The name under which it is registered; None while it is not."""
        return None if self._seen is None else self._seen["name"]

    @property
    def version(self) -> int | None:
        """The version as a number; None while it is not registered."""
        return None if self._seen is None else int(self._seen["version"])

    @property
    def description(self) -> str | None:
        """What was said of it when it was registered."""
        return None if self._seen is None else self._seen["description"]

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the registered version."""
        return {} if self._seen is None else dict(self._seen["tags"])

    @property
    def data_changed_time(self) -> datetime | None:
        """When the newest of its files was written, in UTC; None where nothing tells."""
        from jupyter_aml.data.listing import changed_at
        from jupyter_aml.wire.coding import decode_time

        return decode_time(changed_at(self._files()))

    @property
    def partition_keys(self) -> list[str]:
        """The columns that stand in the paths of its files."""
        from jupyter_aml.data.chosen import path_columns

        with executing():
            return list(path_columns(self._definition))

    def get_partition_key_values(
        self, partition_keys: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """Which values its paths have, each combination once."""
        from jupyter_aml.data.chosen import path_values

        keys = self.partition_keys if partition_keys is None else list(partition_keys)
        for key in keys:
            if key not in self.partition_keys:
                raise UserErrorException(
                    f"{key!r} is no partition key{did_you_mean(key, self.partition_keys)}"
                )
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        with executing():
            for each in self._files():
                values = path_values(self._definition, each)
                chosen = {key: values[key] for key in keys}
                found.setdefault(tuple(chosen.values()), chosen)
        return list(found.values())

    def __getitem__(self, key: str) -> Column:
        """A column, for a condition: `dataset['age'] > 30`."""
        if not isinstance(key, str):
            raise UserErrorException(f"give the name of a column, not {key!r:.80}")
        return Column(key)

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} is no list of rows: take(10).to_pandas_dataframe() reads some"
        )

    # ---- registering ----------------------------------------------------------------------------

    def register(
        self,
        workspace: Place,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        create_new_version: bool = False,
    ) -> Self:
        """Register it, with a record of what lies behind it.

        What is the same, its files too, stays the version it is. Raises UserErrorException for
        another one of that name, unless a new version shall be made.
        """
        home = self._stores.workspace
        if home is not None and home.name != workspace.name and self._stores.given:
            raise UserErrorException(
                f"its files are on datastores of workspace {home.name!r}; it cannot be registered "
                f"in {workspace.name!r}"
            )
        body = {
            "workspace": workspace.name, "name": name, "description": description or "",
            "tags": {str(key): str(value) for key, value in (tags or {}).items()},
            "definition": self._definition.to_json(), "createNewVersion": create_new_version,
        }  # fmt: skip
        with asking():
            dataset.dataset_name(name)
            seen = workspace.client.datasets.add(body)
        stores = Stores(workspace, self._stores.given)
        return type(self)._make(_definition(seen), stores, seen)

    def update(self, description: str | None = None, tags: Mapping[str, str] | None = None) -> Self:
        """Change what is said of the registered version; tags that are given replace all."""
        changes: dict[str, str | None] = {}
        if tags is not None:
            changes = {key: None for key in self.tags if key not in tags}
            changes.update({str(key): str(value) for key, value in tags.items()})
        return self._patched(description, changes)

    def add_tags(self, tags: Mapping[str, str] | None = None) -> Self:
        """Set tags of the registered version."""
        return self._patched(None, {str(k): str(v) for k, v in (tags or {}).items()})

    def remove_tags(self, tags: list[str] | None = None) -> Self:
        """Take tags from the registered version."""
        return self._patched(None, {str(key): None for key in tags or ()})

    def unregister_all_versions(self) -> None:
        """Forget all versions of its name; what lies behind them stays."""
        seen, workspace = self._registered("unregister")
        with asking():
            workspace.client.datasets.remove(workspace.name, seen["name"])
        self._seen = None

    def changes(self) -> WireDatasetChanges:
        """Ours: what is other now than it was when this version was registered."""
        seen, workspace = self._registered("compare")
        with asking():
            return workspace.client.datasets.changes(  # type: ignore[no-any-return]
                workspace.name, seen["name"], seen["version"]
            )

    def _patched(self, description: str | None, tags: Mapping[str, str | None]) -> Self:
        seen, workspace = self._registered("change")
        body: dict[str, Any] = {
            "workspace": workspace.name, "version": seen["version"], "tags": dict(tags),
        }  # fmt: skip
        if description is not None:
            body["description"] = description
        with asking():
            self._seen = workspace.client.datasets.patch(seen["name"], body)
        return self

    def _registered(self, what: str) -> tuple[WireDataset, Any]:
        if self._seen is None:
            raise UserErrorException(f"there is nothing to {what}: register the data set first")
        return self._seen, self._stores.workspace

    # ---- as an input ----------------------------------------------------------------------------

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """It as the input of a run, by the name that the script finds it with."""
        from jupyter_aml.sdk.data.dataset_consumption_config import DatasetConsumptionConfig

        return DatasetConsumptionConfig(name, self)

    def _as_input(self) -> DatasetConsumptionConfig:
        return self.as_named_input(f"input__{self.id.replace('-', '')[:8]}")

    # ---- for its kinds --------------------------------------------------------------------------

    def _then(self, **step: Any) -> Self:
        """The same with one step more."""
        made = type(self)._make(self._definition.then(**step), self._stores)
        with executing():
            dataset.read(made._definition.to_json())
        return made

    def _count(self, count: Any) -> int:
        if isinstance(count, bool) or not hasattr(count, "__index__") or int(count) < 0:
            raise UserErrorException(f"count must be a whole number from 0 on, not {count!r}")
        return int(count)

    def _split(self, percentage: float, seed: int | None) -> tuple[Self, Self]:
        share, seed = _share("percentage", percentage), _seed(seed)
        return (
            self._then(do="split", **{"from": 0.0, "to": share, "seed": seed}),
            self._then(do="split", **{"from": share, "to": 1.0, "seed": seed}),
        )

    def _sampled(self, probability: float, seed: int | None) -> Self:
        share = _share("probability", probability)
        return self._then(do="sample", probability=share, seed=_seed(seed))

    def _files(self) -> list[DataFile]:
        """All files of its sources; says once where these are not what was registered."""
        from jupyter_aml.data.listing import files

        with executing():
            found = files(self._definition, self._stores)
        self._tell_changes(found)
        return found

    def _tell_changes(self, found: list[DataFile]) -> None:
        if self._seen is not None and not self._was_told:
            self._was_told = True
            _reads.tell_changes(self._stores.workspace, self._seen, found)

    def __repr__(self) -> str:
        sources, words = self._definition.sources[:20], [*map(_word, self._definition.steps)]
        files = "GetFiles" if sources[0].datastore is None else "GetDatastoreFiles"
        words = [files, *words[1:]] if self._definition.reading["form"] == "files" \
            else [files, *words]  # fmt: skip
        told = {
            "source": [_place(each) for each in sources],
            "definition": words,
        }
        if self._seen is not None:
            told["registration"] = {  # type: ignore[assignment]
                "id": self.id, "name": self.name, "version": self.version,
                "workspace": self._seen["workspace"],
                **({"description": self.description} if self.description else {}),
                **({"tags": self.tags} if self.tags else {}),
            }  # fmt: skip
        return f"{type(self).__name__}\n{json.dumps(told, indent=2, ensure_ascii=False)}"


class Datasets(Mapping[str, Any]):
    """The data sets of a workspace by name."""

    def __init__(self, workspace: Place) -> None:
        self._workspace = workspace

    def __getitem__(self, name: str) -> Any:
        try:
            return AbstractDataset.get_by_name(self._workspace, name)
        except UserErrorException as error:
            raise MissingDataset(str(error)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{name!r}: ...' for name in self._names())}}}"

    def _names(self) -> list[str]:
        found = self._workspace.client.datasets.list(self._workspace.name)
        return [each["name"] for each in found]


class MissingDataset(UserErrorException, KeyError):
    """There is no data set of that name."""

    __str__ = Exception.__str__


def _from_wire(workspace: Place, seen: WireDataset) -> Any:
    from jupyter_aml.sdk.data import dataset_factory

    assert dataset_factory  # It brings the kinds.
    return AbstractDataset._kinds[seen["kind"]]._make(
        _definition(seen), Stores(workspace, {}), seen
    )


def _definition(seen: WireDataset) -> Dataset:
    from jupyter_aml.wire.datasets import decode_dataset

    return decode_dataset(seen)


def _share(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise UserErrorException(f"{name} must be a number from 0 to 1, not {given!r}")
    return float(given)


def _seed(given: Any) -> int:
    if given is None:
        return random.SystemRandom().getrandbits(32)
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        raise UserErrorException(f"seed must be a whole number, not {given!r}")
    return int(given)


def _place(source: Source) -> str:
    """A source as SDK v1 wrote it."""
    return str(source) if source.datastore is None else str((source.datastore, source.path))


def _word(step: Mapping[str, Any]) -> str:
    """A step as SDK v1 called it."""
    if step["do"] == "read":
        return {
            "files": "GetFiles", "delimited": "ParseDelimited", "parquet": "ReadParquetFile",
            "lines": "ParseJsonLines", "sql": "ReadDatabase",
        }[step["form"]]  # fmt: skip
    return {
        "keep": "KeepColumns", "drop": "DropColumns", "filter": "Filter", "skip": "Skip",
        "take": "Take", "sample": "Sample", "split": "Sample", "timestamps": "Timestamps",
        "write": "WriteToFiles",
    }[step["do"]]  # fmt: skip
