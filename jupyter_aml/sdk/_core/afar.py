"""Sends the source of a run to an engine on another machine, which does not see its files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.client.client import Client

_IGNORES = (".amlignore", ".gitignore")
_LEFT_OUT = frozenset({".git", ".ipynb_checkpoints", "__pycache__", "node_modules"})
"""Folders that no snapshot holds, and that may be large."""
_MOST = 50_000
_LARGEST_IGNORE = 1 << 20


def submitted(client: Client, body: Mapping[str, Any]) -> Any:
    """Submit a run; its files go first where the engine is on another machine.

    Raises UserErrorException for a file that cannot be read.
    """
    source = body.get("source") or {}
    if ("directory" in source or "base" in source) and client.is_elsewhere:
        body = {**body, "source": _sent(client, source, str(body.get("workspace", "default")))}
    return client.runs.submit(body)


def _sent(client: Client, source: Mapping[str, Any], workspace: str) -> dict[str, Any]:
    upload = uuid4().hex
    for part in ("directory", "base"):
        if part in source:
            folder = Path(source[part])
            files = dict(_files(folder))
            include = list(source.get("include", ())) if part == "base" else []
            asked = {
                "workspace": workspace, "upload": upload, "part": part, "include": include,
                "files": files, "ignores": _ignores(folder, files),
            }  # fmt: skip
            for path in client.runs.wanted(asked):
                _send(client, workspace, upload, f"{part}/{path}", folder / path)
    return {**source, "upload": upload}


def _send(client: Client, workspace: str, upload: str, path: str, local: Path) -> None:
    try:
        client.runs.send(workspace, upload, path, local)
    except OSError as error:
        raise UserErrorException(f"cannot read {local}: {error.strerror}") from None


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """The files below a folder, and their sizes."""
    if not folder.is_dir():
        raise UserErrorException(f"there is no folder {folder}")
    count = 0
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in _LEFT_OUT)
        for name in sorted(names):
            path = Path(here, name)
            if path.is_file():
                count += 1
                if count > _MOST:
                    raise UserErrorException(
                        f"{folder} holds more than {_MOST:,} files, too many to send to an engine "
                        "on another machine; name a folder of the code alone"
                    )
                yield path.relative_to(folder).as_posix(), path.stat().st_size


def _ignores(folder: Path, files: Mapping[str, int]) -> dict[str, str]:
    """The files that say what is left out, with their texts."""
    return {
        path: (folder / path).read_text(encoding="utf-8", errors="replace")
        for path, size in files.items()
        if path.rpartition("/")[2] in _IGNORES and size <= _LARGEST_IGNORE
    }
