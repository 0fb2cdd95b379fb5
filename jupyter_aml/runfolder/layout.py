"""Where everything of a run lies, and under which names SDK v1 knew it."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jupyter_aml.domain.errors import NotFound, Refused
from jupyter_aml.runfolder.names import shown, stored
from jupyter_aml.runfolder.secrets import SECRETS

CONSOLE = "user_logs/std_log.txt"
BUILD_LOG = "azureml-logs/20_image_build_log.txt"

GIT_DIFF = "azureml-logs/git.diff"

_OWN_LOGS = {
    CONSOLE: "logs/std_log.txt",
    BUILD_LOG: "logs/20_image_build_log.txt",
    GIT_DIFF: "git.diff",
}


class Listing(NamedTuple):
    """Some files of a run, sorted by name; `next` is what to go on after, if there are more."""

    files: list[tuple[str, os.stat_result]]
    total: int
    next: str | None


class RunFolder:
    """The paths of one run. Makes nothing and reads nothing by itself."""

    __slots__ = ("path",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @property
    def record(self) -> Path:
        """What was asked and what became of it; written by the engine alone."""
        return self.path / "run.json"

    @property
    def kernel(self) -> Path:
        """What the keeper of a kernel reads, the kernel's key among it; for its owner alone."""
        return self.path / "kernel.json"

    @property
    def environment(self) -> Path:
        """The definition of the environment it was sent in, and what met it."""
        return self.path / "environment.json"

    @property
    def data(self) -> Path:
        """Its inputs and outputs, where it has some."""
        return self.path / "data.json"

    @property
    def inputs(self) -> Path:
        """The inputs that were fetched for it, a folder each."""
        return self.path / "inputs"

    @property
    def results(self) -> Path:
        """The outputs that go to a datastore once it has ended, a folder each."""
        return self.path / "results"

    @property
    def secrets(self) -> Path:
        """The values of its secret variables, for its owner alone."""
        return self.path / SECRETS

    @property
    def snapshot(self) -> Path:
        """The source as it was sent, read-only."""
        return self.path / "snapshot"

    @property
    def snapshot_list(self) -> Path:
        """The manifest of the snapshot: paths, sizes and hashes."""
        return self.path / "snapshot.json"

    @property
    def source(self) -> Path:
        """Where the source came from: a folder, globs and their base."""
        return self.path / "source.json"

    @property
    def work(self) -> Path:
        """The copy of the source in which the script runs."""
        return self.path / "work"

    @property
    def outputs(self) -> Path:
        """What the script leaves under `outputs/`."""
        return self.work / "outputs"

    @property
    def logs(self) -> Path:
        """Our own logs: console and image build."""
        return self.path / "logs"

    @property
    def console(self) -> Path:
        """The console of the script."""
        return self.path / _OWN_LOGS[CONSOLE]

    @property
    def build_log(self) -> Path:
        """The building of the environment."""
        return self.path / _OWN_LOGS[BUILD_LOG]

    @property
    def metrics(self) -> Path:
        """Records, one file a process; `packed.*` once the run has ended."""
        return self.path / "metrics"

    @property
    def facts(self) -> Path:
        """What was recorded without being asked: git, packages, host."""
        return self.path / "facts.json"

    @property
    def git_diff(self) -> Path:
        """What the repository had that was not committed."""
        return self.path / _OWN_LOGS[GIT_DIFF]

    @property
    def system(self) -> Path:
        """What the run took of its machine: records as in `metrics`, written by the shim."""
        return self.path / "system"

    @property
    def children(self) -> Path:
        """The folders of children that it makes from within a container, until it ends."""
        return self.path / "children"

    @property
    def files(self) -> Path:
        """Uploads and images whose names start with neither `outputs/` nor `logs/`."""
        return self.path / "files"

    @property
    def status(self) -> Path:
        """Claim, pids, pulse and exit record of the shim."""
        return self.path / "status"

    def locate(self, name: str) -> Path:
        """Return where the file of this SDK v1 name lies; raises Refused for a name that leads out.

        The file need not exist.
        """
        parts = on_disk(name).split("/")
        if name in _OWN_LOGS:
            return self.path / _OWN_LOGS[name]
        if parts[0] == "user_logs":
            return self.logs.joinpath(*parts[1:])
        if parts[0] in ("outputs", "logs"):
            return self.work.joinpath(*parts)
        return self.files.joinpath(*parts)

    def existing(self, name: str) -> Path:
        """Like `locate`, for a file that is there and lies inside the run; else NotFound."""
        path = self.locate(name)
        real = without_links(path)
        if not real.is_relative_to(without_links(self.path)):
            raise Refused(f"{name!r} is a link that leads out of the run's folder")
        if not os.path.isfile(real):
            raise NotFound(f"run {self.path.name} has no file {name!r}")
        return real

    def names(self) -> list[tuple[str, os.stat_result]]:
        """List the run's files by their SDK v1 names, sorted; links out of it are left out."""
        return self.listing().files

    def listing(
        self, *, prefix: str = "", after: str | None = None, most: int | None = None
    ) -> Listing:
        """A page of the files whose names begin with the prefix; looks at what is on it alone."""
        found = sorted(item for item in self._found() if item[0].startswith(prefix))
        begin = 0 if after is None else bisect_right(found, after, key=lambda item: item[0])
        end = len(found) if most is None else begin + most
        files = [one for name, path in found[begin:end] for one in _one(name, path)]
        following = found[end - 1][0] if end < len(found) else None
        return Listing(files, total=len(found), next=following)

    def paths(self) -> list[tuple[str, str]]:
        """The names of all files with the place of each, sorted."""
        return sorted(self._found())

    def _is_own(self, folder: Path) -> bool:
        try:
            return without_links(folder) == without_links(self.path) / folder.relative_to(self.path)
        except NotFound:
            return False

    def _found(self) -> Iterator[tuple[str, str]]:
        """Name and path of each plain file, in no order."""
        for name, place in _OWN_LOGS.items():
            path = str(self.path / place)
            if os.path.isfile(path) and not os.path.islink(path):
                yield name, path
        own = {str(self.path / place) for place in _OWN_LOGS.values()}
        for prefix, folder in (
            ("user_logs/", self.logs),
            ("outputs/", self.work / "outputs"),
            ("logs/", self.work / "logs"),
            ("", self.files),
        ):
            # A script may have put a link to anywhere in the place of its folder.
            if not self._is_own(folder):
                continue
            for path in _walk(str(folder)):
                if path not in own:
                    yield prefix + shown(path[len(str(folder)) + 1 :].replace(os.sep, "/")), path


