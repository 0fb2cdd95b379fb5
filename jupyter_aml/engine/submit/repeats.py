"""Runs once more: the same source and command, other parameters where they are given."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jupyter_aml.domain import environment, limits
from jupyter_aml.domain import secrets as hiding
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.domain.near import near
from jupyter_aml.domain.run import Job, Run, RunStatus
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.facts.host import host
from jupyter_aml.engine.ledger import now
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.engine.run_data import kept
from jupyter_aml.engine.submit.drafts import TARGET_KIND, Draft, new_id
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.names import stored
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.store.blobs import Blobs
from jupyter_aml.wire.submissions import Retry

RETRY_OF = "aml.retry_of"
"""The property of a run that names the one it repeats."""
_OF_THE_SOURCE = ("azureml.git.", "mlflow.source.git.", TARGET_KIND)
"""Properties that tell of source and target, which are the same for a repeated run."""


def draft(earlier: Run, asked: Retry, *, root: Root) -> Draft:
    """The run that repeats this one; raises Invalid for what cannot be, and makes nothing."""
    if earlier.job is None:
        raise Invalid(f"run {earlier.id} has no script to repeat: it logged from a notebook")
    given = asked.parameters
    _check_names(earlier, given)
    at = now()
    sent = earlier.sent_parameters
    known = {name: value for name, value in given.items() if name in sent}
    run = Run(
        id=asked.run_id or new_id(earlier.experiment),
        workspace=earlier.workspace,
        experiment=earlier.experiment,
        number=0,
        status=RunStatus.NOT_STARTED,
        created_at=at,
        changed_at=at,
        type=earlier.type,
        display_name=asked.display_name or earlier.display_name,
        description=earlier.description,
        job=_job(clear_job(earlier.job, root.folder(earlier)), given),
        script=earlier.script,
        arguments=_words(earlier.arguments, given),
        parameters={**sent, **known},
        tags=earlier.tags,
        properties={**_of_the_source(earlier), RETRY_OF: earlier.id},
        parent=earlier.parent,
        origin=earlier.origin,
        submitted_by=earlier.submitted_by,
    )
    limits.run(run)
    nothing = snapshot.SnapshotPlan(files=(), excluded=())
    folder = root.folder(earlier)
    data = kept.as_sent(kept.read(folder))
    return Draft(run, nothing, environment=definition_of(folder), data=data)


def manifest_of(run: Run, *, root: Root, blobs: Blobs) -> snapshot.Manifest:
    """What was sent with a run, in the blobs again where it is gone from there."""
    folder = root.folder(run)
    told = snapshot.read_list(folder)
    files = []
    for each in told["files"]:
        place = snapshot.stored_file(folder, each["path"])
        if not blobs.has(each["hash"], each["size"]) and (
            blobs.put_file(place).hash != each["hash"]
        ):
            raise StorageFailed(f"{place} is no longer what was sent with run {run.id}")
        executable = bool(place.stat().st_mode & stat.S_IXUSR)
        files.append(
            snapshot.ManifestFile(stored(each["path"]), each["size"], each["hash"], executable)
        )
    return snapshot.Manifest(
        snapshot_id=told["snapshotId"], files=tuple(files), excluded=tuple(told["excluded"])
    )


def copy_facts(earlier: Run, run: Run, *, root: Root) -> None:
    """Give a repeated run what is known of its source, and its machine. Blocks."""
    there, here = root.folder(earlier), root.folder(run)
    for place, target in ((there.git_diff, here.git_diff), (there.source, here.source)):
        if place.is_file():
            shutil.copyfile(place, target)
    told: dict[str, Any] = {"host": host()}
    git = _json(there.facts).get("git")
    if git is not None:
        told["git"] = git
    write_json(here.facts, told)


def is_same(earlier: Run, drafted: Draft, snapshot_id: str, *, root: Root) -> bool:
    """Whether an earlier run did just what this one would do. Reads its secrets; blocks."""
    run = drafted.run
    one = None if earlier.job is None else clear_job(earlier.job, root.folder(earlier))
    other = run.job
    return (
        one is not None
        and other is not None
        and (earlier.snapshot_id or "") == snapshot_id
        and earlier.script == run.script
        and earlier.arguments == run.arguments
        and earlier.sent_parameters == dict(run.parameters)
        and (one.command, one.interpreter, one.environment, one.target, one.distribution)
        == (other.command, other.interpreter, other.environment, other.target, other.distribution)
        and dict(one.environment_variables) == dict(other.environment_variables)
        and kept.as_sent(kept.read(root.folder(earlier))) == kept.as_sent(drafted.data)
    )


def clear_job(job: Job, folder: RunFolder) -> Job:
    """The job of a run with the values of its secrets."""
    known = secret_files.read(folder.secrets)
    return replace(job, environment_variables=hiding.revealed(job.environment_variables, known))


def definition_of(folder: RunFolder) -> Definition | None:
    """The environment that a run was sent in, where it was a registered one."""
    told = _json(folder.environment).get("definition")
    if told is None:
        return None
    found = environment.read(told)
    return environment.read(hiding.revealed_of(found.data, secret_files.read(folder.secrets)))


def _json(path: Any) -> dict[str, Any]:
    try:
        told = json.loads(read_plain(path))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _of_the_source(run: Run) -> dict[str, str]:
    return {
        name: value for name, value in run.properties.items() if name.startswith(_OF_THE_SOURCE)
    }


def _check_names(run: Run, given: Mapping[str, Any]) -> None:
    # Of the command and not of the arguments: in a line for the shell nothing can be replaced.
    words = () if run.job is None else run.job.command
    options = [word[2:].partition("=")[0] for word in words if word.startswith("--")]
    known = list(dict.fromkeys([*run.sent_parameters, *options]))
    for name in given:
        if name not in known:
            close = near(name, known, 1)
            there = f"there are {', '.join(known)}" if known else "it has none"
            cure = f"did you mean {close[0]!r}?" if close else there
            raise Invalid(f"run {run.id} has no parameter {name!r}; {cure}")
        if any(not _has_value(words, place) for place in _places(words, name)):
            raise Invalid(
                f"--{name} of run {run.id} stands without a value, so it cannot get another one; "
                "clone the run and change its arguments"
            )


def _job(job: Job, given: Mapping[str, Any]) -> Job:
    return replace(job, command=_words(job.command, given))


def _words(words: tuple[str, ...], given: Mapping[str, Any]) -> tuple[str, ...]:
    """The words of a command line with other values behind `--name`."""
    for name, value in given.items():
        words = _replaced(words, name, value)
    return words


def _replaced(words: tuple[str, ...], name: str, value: Any) -> tuple[str, ...]:
    text = _word(value)
    found = [f"--{name}={text}" if word.startswith(f"--{name}=") else word for word in words]
    for place in reversed(_places(words, name)):
        first = place + 1
        end = next((at for at in range(first, len(words)) if words[at].startswith("--")),
                   len(words))  # fmt: skip
        if isinstance(value, list) and end - first > 1:
            # Where several words stand behind it, a list is several words.
            found[first:end] = map(_word, value)
        elif end > first:
            found[first] = text
    return tuple(found)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _places(words: tuple[str, ...], name: str) -> list[int]:
    return [place for place, word in enumerate(words) if word == f"--{name}"]


def _has_value(words: tuple[str, ...], place: int) -> bool:
    return place + 1 < len(words) and not words[place + 1].startswith("--")
