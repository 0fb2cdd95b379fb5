"""What a Slurm target asks of the cluster for each of its runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.domain.run_limits import read_amount

_NAME = re.compile(r"[A-Za-z0-9_.@,:+-]+", re.ASCII)
_TIME = re.compile(r"\d+|\d+(:\d{1,2}){1,2}|\d+-\d{1,2}(:\d{1,2}){0,2}", re.ASCII)
_GPUS = re.compile(r"([A-Za-z0-9_.-]+:)?[1-9]\d*", re.ASCII)
_TIMES = "write minutes (90), H:MM:SS ('1:30:00') or D-HH:MM:SS ('2-00:00:00')"
_LONG = re.compile(r"--([a-z][a-z-]*)(=.*)?", re.ASCII)
_OURS = frozenset({
    "array", "batch", "chdir", "cluster-constraint", "clusters", "comment", "error", "export",
    "export-file", "get-user-env", "gid", "help", "input", "job-name", "kill-on-invalid-dep",
    "nodes", "no-kill", "no-requeue", "ntasks", "ntasks-per-core", "ntasks-per-gpu",
    "ntasks-per-node", "ntasks-per-socket", "open-mode", "output", "parsable",
    "requeue", "signal", "test-only", "uid", "usage", "version", "wait", "wrap",
})  # fmt: skip
"""Options of sbatch on which it depends that a run is found again, ended and its end seen."""
_OWN = {
    "account": "account", "cpus-per-task": "cpus", "gpus": "gpus", "gres": "gpus",
    "mem": "memory", "partition": "partition", "qos": "qos", "time": "time",
}  # fmt: skip
"""Options of sbatch that have a name here."""
_OWN_GRES = re.compile(r"=gpu\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmOptions:
    """None is what the cluster gives by itself; the limits of a run come before these."""

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time: str | None = None
    """The time limit as Slurm writes it."""
    memory: int | None = None
    """Bytes a node."""
    cpus: int | None = None
    gpus: str | None = None
    """A number, or a type and a number: `a100:2`."""
    arguments: tuple[str, ...] = ()
    """Further options, as sbatch takes them."""
    setup: tuple[str, ...] = ()
    """Lines of a login shell that come before the script, such as `module load cuda`."""
    python: str | None = None
    """A Python on the nodes, 3.10 or newer; it needs no packages."""

    def to_json(self) -> dict[str, Any]:
        """What was given, by name."""
        told = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in told
            if value not in (None, ())
        }

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> SlurmOptions:
        """Read and check the settings of a target; raises Invalid, which names the setting."""
        known = [each.name for each in fields(SlurmOptions)]
        for name in given:
            if name not in known:
                raise Invalid(f"Slurm has no setting {name!r}{did_you_mean(name, known)}")
        memory = given.get("memory")
        return SlurmOptions(
            partition=_name("partition", given.get("partition")),
            account=_name("account", given.get("account")),
            qos=_name("qos", given.get("qos")),
            time=_time(given.get("time")),
            memory=None if memory is None else _at_least_a_megabyte(memory),
            cpus=_count("cpus", given.get("cpus")),
            gpus=_gpus(given.get("gpus")),
            arguments=tuple(_argument(word) for word in _words(given.get("arguments"))),
            setup=_lines(given.get("setup")),
            python=_python(given.get("python")),
        )


def _name(what: str, given: object) -> str | None:
    if given is None or given == "":
        return None
    if not isinstance(given, str) or not _NAME.fullmatch(given) or given.startswith("-"):
        raise Invalid(f"{what}: {given!r} can be no name in Slurm")
    return given


def _time(given: object) -> str | None:
    if given is None or given == "":
        return None
    text = str(given)
    if isinstance(given, bool) or not _TIME.fullmatch(text) or not text.strip("0:-"):
        raise Invalid(f"time: {given!r} is no time limit; {_TIMES}")
    return text


def _at_least_a_megabyte(given: object) -> int:
    size = read_amount("memory", given)
    if size < 1 << 20:
        # To Slurm 0 is all that a node has.
        raise Invalid(f"memory: {given!r} is less than a megabyte; write it as '4g' or '512m'")
    return size


def _count(what: str, given: object) -> int | None:
    if given is None or given == "":
        return None
    text = str(given)
    if isinstance(given, bool) or not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Invalid(f"{what}: must be a whole number from 1 on, not {given!r}")
    return int(text)


def _gpus(given: object) -> str | None:
    if given is None or given == "" or str(given) == "0":
        return None
    if isinstance(given, bool) or not _GPUS.fullmatch(str(given)):
        raise Invalid(f"gpus: {given!r} is no number of GPUs; write 2, or with a type 'a100:2'")
    return str(given)


def _words(given: object) -> list[str]:
    if given is None:
        return []
    if isinstance(given, str):
        try:
            return shlex.split(given)
        except ValueError as error:
            raise Invalid(f"arguments: {given!r}: {error}") from None
    if isinstance(given, list | tuple) and all(isinstance(each, str) for each in given):
        return list(given)
    raise Invalid(f"arguments: expected options of sbatch such as '--exclusive', not {given!r}")


def _argument(word: str) -> str:
    """One option in one word: a word without a dash would be taken as the script."""
    found = _LONG.fullmatch(word)
    if found is None or "\0" in word or "\n" in word:
        raise Invalid(
            f"arguments: {word!r} is no option of sbatch in one long word, such as "
            "'--exclusive' or '--constraint=fast'"
        )
    name = found[1]
    meant = [each for each in sorted(_OURS | _OWN.keys()) if each.startswith(name)]
    if meant and name not in meant:
        # sbatch takes the beginning of a name for the whole.
        raise Invalid(f"arguments: --{name} is short for --{meant[0]}: write names of options out")
    if name in _OURS:
        raise Invalid(f"arguments: --{name} is set for each run and cannot be given here")
    own = _OWN.get(name)
    if own is not None and (name != "gres" or _OWN_GRES.match(found[2] or "")):
        raise Invalid(f"arguments: give --{name} as the setting {own!r}")
    return word


def _lines(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    lines = given.splitlines() if isinstance(given, str) else given
    if not isinstance(lines, list | tuple) or not all(isinstance(each, str) for each in lines):
        raise Invalid(f"setup: expected lines of a shell such as 'module load cuda', not {given!r}")
    if any("\0" in line for line in lines):
        raise Invalid("setup: a line of a shell cannot hold a zero byte")
    return tuple(line for line in lines if line.strip())


def _python(given: object) -> str | None:
    if given is None or given == "":
        return None
    if not isinstance(given, str) or "\0" in given or "\n" in given or given.startswith("-"):
        raise Invalid(f"python: {given!r} is no path of a program")
    return given
