"""The vault of a workspace: secrets by name, encrypted, in one file that is made whole."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from jupyter_aml.domain.errors import Invalid, NotFound, StorageFailed
from jupyter_aml.domain.near import did_you_mean
from jupyter_aml.domain.vault import NewSecret, Secret
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.vault.keys import Key, fingerprint

FILE = "vault.json"
"""Below the folder of a workspace; names are in the clear, values are not."""


class Vault:
    """Keeps the secrets of one workspace. Blocks; several processes may use it at once."""

    def __init__(self, folder: Path, key: Key) -> None:
        self.file = folder / FILE
        self._key = key

    def list(self) -> list[Secret]:
        """All secrets by name, without their values; needs no key."""
        _, there = self._read()
        return [
            Secret(name, str(told.get("contentType", "")), str(told.get("changedAt", "")))
            for name, told in sorted(there.items())
        ]

    def get(self, name: str) -> str:
        """The value of a secret; NotFound names the nearest, Invalid says what is damaged."""
        owner, there = self._read()
        self._need(name, there)
        return self._opened(name, there[name], self._own_key(owner))

    def need(self, name: str) -> None:
        """Raise NotFound, naming the nearest, where there is no such secret; needs no key."""
        self._need(name, self._read()[1])

    def put(self, secrets: Iterable[NewSecret], *, at: str) -> None:
        """Keep these secrets, all or none of them, in the place of what had their names."""
        with self._alone():
            owner, there = self._read()
            # Only where nothing is encrypted yet may there be a new key.
            key = self._own_key(owner) if there else (self._key.read() or self._key.make())
            for secret in secrets:
                sealed = json.dumps([secret.name, secret.value]).encode()
                there[secret.name] = {
                    "value": key.encrypt(sealed).decode("ascii"),
                    "contentType": secret.content_type,
                    "changedAt": at,
                }
            self._write(fingerprint(key), there)

    def remove(self, names: Iterable[str]) -> None:
        """Forget these secrets; those that are not there are fine. Needs no key."""
        if not self.file.exists():
            return
        gone = frozenset(names)
        with self._alone():
            owner, there = self._read()
            left = {name: told for name, told in there.items() if name not in gone}
            if left != there:
                self._write(owner, left)

    # ---- inside -----------------------------------------------------------------------------

    def _read(self) -> tuple[str, dict[str, dict[str, Any]]]:
        """Which key it belongs to, and what is in it."""
        try:
            told = json.loads(read_plain(self.file))
            there = {str(name): dict(secret) for name, secret in told["secrets"].items()}
            return str(told["key"]), there
        except FileNotFoundError:
            return "", {}
        except OSError as error:
            raise StorageFailed(f"cannot read {self.file}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Invalid(
                f"the vault {self.file} is damaged and cannot be read: bring it back from a copy, "
                "or delete it and set the secrets again"
            ) from None

    @staticmethod
    def _need(name: str, there: Iterable[str]) -> None:
        if name not in there:
            names = [each for each in there if "/" not in each]
            raise NotFound(f"there is no secret {name!r}{did_you_mean(name, names)}")

    def _own_key(self, owner: str) -> Fernet:
        """The key with which this file was written; Invalid where it is gone."""
        key = self._key.read()
        if key is None or fingerprint(key) != owner:
            what = "is gone" if key is None else "is not the one it was written with"
            raise Invalid(
                f"the key {self._key.file} of the vault {what}: bring it back, or delete the "
                f"secrets (their names are known) and set them again"
            )
        return key

    def _opened(self, name: str, told: Mapping[str, Any], key: Fernet) -> str:
        try:
            meant, value = json.loads(key.decrypt(str(told.get("value", "")).encode()))
            if meant != name or not isinstance(value, str):
                raise ValueError(meant)
        except (InvalidToken, ValueError):
            raise Invalid(f"the secret {name!r} is damaged in {self.file}: set it again") from None
        return value

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time changes it; the lock ends with its holder."""
        lock = self.file.with_name(f".{FILE}.lock")
        try:
            held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageFailed(f"cannot write {self.file}: {error.strerror}") from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    def _write(self, owner: str, there: Mapping[str, Mapping[str, Any]]) -> None:
        part = self.file.with_name(f".{FILE}.part")
        content = json.dumps({"key": owner, "secrets": there}, ensure_ascii=False, indent=1)
        try:
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.file)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StorageFailed(f"cannot write {self.file}: {error.strerror}") from error
