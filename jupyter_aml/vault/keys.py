"""The key of a root's vault: a file that only its owner reads, or an entry of the keyring."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, TypeVar, cast

from cryptography.fernet import Fernet

from jupyter_aml.domain.errors import AmlError, Invalid, StorageFailed, Unreachable
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.runfolder.taking import takes

T = TypeVar("T")
KeyPlace = Literal["file", "keyring"]

FILE = "vault.key"
"""Beside the workspaces in the root: the key itself, or which entry of the keyring has it."""

_SERVICE, _REFERENCE = "jupyter_aml", "keyring:"


class Keyring(Protocol):
    """The part of the library `keyring` that is used."""

    def get_password(self, service: str, name: str) -> str | None:
        """The password of an entry; None where there is none."""

    def set_password(self, service: str, name: str, password: str) -> None:
        """Make an entry."""


class Key:
    """The key of a root, made when it is needed first."""

    def __init__(
        self, root: Path, place: KeyPlace = "file", keyring: Callable[[], Keyring] | None = None
    ) -> None:
        self.file = root / FILE
        self._place, self._keyring = place, keyring or _system_keyring

    def read(self) -> Fernet | None:
        """The key, or None where there is none; raises Invalid where what is there is no key."""
        try:
            told = read_plain(self.file).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(f"cannot read {self.file}: {error.strerror}") from error
        if told.startswith(_REFERENCE):
            name = told.removeprefix(_REFERENCE)
            known = _answered(lambda: self._keyring().get_password(_SERVICE, name))
            if known is None:
                raise Invalid(
                    f"the key of the vault is gone: the keyring of this machine has no entry "
                    f"{name!r} of {_SERVICE!r}, which {self.file} names"
                )
            told = known
        try:
            return Fernet(told)
        except ValueError:
            raise Invalid(f"{self.file} is damaged: it holds no key of a vault") from None

    def make(self) -> Fernet:
        """Make a key, or take the one that another process was quicker to make."""
        made = Fernet.generate_key().decode()
        if self._place == "keyring":
            name = os.urandom(8).hex()
            key = made
            _answered(lambda: self._keyring().set_password(_SERVICE, name, key))
            made = f"{_REFERENCE}{name}"
        self._write(made)
        found = self.read()
        assert found is not None
        return found

    def _write(self, content: str) -> None:
        part = self.file.with_name(f".{FILE}.{os.getpid()}-{os.urandom(4).hex()}")
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w", encoding="ascii") as file:
                file.write(f"{content}\n")
                file.flush()
                os.fsync(file.fileno())
            takes(self.file, part)
        except OSError as error:
            raise StorageFailed(f"cannot write {self.file}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)


def _answered(ask: Callable[[], T]) -> T:
    """What a keyring answers; Unreachable where it is locked, or there is none."""
    try:
        return ask()
    except AmlError:
        raise
    except Exception as error:  # Each backend has errors of its own.
        raise Unreachable(
            f"the keyring of this machine does not answer ({type(error).__name__}): unlock it, or "
            "set vault_key to 'file' before the first secret is set"
        ) from None


def fingerprint(key: Fernet) -> str:
    """What tells keys apart, and tells nothing of them."""
    told = key._signing_key + key._encryption_key
    return hashlib.sha256(b"jupyter_aml vault" + told).hexdigest()[:16]


def _system_keyring() -> Keyring:
    try:
        import keyring
    except ImportError:
        raise Invalid(
            "the setting vault_key is 'keyring', and the library keyring is not installed: "
            "pip install keyring, or set vault_key to 'file'"
        ) from None
    return cast("Keyring", keyring)
