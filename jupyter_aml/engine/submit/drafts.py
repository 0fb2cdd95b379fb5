"""From what was asked to a whole run folder: all or nothing."""

from __future__ import annotations

import errno
import getpass
import os
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace

from jupyter_aml.compute.target import Target
from jupyter_aml.domain import ids, limits, run_data
from jupyter_aml.domain import secrets as hiding
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound, StorageFailed
from jupyter_aml.domain.ids import ExperimentName, RunId
from jupyter_aml.domain.near import did_you_mean, near
from jupyter_aml.domain.run import INTERACTIVE_RUN, SCRIPT_RUN, Process, Run, RunStatus
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.compute.line import rank_of
from jupyter_aml.engine.compute.start import probable_start
from jupyter_aml.engine.compute.stations import Stations, target_of
from jupyter_aml.engine.ledger import now
from jupyter_aml.engine.root import Root, write_json, write_record
from jupyter_aml.engine.run_data import kept
from jupyter_aml.engine.settings import Settings
from jupyter_aml.engine.submit.afar import with_python_of_here
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.wire.asked import WireSource
from jupyter_aml.wire.contents import WireDryRun
from jupyter_aml.wire.run_data import encode_data
from jupyter_aml.wire.submissions import Source, Submission

TARGET_KIND = "_azureml.ComputeTargetType"
"""The property by which SDK v1 told what a target is: `local`, say."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A run that could be made: nothing of it is on disk."""

    run: Run
    plan: snapshot.SnapshotPlan
    process: Process | None = None
    environment: Definition | None = None
    place: WireSource = field(default_factory=WireSource)
    """Where the source comes from: `directory`, and `include` below `base`."""
    data: RunData = kept.NOTHING

    def within(self, environment: Definition) -> Draft:
        """The same run in a registered environment."""
        assert self.run.job is not None
        job = replace(
            self.run.job,
            environment=environment.label,
            environment_variables=hiding.revealed(
                self.run.job.environment_variables, environment.variables
            ),
        )
        run = replace(self.run, job=job)
        return replace(self, run=run, environment=environment)


def draft(
    asked: Submission, *, settings: Settings, stations: Stations, here: Callable[[Source], Source]
) -> Draft:
    """Look at the source and the target; raises Invalid or NotFound, makes nothing.

    `here` says where a source lies on this machine.
    """
    run = _run(asked)
    if asked.type == SCRIPT_RUN:
        target = _target(run, stations)
        check_limits(run, asked.environment, target, stations)
        run = replace(run, properties={TARGET_KIND: target.kind.lower(), **run.properties})
    limits.run(run)
    if asked.source.upload is not None:
        run = with_python_of_here(run)
    plan = snapshot.plan_source(here(asked.source), settings=settings)
    _check_script(asked.script, plan)
    return Draft(run, plan, asked.process, asked.environment, asked.source.place(), asked.data)


def check_limits(
    run: Run, environment: Definition | None, target: Target, stations: Stations
) -> None:
    """Raise Invalid where a run asks for more than its target can give. Blocks."""
    if run.job is None:
        return
    nodes, most = run.nodes, target.most_nodes
    if most is not None and nodes > most:
        has = "one node" if most == 1 else f"at most {most} nodes"
        others = (each.target for _, each in stations.seen_from(run.workspace))
        raise Invalid(
            f"node_count={nodes}: a run on {target.name!r} has {has}; {_have(nodes, others)}"
        )
    if nodes > 1 and environment is not None and environment.wants_docker:
        raise Invalid(
            f"node_count={nodes}: the environment {environment.name!r} is an image, and a run in "
            "one has one node: send it in one of Python packages"
        )
    if nodes > 1 and run.job.distribution is not None:
        target.check_nodes(nodes, run.job.distribution.processes)
    if run.job.limits:
        target.check(run.job.limits)
        if nodes > 1 and run.job.limits.gpus and target.shares_gpus:
            # Its nodes are this machine, and each has GPUs of its own.
            target.check(Limits(gpus=nodes * run.job.limits.gpus))


def _have(nodes: int, targets: Iterable[Target]) -> str:
    """Which targets can have runs on so many nodes."""
    able = [each.name for each in targets if each.most_nodes is None or each.most_nodes >= nodes]
    if able:
        return f"{', '.join(map(repr, able[:5]))} can have as many"
    return "clusters of local nodes (AmlCompute with max_nodes) and of Slurm have several"


