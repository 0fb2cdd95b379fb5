"""What a snapshot would hold: a folder is walked and judged, and nothing is written."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from jupyter_aml.domain.errors import Invalid, Refused
from jupyter_aml.engine.snapshot import ignore, oversize
from jupyter_aml.engine.snapshot.ignore import IgnoreFile, Verdict
from jupyter_aml.runfolder.names import printable

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one snapshot may hold."""

    max_bytes: int = 300_000_000
    max_files: int = 2_000


class SourceFile(NamedTuple):
    """A file to be sent; `stamp` is what tells that it is still the same."""

    path: str
    """Relative, with '/'."""
    size: int
    origin: str
    """Where it lies; empty for an inline file."""
    executable: bool
    stamp: tuple[int, int, int, int]
    """Size, modification and change time in ns, and inode."""
    content: bytes | None = None
    """The content of an inline file."""
    top: str = ""
    """The folder, without links in its path, that it must not be outside of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPlan:
    """The files to be sent, sorted by path, and a sentence for whatever is left out."""

    files: tuple[SourceFile, ...]
    excluded: tuple[str, ...]
    source: Path | None = None
    """The folder they come from; the stat cache is kept by it."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def plan(directory: Path, *, limits: Limits) -> SnapshotPlan:
    """Say what a snapshot of the folder would hold.

    Raises Invalid where it is no folder, where something cannot be read or where it is too big,
    and Refused where a link leads out of it.
    """
    top = Path(os.path.abspath(directory))
    if not top.is_dir():
        raise Invalid(f"there is no folder {top}")
    walk = Walk(str(top), limits)
    files = tuple(sorted(walk.counted(walk.below())))
    return SnapshotPlan(files=files, excluded=walk.notes(), source=top)


class Level(NamedTuple):
    folder: str
    base: str
    rules: tuple[IgnoreFile, ...]
    above: tuple[tuple[int, int], ...]
    """Device and inode of the folders we are in, so that a loop of links is seen."""


