"""The inputs and outputs of all runs: looked up, made ready and taken in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from jupyter_aml.data.stores import Store, open_store
from jupyter_aml.domain import dataset, datastore, run_data
from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.run import Run
from jupyter_aml.domain.run_data import Input, Output, RunData
from jupyter_aml.engine.data.datasets import Datasets
from jupyter_aml.engine.data.datastores import Datastores
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data import fetching, kept, storing
from jupyter_aml.engine.run_data.laying import Work
from jupyter_aml.environments.protocol import Say
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.wire.datasets import NewDataset

T = TypeVar("T")
_THREADS = 8
"""Runs whose data is brought at the same time; those beyond wait."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the outputs of a run."""

    warnings: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    """What the run says of the data sets that it has written."""


class DataOfRuns:
    """Brings data to runs and away from them. What it does may be repeated after a crash."""

    def __init__(self, root: Root, datastores: Datastores, datasets: Datasets) -> None:
        self._root, self._datastores, self._datasets = root, datastores, datasets
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="aml-data")
        self._going: set[Work] = set()

    def close(self) -> None:
        """Stop what is under way; the next engine does it again."""
        for work in self._going:
            work.stop.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def resolved(self, workspace: WorkspaceName, data: RunData) -> RunData:
        """The same with each data set as it is now; raises NotFound or Invalid, naming it."""
        return RunData(
            inputs=tuple([await self._resolved(workspace, each) for each in data.inputs]),
            outputs=tuple([await self._checked(workspace, each) for each in data.outputs]),
        )

    async def ready(self, run: Run, say: Say, *, far: bool) -> tuple[str, ...]:
        """Make the inputs of a run ready, and the places of its outputs; returns warnings.

        `far` is a script that reaches the run's folder and no datastore. Raises AmlError.
        """
        folder = self._root.folder(run)
        data = await asyncio.to_thread(kept.read, folder)
        if not data:
            return ()
        stores = await self._stores(run.workspace, _names(data))
        return await self._in_thread(lambda work: _ready(run, data, stores, self._root, work, far),
                                     say)  # fmt: skip

    async def take(self, run: Run, say: Say, *, completed: bool) -> Taken:
        """Upload what a run leaves, and register what it has become.

        A run that has not completed leaves what it wrote to a mount, and nothing is registered.
        Nothing is registered before all is uploaded; what is done is kept, and done once. Raises
        AmlError.
        """
        folder = self._root.folder(run)
        data = await asyncio.to_thread(kept.read, folder)
        if not data:
            return Taken()
        if any(each.files is None for each in data.outputs):
            data = replace(data, outputs=await self._done(run, data.outputs, say, completed))
            await asyncio.to_thread(kept.write, folder, data)
        # What was fetched can be fetched again, and what went to a datastore is there.
        for path in (folder.inputs, folder.results):
            await asyncio.to_thread(remove_tree, path)
        empty = (_left_empty(each) for each in data.outputs if completed and not each.files)
        written = run_data.properties(RunData(outputs=data.outputs))
        return Taken(tuple(empty), written)

    # ---- inside -----------------------------------------------------------------------------

    async def _resolved(self, workspace: WorkspaceName, each: Input) -> Input:
        if each.datastore is not None:
            await self._need_files(workspace, each.datastore)
            return replace(each, path=datastore.inside(each.path))
        definition, place = await self._found(workspace, each)
        if definition.kind != "file" and each.mode != run_data.DIRECT:
            raise Invalid(
                f"input {each.name!r}: {definition.label!r} is tabular, and only files are mounted "
                f"or downloaded; leave out as_{each.mode}()"
            )
        for name in {source.datastore for source in definition.sources if source.datastore}:
            await self._datastores.get(workspace, name)
        return replace(
            each,
            dataset=definition.name or None,
            version=definition.version,
            definition=definition.to_json(),
            place=place if each.mode == run_data.DIRECT else None,
        )

    async def _found(self, workspace: WorkspaceName, each: Input) -> tuple[Dataset, str]:
        """The data set of an input, and what a script is given that reads it itself.

        One of an earlier run stays what it was, though nobody has it registered any more.
        """
        if each.dataset is not None:
            try:
                known = await self._datasets.get(workspace, each.dataset, each.version)
                return known.registered.definition, known.id
            except NotFound:
                if each.definition is None:
                    raise
        definition = dataset.read(each.definition)
        return definition, definition.content_id

    async def _checked(self, workspace: WorkspaceName, each: Output) -> Output:
        await self._need_files(workspace, each.datastore)
        datastore.inside(run_data.destination(each, "run"))
        if each.register is not None:
            dataset.dataset_name(each.register.name)
            _becomes(each, "run")
        return each

    async def _need_files(self, workspace: WorkspaceName, name: str) -> None:
        known = await self._datastores.get(workspace, name)
        if known.definition.is_database:
            raise Invalid(f"datastore {name!r} is a database and holds no files")

    async def _stores(self, workspace: WorkspaceName, names: Iterable[str]) -> dict[str, Store]:
        opened: dict[str, Store] = {}
        for name in names:
            known = await self._datastores.get(workspace, name)
            secrets = await self._datastores.secrets(workspace, name)
            opened[name] = open_store(known.definition, secrets.__getitem__)
        return opened

    async def _done(
        self, run: Run, outputs: Iterable[Output], say: Say, completed: bool
    ) -> tuple[Output, ...]:
        done = []
        for each in outputs:
            is_due = each.files is None and each.place is not None
            if is_due and (completed or each.mode == run_data.MOUNT):
                each = await self._taken(run, each, say)
            done.append(each)
        if completed:
            done = [await self._registered(run, each, say) for each in done]
        return tuple(done)

    async def _taken(self, run: Run, each: Output, say: Say) -> Output:
        store = (await self._stores(run.workspace, [each.datastore]))[each.datastore]
        folder = self._root.folder(run)
        try:
            files = await self._in_thread(
                lambda work: storing.take(each, store, folder, run.id, work), say
            )
            return replace(each, files=files)
        except AmlError as error:
            raise _unended(each, error) from error

    async def _registered(self, run: Run, each: Output, say: Say) -> Output:
        if each.register is None or each.dataset is not None:
            return each
        say(f"registering {each.register.name!r}")
        try:
            return await self._become(run, each)
        except AmlError as error:
            raise _unended(each, error) from error

    async def _become(self, run: Run, each: Output) -> Output:
        assert each.register is not None
        if not each.files:
            raise Invalid(
                f"the script left no file in it, and so it cannot become the data set "
                f"{each.register.name!r}"
            )
        asked = NewDataset(
            workspace=run.workspace,
            definition=_becomes(each, run.id),
            tags=dict(each.register.tags),
            is_new_version=True,
        )
        made = (await self._datasets.add(asked)).registered
        return replace(each, dataset=made.name, version=made.version)

    async def _in_thread(self, do: Callable[[Work], T], say: Say) -> T:
        """Do it in a thread that ends soon after nobody waits any more."""
        loop = asyncio.get_running_loop()
        work = Work(lambda line: _tell(loop, say, line))
        self._going.add(work)
        try:
            return await loop.run_in_executor(self._threads, do, work)
        finally:
            work.stop.set()
            self._going.discard(work)


