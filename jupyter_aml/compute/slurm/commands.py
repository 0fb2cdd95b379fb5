"""Calls the commands of Slurm, a few at a time and off the event loop."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from jupyter_aml.compute.slurm import rows
from jupyter_aml.compute.slurm.rows import Row
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.domain.near import did_you_mean

T = TypeVar("T")

_AT_ONCE = 4
_PATIENCE = 60.0
_MANY = 5_000
"""Jobs of others in one answer after which JSON, which tells of all, is asked for no more."""
_KEPT = frozenset({
    "HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "LD_LIBRARY_PATH",
    "SLURM_CONF", "SLURM_JWT",
})  # fmt: skip
"""Variables that commands get, and by way of sbatch the job: those of a job of Slurm in which
this server may run itself would be taken for options."""
_HEAD = re.compile(r"^(?:(?:sbatch|squeue|scancel|sacct|sinfo|scontrol): )?(?:error|fatal): ")
_SILENT = re.compile(
    r"Unable to contact|[Cc]onnect(ion)? (failure|refused)|timed out|Zero Bytes|standby"
    r"|temporarily|Transport endpoint|[Mm]unge|authentication|DNS SRV|configuration source"
    r"|slurm_persist_conn|Communication|No route to host|(?<!Node )not responding"
)
"""What is said where Slurm does not answer, as against where it refuses."""
_FULL = re.compile(r"Max(Submit|Jobs)\w*|job submit limit.*already", re.IGNORECASE)
_WOULD = re.compile(r"to start at (\S+).* on nodes (\S+)(?: in partition (\S+))?")
_PARTITION = re.compile(r"invalid partition specified: (\S+)")


class Slurm:
    """What is asked of Slurm. Every call raises Unreachable where it does not answer."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="slurm")
        self._has_json = True
        self._has_accounts = True

    def close(self) -> None:
        """Wait for nothing."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def submit(self, options: Iterable[str], script: str) -> int:
        """Submit a batch script; returns the number of the job. Raises Invalid as Slurm says it."""
        return await self._off(self._submit, list(options), script)

    async def rows(self) -> list[Row]:
        """All jobs of this user, also those that ended a moment ago."""
        return await self._off(self._rows)

    async def accounted(self, job: int) -> Row | None:
        """What the accounts say of a job; None where there are no accounts, or nothing in them."""
        return await self._off(self._accounted, job)

    async def cancel(self, jobs: Iterable[int], name: str, *options: str) -> None:
        """Cancel or signal jobs of that name; those that have ended take none of it.

        A controller that was killed may have given the number of one job to another.
        """
        numbers = [str(job) for job in jobs]
        if numbers:
            await self._off(self._cancel, [f"--name={name}", *options, *numbers])

    async def probe(self, options: Iterable[str]) -> str:
        """Say when a job with these options would begin; raises Invalid where it never would."""
        return await self._off(self._probe, list(options))

    def check(self, options: Iterable[str]) -> str:
        """Say when a job with these options would begin, as `probe` does. Blocks."""
        return self._probe(list(options))

    # ---- in threads -------------------------------------------------------------------------

    async def _off(self, call: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _submit(self, options: list[str], script: str) -> int:
        done = _run(["sbatch", *options], script)
        if done.returncode != 0:
            raise self._refused(done)
        number = done.stdout.strip().partition(";")[0]
        if not number.isdigit():
            raise Unreachable(f"sbatch named no job, but said: {_sentence(done)}")
        return int(number)

    def _probe(self, options: list[str]) -> str:
        done = _run(["sbatch", "--test-only", *options], "#!/bin/sh\n")
        if done.returncode != 0:
            raise self._refused(done)
        version = _run(["sbatch", "--version"]).stdout.strip()
        would = _WOULD.search(done.stderr)
        if would is None:
            return f"{version} answers"
        where = f" in partition '{would[3]}'" if would[3] else ""
        return f"{version} answers: a run would begin at {would[1]} on {would[2]}{where}"

    def _refused(self, done: subprocess.CompletedProcess[str]) -> Invalid | Unreachable:
        told = _sentence(done)
        if _FULL.search(done.stderr):
            return Unreachable(f"Slurm takes no more jobs of yours for now: {told}")
        if _SILENT.search(done.stderr):
            return Unreachable(f"Slurm does not answer: {told}")
        wrong = _PARTITION.search(done.stderr)
        if wrong is not None:
            there = self._said(["sinfo", "--noheader", "--all", "--format=%R"]).split()
            return Invalid(f"Slurm has no partition {wrong[1]!r}{did_you_mean(wrong[1], there)}")
        return Invalid(f"Slurm refuses it: {told}")

    def _rows(self) -> list[Row]:
        if self._has_json:
            done = _run(["squeue", "--json"])
            if done.returncode != 0 and _SILENT.search(done.stderr):
                raise Unreachable(f"Slurm does not answer: {_sentence(done)}")
            try:
                found = rows.read_json(done.stdout)
            except ValueError:
                # An old version, or one without the plugin.
                self._has_json = False
            else:
                self._has_json = len(found) <= _MANY
                return found
        return rows.read_lines(
            self._said(
                [
                    *("squeue", "--noheader", "--states=all", f"--user={getpass.getuser()}"),
                    f"--format={rows.FORMAT}",
                ]
            )
        )

    def _accounted(self, job: int) -> Row | None:
        if not self._has_accounts or shutil.which("sacct") is None:
            return None
        columns = f"--format={rows.ACCOUNTED}"
        command = ["sacct", "--allocations", "--noheader", "--parsable2", columns, f"--jobs={job}"]
        done = _run(command)
        if done.returncode == 0:
            return rows.read_accounted(done.stdout)
        # The accounts are one more service, which may be down or not be there at all.
        self._has_accounts = "disabled" not in done.stderr
        return None

    def _cancel(self, words: list[str]) -> None:
        done = _run(["scancel", "--quiet", *words])
        if done.returncode != 0 and _SILENT.search(done.stderr):
            raise Unreachable(f"Slurm does not answer: {_sentence(done)}")

    def _said(self, command: list[str]) -> str:
        done = _run(command)
        if done.returncode != 0:
            raise Unreachable(f"Slurm does not answer: {_sentence(done)}")
        return done.stdout


def _run(command: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(("SBATCH_", "LC_"))
    }
    try:
        return subprocess.run(
            command, input=given, capture_output=True, text=True, errors="replace", env=kept,
            cwd="/", timeout=_PATIENCE, start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise Unreachable(
            f"there is no command {command[0]!r} here: this server needs the commands of Slurm "
            "on its PATH"
        ) from None
    except subprocess.TimeoutExpired:
        raise Unreachable(
            f"Slurm does not answer: {command[0]} said nothing for {_PATIENCE:.0f} seconds"
        ) from None
    except OSError as error:
        raise Unreachable(f"cannot start {command[0]!r}: {error.strerror}") from error


def _sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What a command has complained of, without what stands before each of its lines."""
    lines = [_HEAD.sub("", line).strip() for line in (done.stderr or done.stdout).splitlines()]
    said = "; ".join(dict.fromkeys(line for line in lines if line))
    return said[:500] or f"exit code {done.returncode}"
