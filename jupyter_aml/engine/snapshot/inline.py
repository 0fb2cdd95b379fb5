"""A snapshot of texts given inline, such as a cell, and of files named by globs below a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import translate
from functools import lru_cache, partial
from pathlib import Path

from jupyter_aml.domain.errors import Invalid, Refused
from jupyter_aml.domain.near import near
from jupyter_aml.engine.settings import Settings
from jupyter_aml.engine.snapshot.plan import Level, Limits, SnapshotPlan, SourceFile, Walk, plan
from jupyter_aml.runfolder.layout import on_disk
from jupyter_aml.wire.submissions import Source

_MAGIC = re.compile(r"[*?\[]")
_ANY_DEPTH = "**"


def plan_source(source: Source, *, settings: Settings) -> SnapshotPlan:
    """Plan what a submission names as its source; see `plan` and `plan_files`.

    Texts and globs may come on top of a folder; raises Invalid where both have the same name.
    """
    limits = Limits(max_bytes=settings.snapshot_max_bytes, max_files=settings.snapshot_max_files)
    base = None if source.base is None else _folder(source.base)
    more = partial(plan_files, source.files, include=source.include, base=base, limits=limits)
    if source.directory is None:
        return more()
    below = plan(_folder(source.directory), limits=limits)
    if not source.files and not source.include:
        return below
    return _on_top(below, more(), limits)


def plan_files(
    files: Mapping[str, str],
    *,
    include: Sequence[str] = (),
    base: Path | None = None,
    limits: Limits,
) -> SnapshotPlan:
    """Say what a snapshot of these texts, and of what the globs find below `base`, would hold.

    What ignore files and default rules leave out is not found by a glob, but a file that is named
    outright is sent whatever it is. Raises Invalid for a glob that finds nothing.
    """
    found = {path: _inline(path, text) for path, text in files.items()}
    notes: tuple[str, ...] = ()
    if include:
        if base is None:
            raise Invalid("source.include needs source.base, the folder that it is relative to")
        walk = Walk(str(base), limits)
        for file in walk.counted(_inlined_first(found, walk, include)):
            if found.get(file.path, file).content is not None:
                raise Invalid(f"{file.path!r} is given inline and found in {base}, too")
            found[file.path] = file
        notes = walk.notes()
    else:
        _check_limits(found, limits)
    _check_tree(found)
    return SnapshotPlan(files=tuple(sorted(found.values())), excluded=notes, source=base)


def _on_top(below: SnapshotPlan, above: SnapshotPlan, limits: Limits) -> SnapshotPlan:
    found = {file.path: file for file in below.files}
    for file in above.files:
        same = found.setdefault(file.path, file)
        if same.origin != file.origin:
            raise Invalid(f"{file.path!r} is in {below.source}, and is sent from elsewhere, too")
    _check_limits(found, limits)
    _check_tree(found)
    notes = tuple(dict.fromkeys((*below.excluded, *above.excluded)))
    return SnapshotPlan(files=tuple(sorted(found.values())), excluded=notes, source=below.source)


def _folder(given: str) -> Path:
    if not os.path.isdir(given):
        raise Invalid(f"there is no folder {given}")
    return Path(os.path.abspath(given))


def _inline(path: str, text: str) -> SourceFile:
    if on_disk(path) != path:
        raise Refused(f"{path[:120]!r}: a text is sent under a name without a backslash")
    content = text.encode("utf-8", "surrogatepass")
    return SourceFile(path, len(content), "", False, (len(content), 0, 0, 0), content)


def _inlined_first(
    inline: Mapping[str, SourceFile], walk: Walk, include: Sequence[str]
) -> Iterator[SourceFile]:
    # The texts count as files, too; they are told apart by their content.
    seen: set[str] = set()
    for file in inline.values():
        walk.tally.add(file.path, file.size)
    for glob in include:
        matched = False
        for file in _matching(walk, glob):
            matched = True
            if file.path not in seen:
                seen.add(file.path)
                yield file
        if not matched:
            raise Invalid(_nothing(walk, glob))


def _matching(walk: Walk, glob: str) -> Iterator[SourceFile]:
    """Yield the files that the glob names; a folder stands for all that is sent of it."""
    parts = _parts(glob)
    plain = _plain(walk.top, parts)
    if plain == len(parts):
        yield from _named(walk, "/".join(parts))
        return
    base = "".join(f"{part}/" for part in parts[:plain])
    if os.path.isdir(os.path.join(walk.top, base)):
        walk.check_inside(base.rstrip("/"))
        yield from _descend(walk, walk.start(base), tuple(parts[plain:]))


def _plain(top: str, parts: Sequence[str]) -> int:
    """How many of the first parts are names: without a magic sign, or there as they stand."""
    for count, part in enumerate(parts):
        there = os.path.lexists(os.path.join(top, *parts[: count + 1]))
        if _MAGIC.search(part) and not there:
            return count
    return len(parts)


def _parts(glob: str) -> list[str]:
    if glob.startswith(("/", "~")) or "\\" in glob or "\0" in glob:
        raise Refused(f"include {glob!r} must be relative to the folder of the notebook")
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Refused(f"include {glob!r} leads out of the folder of the notebook; copy it in first")
    if not parts:
        raise Invalid(f"include {glob!r} names the whole folder; use --source to send a folder")
    return parts


def _named(walk: Walk, path: str) -> Iterator[SourceFile]:
    place = os.path.join(walk.top, path)
    if not os.path.exists(place):
        return
    real = walk.check_inside(path)
    if os.path.isdir(real):
        yield from walk.below(f"{path}/")
    elif (file := walk.file(path, real, os.stat(real))) is not None:
        yield file


def _descend(walk: Walk, level: Level, parts: tuple[str, ...]) -> Iterator[SourceFile]:
    walk.tally.visit()
    part, rest = parts[0], parts[1:]
    if part == _ANY_DEPTH and not rest:
        yield from walk.below(level.base)
        return
    if part == _ANY_DEPTH:
        yield from _descend(walk, level, rest)
    if walk.tally.is_hopeless:
        return
    for entry in walk.entries(level):
        if not _fits(entry.name, "*" if part == _ANY_DEPTH else part):
            continue
        inner: list[Level] = []
        file = walk.judge(level, entry, inner)
        if file is not None and not rest:
            yield file
        for below in inner:
            if part == _ANY_DEPTH:
                yield from _descend(walk, below, parts)
            elif rest:
                yield from _descend(walk, below, rest)
            else:
                yield from walk.below(below.base)


def _fits(name: str, pattern: str) -> bool:
    """Whether a name fits as in a shell: what begins with a dot must be asked for with a dot."""
    if name.startswith(".") and not pattern.startswith("."):
        return False
    return name == pattern or _translated(pattern).match(name) is not None


@lru_cache(maxsize=256)
def _translated(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def _nothing(walk: Walk, glob: str) -> str:
    """Say that a glob finds nothing, and what is there instead."""
    near = _near(walk.top, _parts(glob))
    cure = f"; did you mean {', '.join(near)}?" if near else ""
    left_out = "" if near else "".join(f"; {note}" for note in walk.notes()[:3])
    return f"include {glob!r} matches no file in {walk.top}{cure}{left_out}"


def _near(top: str, parts: Sequence[str]) -> list[str]:
    """Names that look like the first part of the path that is not there."""
    folder = ""
    for part in parts:
        try:
            names = sorted(os.listdir(os.path.join(top, folder)))
        except OSError:
            return []
        if part not in names:
            return [os.path.join(folder, name) for name in near(part, names, 3, alike=0.5)]
        folder = os.path.join(folder, part)
    return []


def _check_limits(files: Mapping[str, SourceFile], limits: Limits) -> None:
    if len(files) > limits.max_files:
        raise Invalid(f"there are more than {limits.max_files:,} files to send")
    if sum(file.size for file in files.values()) > limits.max_bytes:
        raise Invalid(f"the files to send are larger than {limits.max_bytes:,} bytes together")


def _check_tree(files: Mapping[str, SourceFile]) -> None:
    for path in files:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            if above in files:
                raise Invalid(f"{above!r} cannot be a file and hold {path!r}")
        if path in ("outputs", "logs"):
            raise Invalid(f"no file can be named {path!r}, where a run has a folder")