def _unended(each: Output, error: AmlError) -> AmlError:
    return type(error)(f"output {each.name!r} did not come to its end: {error}")


def _left_empty(each: Output) -> str:
    where = f" at {each.path_on_compute!r}" if each.path_on_compute is not None else ""
    fitting = f" that fits {', '.join(each.globs)}" if each.globs else ""
    return f"output {each.name!r} is empty: the script left no file{where}{fitting}"


def _tell(loop: asyncio.AbstractEventLoop, say: Say, line: str) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(say, line)


def _ready(
    run: Run, data: RunData, stores: Mapping[str, Store], root: Root, work: Work, far: bool
) -> tuple[str, ...]:
    """Make one input after the other ready, and keep each: what is there is not fetched twice."""
    folder = root.folder(run)
    warnings: list[str] = []
    desk = fetching.Desk(stores, folder, work)
    for place, each in enumerate(data.inputs):
        if each.place is None:
            ready = fetching.fetch(each, desk)
            warnings += ready.warnings
            inputs = (*data.inputs[:place], ready.input, *data.inputs[place + 1 :])
            data = replace(data, inputs=inputs)
            kept.write(folder, data)
    outputs = [
        replace(each, place=storing.place(each, stores[each.datastore], folder, run.id, far=far))
        for each in data.outputs
    ]
    kept.write(folder, replace(data, outputs=tuple(outputs)))
    return tuple(warnings)


def _names(data: RunData) -> set[str]:
    """The datastores that are needed to make a run's data ready."""
    names = {each.datastore for each in data.inputs if each.datastore is not None}
    names |= {each.datastore for each in data.outputs}
    for each in data.inputs:
        if each.definition is not None and each.mode != run_data.DIRECT:
            sources = dataset.read(each.definition).sources
            names |= {source.datastore for source in sources if source.datastore}
    return names


def _becomes(each: Output, run_id: str) -> Dataset:
    """The data set that an output is registered as; raises Invalid."""
    wanted = each.register
    assert wanted is not None
    reading, *rest = [dict(step) for step in wanted.steps] or [{"do": "read", "form": "files"}]
    glob = reading.pop("glob", None) or "**"
    path = f"{run_data.destination(each, run_id)}/{glob}"
    return dataset.read({
        "kind": wanted.kind,
        "name": wanted.name,
        "description": wanted.description,
        "sources": [{"datastore": each.datastore, "path": path}],
        "steps": [reading, *rest],
    })  # fmt: skip