def without_links(path: Path) -> Path:
    """Where a path really leads; raises NotFound where it is changed under our eyes."""
    try:
        return Path(os.path.realpath(path))
    except OSError as error:
        raise NotFound(f"{path.name!r} is no longer there") from error


def checked(name: str) -> str:
    """Return the relative name with '/', or raise Refused: nothing may lead out of a folder."""
    on_disk(name)
    return name


def on_disk(name: str) -> str:
    """Where the file of that name lies below its folder; raises Refused for what leads out."""
    path = stored(name)
    parts = path.split("/")
    if (
        not name
        or len(path) > 1024
        or "\0" in path
        or any(ord(letter) < 32 for letter in name)
        or any(part in ("", ".", "..") for part in parts)
        or any(_length(part) > 255 for part in parts)
        or (len(parts[0]) == 2 and parts[0][1] == ":")
    ):
        raise Refused(f"{name[:120]!r} is not a name of a file inside the run")
    return path


def _length(part: str) -> int:
    try:
        return len(os.fsencode(part))
    except UnicodeEncodeError:
        raise Refused(f"{part[:120]!r} is not a name of a file inside the run") from None


def _walk(folder: str) -> Iterator[str]:
    # A link to a folder is not followed, so a loop or a way out is never walked. What kind an
    # entry is comes with the listing: a run may have left 100,000 files, and none is looked at.
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield entry.path
        except OSError:
            continue


def _one(name: str, path: str) -> list[tuple[str, os.stat_result]]:
    try:
        return [(name, os.lstat(path))]
    except OSError:
        return []