@dataclass(slots=True)
class Walk:
    """One walk through a folder; collects what is sent and what is not."""

    top: str
    limits: Limits
    only: str | None = None
    tally: oversize.Tally = field(init=False)
    _real_top: str = field(init=False)
    _rules_above: tuple[IgnoreFile, ...] = field(init=False)
    _ignored: list[str] = field(default_factory=list)
    _secrets: list[str] = field(default_factory=list)
    _clutter: Counter[str] = field(default_factory=Counter)
    _environments: list[str] = field(default_factory=list)
    _others: list[str] = field(default_factory=list)
    _uid: int = field(default_factory=os.geteuid)

    def __post_init__(self) -> None:
        self._real_top = os.path.realpath(self.top)
        self.tally = oversize.Tally(self.limits.max_bytes, self.limits.max_files)
        folders = (self.top, *ignore.folders_above(self._real_top))
        if any(os.path.isfile(os.path.join(folder, ignore.AML_IGNORE)) for folder in folders):
            self.only = ignore.AML_IGNORE
        self._rules_above = ignore.rules_above(self._real_top, self.only)

    def counted(self, files: Iterator[SourceFile]) -> Iterator[SourceFile]:
        """Yield files of this walk until they are too many, and raise Invalid then."""
        for file in files:
            if self.tally.add(file.path, file.size):
                yield file
            elif self.tally.is_hopeless:
                break
        if self.tally.is_over:
            raise Invalid(self.tally.report(self.top))

    def start(self, base: str = "") -> Level:
        """The state of a walk that has come down to `base`, with the rules of all above it."""
        folder, done, rules = self.top, "", self._rules_of(self.top, "", self._rules_above)
        above: tuple[tuple[int, int], ...] = (_identity(self.top),)
        for part in base.rstrip("/").split("/") if base else ():
            folder, done = f"{folder}/{part}", f"{done}{part}/"
            rules, above = self._rules_of(folder, done, rules), (*above, _identity(folder))
        return Level(folder, base, rules, above)

    def _rules_of(
        self, folder: str, base: str, rules: tuple[IgnoreFile, ...]
    ) -> tuple[IgnoreFile, ...]:
        found = ignore.read_ignore_file(folder, base, ignore.names_in(folder), self.only)
        return rules if found is None else (found, *rules)

    def below(self, base: str = "") -> Iterator[SourceFile]:
        """Yield what is sent of the folder `base` ('' or ending with '/'), in no order."""
        levels = [self.start(base)]
        while levels:
            level = levels.pop()
            self.tally.visit()
            if self.tally.is_hopeless:
                return
            for entry in self.entries(level):
                if (found := self.judge(level, entry, levels)) is not None:
                    yield found

    def entries(self, level: Level) -> list[os.DirEntry[str]]:
        """What stands in a folder; raises Invalid where it cannot be read."""
        try:
            with os.scandir(level.folder) as found:
                return list(found)
        except OSError as error:
            raise Invalid(
                printable(
                    f"cannot read the folder {level.folder}: {error.strerror}; {_cure(level.base)}"
                )
            ) from error

    def check_inside(self, path: str) -> str:
        """Return where `path` really lies, or raise Refused where that is not in the folder."""
        real = os.path.realpath(os.path.join(self.top, path))
        if real != self._real_top and not real.startswith(self._real_top.rstrip("/") + "/"):
            raise Refused(
                printable(
                    f"{path} is a link that leads out of the folder, to {real}; "
                    f"{_cure(path)}, or put a copy in its place"
                )
            )
        return real

    def judge(
        self, level: Level, entry: os.DirEntry[str], levels: list[Level]
    ) -> SourceFile | None:
        """Return the file if it is sent; a folder to be walked is put on `levels`."""
        name, path = entry.name, level.base + entry.name
        try:
            if entry.is_symlink():
                return self._linked(level, entry, levels)
            is_folder = entry.is_dir(follow_symlinks=False)
            if self._is_left_out(level, name, path, entry.path if is_folder else None):
                return None
            found = entry.stat(follow_symlinks=False)
        except OSError as error:
            raise _unreadable(path, error.strerror) from error
        if is_folder:
            levels.append(self._inner(level, entry.path, path + "/", found))
            return None
        return self.file(path, entry.path, found)

    def file(self, path: str, origin: str, found: os.stat_result) -> SourceFile | None:
        """The file as it will be sent, or None for what has no content of its own."""
        if not stat.S_ISREG(found.st_mode):
            self._others.append(f"left out {path}: it is {_kind(found.st_mode)}, not a file")
            return None
        if not _is_utf8(path):
            self._others.append(f"left out {path}: its name is not valid UTF-8")
            return None
        if not self._is_readable(origin, found):
            raise _unreadable(path, "Permission denied")
        if path in ("outputs", "logs"):
            raise Invalid(
                f"the source holds a file named {path!r}, where a run has a folder; "
                f"rename it, or {_cure(path)}"
            )
        stamp = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
        executable = bool(found.st_mode & 0o100)
        return SourceFile(path, found.st_size, origin, executable, stamp, top=self._real_top)

    def notes(self) -> tuple[str, ...]:
        """A sentence for each thing, or kind of thing, that is left out."""
        said = [
            f"left out {path}: looks like a secret; "
            f"add '!{path.rstrip('/').rpartition('/')[2]}' to {ignore.AML_IGNORE} to send it"
            for path in sorted(self._secrets)
        ]
        said += [f"left out {path}: a virtual environment" for path in sorted(self._environments)]
        said += [
            f"left out {name}" + (f" ({count} times)" if count > 1 else "")
            for name, count in sorted(self._clutter.items())
        ]
        said += sorted(self._others)
        if self._ignored:
            shown = sorted(self._ignored)[:_SHOWN]
            more = len(self._ignored) - len(shown)
            tail = f" and {more} more" if more else ""
            said.append(f"left out {', '.join(shown)}{tail}: ignored by the ignore files")
        return tuple(map(printable, said))

    def _inner(self, level: Level, folder: str, base: str, found: os.stat_result) -> Level:
        return Level(
            folder,
            base,
            self._rules_of(folder, base, level.rules),
            (*level.above, (found.st_dev, found.st_ino)),
        )

    def _is_left_out(self, level: Level, name: str, path: str, folder: str | None) -> bool:
        shown = path if folder is None else path + "/"
        default = ignore.default_verdict(name, folder)
        for rules in level.rules:
            said = rules.verdict(shown, default=default)
            if said is Verdict.SENT:
                return False
            if said is Verdict.IGNORED:
                self._ignored.append(shown)
                return True
        if default is Verdict.SENT:
            return False
        if default is Verdict.SECRET:
            self._secrets.append(shown)
        elif folder is not None and ignore.is_environment(folder):
            self._environments.append(shown)
        else:
            self._clutter[name] += 1
        return True

    def _linked(
        self, level: Level, entry: os.DirEntry[str], levels: list[Level]
    ) -> SourceFile | None:
        path, real = level.base + entry.name, os.path.realpath(entry.path)
        try:
            found = os.stat(real)
        except OSError:
            if not self._is_left_out(level, entry.name, path, None):
                self._others.append(f"left out {path}: the link leads nowhere")
            return None
        is_folder = stat.S_ISDIR(found.st_mode)
        if self._is_left_out(level, entry.name, path, entry.path if is_folder else None):
            return None
        self.check_inside(path)
        if any(ignore.is_secret(part) for part in real[len(self._real_top) :].split("/")):
            self._others.append(f"left out {path}: a link to what looks like a secret")
            return None
        if not is_folder:
            return self.file(path, real, found)
        if (found.st_dev, found.st_ino) in level.above:
            self._others.append(f"left out {path}: the link leads to a folder that it stands in")
            return None
        levels.append(self._inner(level, entry.path, path + "/", found))
        return None

    def _is_readable(self, origin: str, found: os.stat_result) -> bool:
        if found.st_uid == self._uid and found.st_mode & 0o400:
            return True
        return os.access(origin, os.R_OK)


def _unreadable(path: str, why: str | None) -> Invalid:
    return Invalid(printable(f"cannot read {path}: {why}; {_cure(path)}"))


def _identity(folder: str) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def _cure(path: str) -> str:
    return f"add '{path}' to {ignore.AML_IGNORE} to leave it out"


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFDIR: "a folder",
    }
    return kinds.get(stat.S_IFMT(mode), "something special")
