"""The engine of a root: what the server's handlers call, and nothing else changes a run."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import ExitStack
from typing import Literal, Self

from jupyter_aml._version import __version__
from jupyter_aml.compute.targets import TargetSettings, load
from jupyter_aml.domain import ids
from jupyter_aml.domain.identity import Identity, Origin
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.run import Run
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.engine import identity
from jupyter_aml.engine.compute.gpus import GpuPlaces
from jupyter_aml.engine.compute.targets import Compute
from jupyter_aml.engine.data.datasets import Datasets
from jupyter_aml.engine.data.datastores import Datastores
from jupyter_aml.engine.data.store_files import StoreFiles
from jupyter_aml.engine.environments.environments import Environments
from jupyter_aml.engine.environments.of_runs import RunEnvironments
from jupyter_aml.engine.experiments import Experiments
from jupyter_aml.engine.facts.facts import Facts
from jupyter_aml.engine.feed.feed import Feed, Listener
from jupyter_aml.engine.feed.pieces import LogPiece
from jupyter_aml.engine.kernels.jobs import KernelJobs
from jupyter_aml.engine.kernels.kernels import Kernels
from jupyter_aml.engine.kernels.shelf import KernelShelf
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.lock import RootLock, RootTaken
from jupyter_aml.engine.models.models import Models
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data import kept
from jupyter_aml.engine.run_data.run_data import DataOfRuns
from jupyter_aml.engine.runs import recover, variables
from jupyter_aml.engine.runs.jobs import Jobs
from jupyter_aml.engine.runs.runs import Runs
from jupyter_aml.engine.runs.waiting import Waiting
from jupyter_aml.engine.runs.watch import Watch
from jupyter_aml.engine.secrets import Secrets
from jupyter_aml.engine.settings import Settings
from jupyter_aml.engine.submit.afar import FarSources
from jupyter_aml.engine.submit.submissions import Submissions
from jupyter_aml.engine.tokens import Tokens
from jupyter_aml.engine.uploads import Uploads
from jupyter_aml.engine.workspaces import Workspaces
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.runtime.runtime import Runtime, ensure_runtime
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.store.database import Database
from jupyter_aml.wire.protocol import PROTOCOL, WireStatus

__all__ = ["Engine", "LogPiece", "RootTaken"]

Kind = Literal["jupyter", "headless"]


class Engine:
    """Holds one root. Make it by `open`; every method may be called from the event loop alone."""

    def __init__(
        self,
        settings: Settings,
        kind: Kind,
        lock: RootLock,
        database: Database,
        runtime: Runtime,
        found: tuple[Origin, Identity],
    ) -> None:
        self.settings, self.kind = settings, kind
        self._origin, self._identity = found
        self.socket: str | None = None
        """Where the engine answers; the server sets it once it listens."""
        self._log = logging.getLogger("jupyter_aml.engine")
        self._lock, self._database, self._runtime = lock, database, runtime
        self._epoch = database.next_epoch(f"{kind} {os.getpid()}")
        self._root = Root(settings.root)
        self._blobs = Blobs(settings.root / "blobs")
        self._ledger = Ledger(self._root, database, epoch=self._epoch)
        self._feed = Feed()
        self._ledger.publish = self._feed.publish
        self._waiting = Waiting()
        self._waiting.stirred = self._feed.stir
        self.secrets = Secrets(self._root, self._ledger, settings.vault_key)
        self.compute = Compute(
            self._root,
            self._ledger,
            self.secrets,
            loaded=load(
                TargetSettings(
                    max_runs=settings.max_runs,
                    max_nodes=settings.max_nodes,
                    warm_runners=settings.warm_runners,
                    docker_url=settings.docker_url,
                    most=settings.most,
                )
            ),
            moved=self._feed.stir,
            is_fair=settings.fair_share,
            tell=self._feed.registered,
            log=self._log,
        )
        self.workspaces = Workspaces(self._root, self._ledger)
        self.workspaces.deleted = self._leave
        self.tokens = Tokens(settings.root)
        self.experiments = Experiments(self._root, self._ledger, self.workspaces)
        self.environments = Environments(self._root, self._ledger, settings, self._feed.tell)
        uploads = Uploads(self._root)
        self.sources = FarSources(uploads, settings)
        self.models = Models(
            self._root,
            self._ledger,
            self._blobs,
            uploads=uploads,
            workspaces=self.workspaces,
            inputs=kept.read,
            tell=self._feed.registered,
        )
        self.datastores = Datastores(
            self._root,
            self._ledger,
            self.secrets,
            settings.storage_endpoints,
            self._feed.registered,
        )
        self.store_files = StoreFiles(uploads, self.datastores)
        self.datasets = Datasets(self._root, self._ledger, self.datastores, self._feed.registered)
        self._facts = Facts(self._root, self._ledger, self._log)
        self._data = DataOfRuns(self._root, self.datastores, self.datasets)
        self._watch = self._new_watch()
        self.runs = Runs(
            self._root,
            self._ledger,
            watch=self._watch,
            waiting=self._waiting,
            facts=self._facts,
            log=self._log,
            masks=self.secrets.masks,
        )
        self.runs.deleted, self._feed.source = self._feed.deleted, self.runs
        self._submissions = self.runs.sender = self._new_submissions()
        self.kernels = self._new_kernels()
        self.compute.kernels_on = self.kernels.on

    def _new_watch(self) -> Watch:
        environments = RunEnvironments(
            self._root,
            self.environments,
            pythonpath=self._runtime.pythonpath,
            elsewhere=self.compute.stations.elsewhere,
        )
        gpus = GpuPlaces(self._root, self.compute.stations, moved=self._feed.stir)
        jobs = Jobs(
            self._root,
            root_id=self._identity.token,
            stations=self.compute.stations,
            materialise=self._facts.noting(environments.ensure),
            variables=self._variables,
            container=environments.container,
            data=self._data,
            gpus=gpus,
        )
        return Watch(
            self._ledger,
            self._root,
            jobs=jobs,
            stations=self.compute.stations,
            waiting=self._waiting,
            data=self._data,
            log=self._log,
            gpus=gpus,
            attempts=self.settings.max_attempts,
            masks=self.secrets.masks,
        )

    def _new_kernels(self) -> Kernels:
        shelf = KernelShelf(self._root)
        jobs = KernelJobs(
            shelf,
            self.environments,
            root=self.settings.root,
            root_id=self._identity.token,
            pythonpath=self._runtime.pythonpath,
            socket=lambda: self.socket,
            old_libraries=self.settings.old_libraries,
        )
        return Kernels(
            shelf,
            jobs,
            stations=self.compute.stations,
            changed=self.compute.changed,
            log=self._log,
        )

    def _new_submissions(self) -> Submissions:
        return Submissions(
            self.settings,
            self._root,
            self._ledger,
            self._blobs,
            workspaces=self.workspaces,
            experiments=self.experiments,
            environments=self.environments,
            facts=self._facts,
            data=self._data,
            stations=self.compute.stations,
            sources=self.sources,
            library=self._runtime.pythonpath[0],
            begin=self._watch.begin,
            tell=self.runs.told,
        )

    @classmethod
    async def open(cls, settings: Settings, *, kind: Kind) -> Self:
        """Take the root and every run in it; raises RootTaken, StorageFailed or Invalid."""
        with ExitStack() as taken:
            lock = await asyncio.to_thread(RootLock, settings.root)
            taken.callback(lock.release)
            where = settings.database or settings.root / "aml.db"
            database = await asyncio.to_thread(Database.open, where)
            # A server keeps who is connected for an engine that holds it.
            taken.callback(database.close)
            runtime = await asyncio.to_thread(ensure_runtime, settings.root)
            found = await asyncio.to_thread(identity.identify, settings.root)
            if settings.database:
                # One that lies in its root is that root's, also in a copy.
                await asyncio.to_thread(database.need_root, found[1].token)
            engine = cls(settings, kind, lock, database, runtime, found)
            taken.pop_all()
        try:
            await engine._recover()
        except BaseException:
            await engine.close()
            raise
        return engine

    async def close(self) -> None:
        """Let go of the root; the runs go on and are found again by the next engine."""
        self._feed.close()
        await self._watch.close()
        await self.kernels.close()
        self._data.close()
        await self._facts.close()
        await self.environments.close()
        await self.compute.close()
        self.runs.close()
        self._submissions.close()
        await self._ledger.close()
        self._lock.release()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, nothing waits and nobody listens."""
        working = self._watch.active + self.environments.active + self.kernels.active
        return working == 0 and self._feed.listeners == 0

    @property
    def root_is_gone(self) -> bool:
        """Whether the root was deleted under it: nothing that it does can be kept any more."""
        return self._lock.is_gone

    def status(self) -> WireStatus:
        """The handshake."""
        return {
            "version": __version__,
            "protocol": PROTOCOL,
            "root": str(self.settings.root),
            "kind": self.kind,
            "pid": os.getpid(),
            "epoch": self._epoch,
            "defaultWorkspace": ids.DEFAULT_WORKSPACE,
            "keepsPythonpath": self.settings.keep_pythonpath,
            "rootId": self._identity.token,
        }

    def listen(self) -> Listener:
        """A new listener."""
        return self._feed.listen()

    # ---- inside -----------------------------------------------------------------------------

    async def _leave(self, workspace: WorkspaceName) -> None:
        """End what a workspace that is deleted has on compute targets."""
        await self.kernels.leave(workspace)
        await self.compute.leave(workspace)

    async def _recover(self) -> None:
        await asyncio.to_thread(self._blobs.sweep)
        for path in (*await self.workspaces.adopt(), *await self.experiments.adopt()):
            self._log.warning("%s cannot be read: mend it, or move it away", path)
        await recover.tidy(root=self._root, ledger=self._ledger, log=self._log)
        await self.workspaces.need(ids.DEFAULT_WORKSPACE)
        if self._origin is Origin.COPIED:
            await recover.end_copied(self._identity, ledger=self._ledger, log=self._log)
        # Only now: whoever is killed before finds the copy again, and ends what is left to end.
        await asyncio.to_thread(identity.write, self.settings.root, self._identity)
        if self.settings.database:
            await self._ledger.do(self._database.give_to, self._identity.token)
        await self.compute.begin(each.name for each in await self.workspaces.list())
        for run in await self._ledger.active():
            self._watch.begin(run)
        await self.kernels.begin()

    def _variables(
        self, run: Run, data: RunData, environment: Materialised | None
    ) -> dict[str, str]:
        return variables.for_script(
            run,
            self._root.folder(run),
            root=self.settings.root,
            root_id=self._identity.token,
            socket=self.socket,
            pythonpath=self._runtime.pythonpath,
            environment=environment,
            data=data,
            keep_pythonpath=self.settings.keep_pythonpath,
            old_libraries=self.settings.old_libraries,
            elsewhere=self.compute.stations.of(run).target.is_elsewhere,
        )
