"""What is known of an attached machine: where it is, who logs in and how, and what runs find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jupyter_aml.domain.compute import SECRET
from jupyter_aml.domain.errors import Invalid

PORT, MAX_RUNS, FOLDER = 22, 1, "~/.jupyter_aml"
_FINGERPRINT = "SHA256:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOptions:
    """The settings of a machine; `password` and `passphrase` may be names of secrets yet."""

    address: str
    username: str
    port: int = PORT
    password: str = ""
    private_key_file: str = ""
    private_key_passphrase: str = ""
    host_key: str = ""
    """A key, a line of known_hosts or a fingerprint; empty for what known_hosts says."""
    python: str = ""
    folder: str = FOLDER
    max_runs: int = MAX_RUNS

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> SshOptions:
        """Read settings; raises Invalid, which names the setting."""
        options = cls(**{name: value for name, value in settings.items() if value != ""})
        _need_whole("port", options.port, 65_535)
        _need_whole("max_runs", options.max_runs, 10_000)
        options.accepted_key()
        for name in ("address", "username"):
            text = getattr(options, name)
            if any(letter.isspace() or ord(letter) < 32 for letter in text):
                raise Invalid(f"{name}: {text!r} holds blanks")
        return options

    @property
    def where(self) -> str:
        """How people call it."""
        return self.address if self.port == PORT else f"{self.address}:{self.port}"

    def accepted_key(self) -> str:
        """The fingerprint, or type and content, of the host key that was accepted; may be empty.

        Raises Invalid for what is none of these.
        """
        words = self.host_key.split()
        if not words:
            return ""
        if words[0].startswith(_FINGERPRINT):
            return words[0].rstrip("=")
        for kind, content in pairwise(words):
            if kind.startswith(("ssh-", "ecdsa-", "sk-")):
                return f"{kind} {content}"
        raise Invalid(
            "host_key: expected a key (ssh-ed25519 AAAA...), a line of known_hosts or a "
            f"fingerprint (SHA256:...), got {self.host_key!r}"
        )

    def secret(self, name: str, tell: Callable[[str], str]) -> str:
        """A setting whose value may stand in the vault; blocks."""
        value: str = getattr(self, name)
        return tell(value) if value.startswith(SECRET) else value


def _need_whole(name: str, value: float, most: int) -> None:
    if value != int(value) or not 1 <= value <= most:
        raise Invalid(f"{name}: expected a whole number from 1 to {most:,}, got {value}")