def _run(asked: Submission) -> Run:
    at = now()
    # A child without a job is its parent's from the beginning: nobody would start it.
    runs = asked.type == INTERACTIVE_RUN and asked.parent is not None
    return Run(
        id=asked.run_id or new_id(asked.experiment),
        workspace=asked.workspace,
        experiment=asked.experiment,
        number=0,
        status=RunStatus.RUNNING if runs else RunStatus.NOT_STARTED,
        created_at=at,
        changed_at=at,
        started_at=at if runs else None,
        type=asked.type,
        display_name=asked.display_name,
        description=asked.description,
        job=asked.job,
        script=asked.script,
        arguments=asked.arguments,
        parameters=asked.parameters,
        tags=asked.tags,
        properties=asked.properties,
        parent=asked.parent,
        origin=asked.origin,
        submitted_by=_user(),
    )


def new_id(experiment: ExperimentName) -> RunId:
    """An id that no run has."""
    return ids.new_run_id(experiment, seconds=int(time.time()), suffix=secrets.token_hex(4))


def make_folder(drafted: Draft, manifest: snapshot.Manifest, *, root: Root, blobs: Blobs) -> Run:
    """Make the folder of a run whose source is in the blobs, whole or not at all.

    Raises AlreadyExists where the run has a folder, which stays as it is.
    """
    run = _with_snapshot(drafted.run, manifest.snapshot_id)
    hiding.check({} if run.job is None else run.job.environment_variables)
    unfinished, folder = root.being_made(run), root.folder(run)
    try:
        unfinished.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.path.mkdir(mode=0o700)
        for part in (unfinished.metrics, unfinished.status, unfinished.logs, unfinished.files):
            part.mkdir()
        snapshot.lay_out(manifest, blobs, unfinished, is_executed=run.job is not None)
        if run.type == SCRIPT_RUN:
            unfinished.console.touch()
        if drafted.process is not None:
            write_json(unfinished.status / "process.json", asdict(drafted.process))
        if drafted.place:
            write_json(unfinished.source, drafted.place)
        if drafted.environment is not None:
            data = drafted.environment.to_json()
            secret_files.keep(unfinished.secrets, hiding.taken_of(data))
            write_json(unfinished.environment, {"definition": hiding.hidden_of(data)})
        kept.write(unfinished, drafted.data)
        write_record(unfinished, run)
        os.rename(unfinished.path, folder.path)
    except BaseException as error:
        remove_tree(unfinished.path)
        if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise AlreadyExists(f"there is a folder {folder.path} already") from error
        if isinstance(error, OSError):
            raise StorageFailed(f"cannot write {error.filename}: {error.strerror}") from error
        raise
    return run


def _with_snapshot(run: Run, snapshot_id: str) -> Run:
    if not snapshot_id:
        return run
    # SDK v1 told it as a property, too.
    properties = {**run.properties, "ContentSnapshotId": snapshot_id}
    return replace(run, snapshot_id=snapshot_id, properties=properties)


def with_data(run: Run, data: RunData) -> Run:
    """The run with a property for each registered data set that it reads."""
    named = run_data.properties(data)
    return replace(run, properties={**run.properties, **named}) if named else run


def describe(drafted: Draft, *, stations: Stations) -> WireDryRun:
    """Say what a submission would send, where to, and when it would probably start."""
    job, station = drafted.run.job, stations.find(drafted.run.workspace, target_of(drafted.run))
    return {
        "files": [
            {"path": file.path, "size": file.size, "hash": ""} for file in drafted.plan.files
        ],
        "excluded": list(drafted.plan.excluded),
        "totalSize": sum(file.size for file in drafted.plan.files),
        "command": [] if job is None else [job.interpreter, *job.command],
        **encode_data(drafted.data),
        "target": "local" if job is None else job.target,
        "priority": 0 if job is None else job.priority,
        "reason": "" if station is None else probable_start(station, rank_of(drafted.run)),
    }


def _target(run: Run, stations: Stations) -> Target:
    """Where a run is sent; raises NotFound, or Invalid where it takes no runs."""
    name = target_of(run)
    station = stations.find(run.workspace, name)
    if station is None:
        there = stations.names(run.workspace)
        raise NotFound(f"there is no compute target {name!r}{did_you_mean(name, there)}")
    if (refusal := station.target.refusal()) is not None:
        raise Invalid(f"compute target {name!r} takes no runs: {refusal}")
    return station.target


def _check_script(script: str | None, plan: snapshot.SnapshotPlan) -> None:
    paths = [file.path for file in plan.files]
    if script is None or script in paths:
        return
    close = near(script, paths, 1)
    left_out = next((note for note in plan.excluded if script in note), None)
    cure = f"; did you mean {close[0]!r}?" if close else f"; {left_out}" if left_out else ""
    raise NotFound(f"there is no script {script!r} in what would be sent{cure}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
