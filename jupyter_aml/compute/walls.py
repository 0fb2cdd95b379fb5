"""Keeps jobs on this machine within their limits: by control groups, else by what is left."""

from __future__ import annotations

import itertools
import json
import logging
import math
import os
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Lock, Thread

from jupyter_aml.compute import cgroups, machine
from jupyter_aml.compute.cgroups import Group, Hierarchy
from jupyter_aml.compute.protocol import BackendJob
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits
from jupyter_aml.runfolder.plain import NotPlain, read_plain

_LOG = logging.getLogger("jupyter_aml.compute")


class Walls:
    """What this machine can limit, and the limits of jobs that name none."""

    def __init__(self, usual: Limits = NO_LIMITS) -> None:
        self._usual = usual
        self._turn = itertools.count()
        self._looking, self._is_swept = Lock(), False

    def check(self, limits: Limits) -> None:
        """Raise Invalid for limits that this machine cannot keep a job to. Blocks."""
        left = _without(limits, cgroups.limited_by(self._where, limits))
        if left.processes is not None and os.geteuid() == 0:
            raise Invalid(
                "limits.processes: the processes of root cannot be counted on this machine, which "
                "has no control groups for it; leave the limit out"
            )
        if left.cpus is not None and not hasattr(os, "sched_setaffinity"):
            raise Invalid("limits.cpus: this system keeps no process to some of its cores")

    def around(self, job: BackendJob, record: Path) -> list[str]:
        """Make the groups of a job, and return what its shim is told of its limits. Blocks.

        `record` is written first: by it the groups are found again. Raises Unreachable where the
        limits that were asked for cannot be kept now.
        """
        wished = job.limits | self._usual
        if not wished:
            return []
        self._sweep()
        is_there = record.with_name(f"claim.{job.attempt}").exists
        Thread(target=cgroups.hurry, args=(self._where, is_there), daemon=True).start()
        group = self._group(job, wished, record)
        words = [
            word
            for folder, home in zip(group.folders, group.homes, strict=True)
            for word in (f"cgroup={folder}", f"home={home}")
        ]
        if group.measure is not None:
            words.append(f"measure={group.measure}")
        kept = cgroups.limited_by(self._where if group.folders else (), wished)
        return words + self._else(_without(wished, kept), job.limits)

    def _else(self, left: Limits, asked: Limits) -> list[str]:
        """What is told of limits that no group keeps."""
        words = []
        # Many a program reserves more addresses than it ever fills: only for who asks for it.
        if asked.memory is not None and left.memory is not None:
            words.append(f"memory={left.memory}")
        if left.processes is not None and os.geteuid() != 0 and sys.platform == "linux":
            words.append(f"processes={left.processes + machine.processes_of_this_user()}")
        if left.cpus is not None and hasattr(os, "sched_getaffinity"):
            cores = sorted(os.sched_getaffinity(0))
            # In turn, so that jobs of one core each do not all have the same.
            first, count = next(self._turn), min(len(cores), math.ceil(left.cpus))
            own = sorted(cores[(first + each) % len(cores)] for each in range(count))
            words.append(f"cpus={','.join(map(str, own))}")
        return words

    def _group(self, job: BackendJob, wished: Limits, record: Path) -> Group:
        name = cgroups.name_of(job.root, job.id)
        folders = [str(each.folder / name) for each in self._where]
        if not folders:
            return Group()
        try:
            record.write_text(json.dumps(folders))
            return cgroups.make(name, wished, self._where)
        except OSError as error:
            Group(tuple(map(Path, folders))).remove()
            why = f"job {job.id} can have no control group: {error.strerror} ({error.filename})"
            if job.limits:
                raise Unreachable(why) from error
            _LOG.warning("%s; it is started without one", why)
            return Group()

    def _sweep(self) -> None:
        """Once: remove what jobs left that nobody was there to forget."""
        with self._looking:
            if not self._is_swept:
                self._is_swept = True
                for name in cgroups.sweep(self._where):
                    _LOG.info("removed the control group %s, whose job is over", name)

    @cached_property
    def _where(self) -> tuple[Hierarchy, ...]:
        return cgroups.hierarchies()


def group_of(record: Path, *, root: str, job: str) -> Group:
    """The groups of a job by what was written when they were made; none where there were none."""
    try:
        told = json.loads(read_plain(record))
    except (OSError, NotPlain, ValueError):
        return Group()
    name = cgroups.name_of(root, job)
    # A script can write there, too: other groups than its own are none of its business.
    folders = [Path(path) for path in told if isinstance(path, str)] if told else []
    return Group(tuple(path for path in folders if path.is_absolute() and path.name == name))


def _without(limits: Limits, kept: Limits) -> Limits:
    """The limits that are not kept."""
    return replace(limits, **dict.fromkeys(kept.to_json()))
