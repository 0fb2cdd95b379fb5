"""Reads and writes which root a folder is: `root.json`."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, replace
from pathlib import Path

from jupyter_aml.domain.identity import UNSEEN, Identity, Origin, Place, origin
from jupyter_aml.engine.root import write_json
from jupyter_aml.runfolder.plain import NotPlain, read_plain

_FILE = "root.json"
_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")


def identify(root: Path) -> tuple[Origin, Identity]:
    """What a root is, and the identity it has from now on, which is not written yet."""
    written, here, path = read(root), place_of(root), str(root.resolve())
    found = origin(written, here, path, None if written is None else _token_at(written.path))
    if written is None:
        return found, Identity(secrets.token_hex(16), here, path)
    if found is Origin.COPIED:
        return found, Identity(secrets.token_hex(16), here, path, copy_of=written.path)
    return found, replace(written, place=here, path=path)


def read(root: Path) -> Identity | None:
    """The identity that is written down in a root; None where there is none that can be read."""
    try:
        told = json.loads(read_plain(root / _FILE))
        place = Place(**told["place"])
        return Identity(str(told["token"]), place, str(told["path"]), told.get("copyOf"))
    except (OSError, NotPlain, ValueError, KeyError, TypeError):
        return None


def write(root: Path, identity: Identity) -> None:
    """Write the identity down, unless it stands there; raises StorageFailed."""
    if read(root) != identity:
        data = {
            "token": identity.token,
            "place": asdict(identity.place),
            "path": identity.path,
            "copyOf": identity.copy_of,
        }
        write_json(root / _FILE, data)


def place_of(path: Path) -> Place:
    """Where a folder lies; raises OSError."""
    found = path.stat()
    return Place(found.st_dev, found.st_ino, machine())


def machine() -> str:
    """A name of this machine that no other has; "" where it has none."""
    for path in _MACHINE_IDS:
        try:
            return Path(path).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
    return ""


def _token_at(path: str) -> object:
    try:
        Path(path, _FILE).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return UNSEEN
    found = read(Path(path))
    return UNSEEN if found is None else found.token
