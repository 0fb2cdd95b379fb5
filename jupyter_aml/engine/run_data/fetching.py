"""Makes one input of a run ready: finds its files, and has them where the script looks for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jupyter_aml.data import chosen, listing
from jupyter_aml.data.stores import Store
from jupyter_aml.domain import dataset, run_data
from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.errors import AmlError, Invalid, NotFound
from jupyter_aml.domain.run_data import Input
from jupyter_aml.engine.run_data.laying import Piece, Stopped, Work, bring, check_inside, lay, tops
from jupyter_aml.runfolder.layout import RunFolder

_EVERYTHING = ("", "**", "**/*")


@dataclass(frozen=True)
class Ready:
    """An input that is ready, and what its user should know."""

    input: Input
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desk:
    """All that is needed to make inputs ready: stores by name, and the folder of the run."""

    stores: Mapping[str, Store]
    folder: RunFolder
    work: Work


def fetch(each: Input, desk: Desk) -> Ready:
    """Make an input ready; raises AmlError that names it. Blocks."""
    if each.mode == run_data.DIRECT:
        return Ready(each)
    try:
        ready = _reference(each, desk) if each.is_reference else _dataset(each, desk)
        return replace(ready, warnings=(*ready.warnings, *_elsewhere(ready.input)))
    except Stopped:
        raise
    except AmlError as error:
        raise type(error)(f"input {each.name!r}: {error}") from error


def _reference(each: Input, desk: Desk) -> Ready:
    assert each.datastore is not None
    store, shown = desk.stores[each.datastore], f"'{each.datastore}/{each.path}'"
    local = store.local_path(each.path)
    if local is not None and each.mode == run_data.MOUNT:
        if not each.path:
            local.mkdir(parents=True, exist_ok=True)
        elif not os.path.lexists(local):
            raise _nothing(each)
        return _in_place(each, local, desk)
    entries = list(store.walk(each.path))
    if not entries:
        raise _nothing(each)
    top = each.path.strip("/")
    is_file = [entry.path for entry in entries] == [top]
    base = top.rpartition("/")[0] if is_file else top
    pieces = [Piece(entry.path[len(base) :].lstrip("/"), store, entry.path) for entry in entries]
    ready = _laid(each, pieces, shown, desk)
    if not is_file:
        return ready
    place = os.path.join(ready.input.place or "", pieces[0].name)
    return replace(ready, input=replace(ready.input, place=place))


def _dataset(each: Input, desk: Desk) -> Ready:
    definition = dataset.read(each.definition)
    if definition.kind != "file":
        raise Invalid(
            f"{definition.label!r} is tabular: the script reads it as "
            f"run.input_datasets[{each.name!r}], so leave out as_{each.mode}()"
        )
    whole = _whole_folder(definition, desk.stores.__getitem__)
    if whole is not None and each.mode == run_data.MOUNT:
        return _in_place(each, whole, desk)
    found = chosen.chosen(definition, listing.files(definition, desk.stores.__getitem__))
    pieces = [Piece(file.name, file.store, file.path) for file in found]
    return _laid(each, pieces, repr(definition.label), desk)


def _whole_folder(definition: Dataset, open_store: Callable[[str], Store]) -> Path | None:
    """The folder of this machine that is all of a data set, where there is one."""
    if len(definition.sources) != 1 or len(definition.steps) != 1:
        return None
    source = definition.sources[0]
    base = listing.base_of(source.path)
    if (
        listing.is_url(source.path)
        or source.path.strip("/")[len(base) :].strip("/") not in _EVERYTHING
    ):
        return None
    if source.datastore is None:
        local: Path | None = Path("/", base)
    else:
        local = open_store(source.datastore).local_path(base)
    return local if local is not None and local.is_dir() else None


def _in_place(each: Input, local: Path, desk: Desk) -> Ready:
    """An input that stays where it is."""
    place = os.path.abspath(local)
    if each.inside is None:
        return Ready(replace(each, place=place))
    target = desk.folder.work / each.inside
    check_inside(target.parent, desk.folder.work)
    if os.path.islink(target) and os.readlink(target) == place:
        return Ready(replace(each, place=str(target), behind=(place,)))
    if os.path.lexists(target):
        raise Invalid(
            f"path_on_compute={each.path_on_compute!r} is among what was sent with the run; mount "
            "it elsewhere, or use as_download, which puts its files beside those that are there"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(place, target)
    return Ready(replace(each, place=str(target), behind=(place,)))


def _laid(each: Input, pieces: list[Piece], what: str, desk: Desk) -> Ready:
    """An input whose files are laid into a folder of the run."""
    as_links = each.mode == run_data.MOUNT
    made = desk.folder.inputs / each.name
    lay(pieces, made, what=what, as_links=as_links, work=desk.work)
    behind = tops(pieces) if as_links else ()
    if each.inside is None:
        return Ready(replace(each, place=str(made), behind=behind))
    target = desk.folder.work / each.inside
    replaced = bring(made, target, desk.folder.work)
    sent = desk.folder.snapshot / each.inside
    twice = [name for name in replaced if os.path.lexists(sent / name)]
    return Ready(replace(each, place=str(target), behind=behind), _told(each, twice))


def _told(each: Input, twice: list[str]) -> tuple[str, ...]:
    if not twice:
        return ()
    what = f"{twice[0]!r}" if len(twice) == 1 else f"{len(twice):,} files, {twice[0]!r} first"
    return (
        f"input {each.name!r} has put its own in the place of what was sent in "
        f"{each.path_on_compute!r}: {what}",
    )


def _elsewhere(each: Input) -> tuple[str, ...]:
    """Say so where the script wished for a path that all runs of this machine would share."""
    if each.path_on_compute is None or each.inside is not None:
        return ()
    return (
        f"input {each.name!r} is not at {each.path_on_compute!r}, for runs share this machine: the "
        f"script is told where it is, by its argument and run.input_datasets[{each.name!r}]",
    )


def _nothing(each: Input) -> NotFound:
    return NotFound(f"there is nothing at {each.path!r} on the datastore {each.datastore!r}")
