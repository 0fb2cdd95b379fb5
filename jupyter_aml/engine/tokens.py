"""Tokens of a root, each a file of its owner's that holds a hash: issued, checked, revoked."""

from __future__ import annotations

import builtins
import contextlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jupyter_aml.domain.errors import AmlError, NotFound, Refused, StorageFailed
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.token import UNKNOWN, Token, digest_of, parts_of, text_of
from jupyter_aml.engine.root import write_json
from jupyter_aml.runfolder.plain import NotPlain, read_plain
from jupyter_aml.wire.tokens import NewToken, decode_kept, encode_kept

_KEPT = timedelta(days=7)
"""How long a token that ended is still known, so that its owner is told that it ended."""


class Tokens:
    """The tokens of a root. Every method blocks."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "tokens"

    def issue(self, asked: NewToken) -> tuple[Token, str]:
        """Make a token; returns it with the text that its owner sends, which nobody keeps."""
        now, secret = datetime.now(UTC), secrets.token_urlsafe(32)
        self._forget_ended(now)
        token = Token(
            id=secrets.token_hex(8),
            digest=digest_of(secret),
            name=asked.name,
            workspace=asked.workspace,
            verbs=asked.verbs,
            created_at=now,
            expires_at=now + timedelta(seconds=asked.seconds),
        )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_json(self._place(token.id), encode_kept(token))
        return token, text_of(token.id, secret)

    def list(self) -> builtins.list[Token]:
        """The tokens that are good, the newest first."""
        now = datetime.now(UTC)
        good = [token for token in self._every() if token.expires_at > now]
        return sorted(good, key=lambda token: token.created_at, reverse=True)

    def revoke(self, token_id: str) -> None:
        """Let a token be good no longer; raises NotFound."""
        try:
            self._place(token_id).unlink()
        except (FileNotFoundError, ValueError):
            raise NotFound(f"there is no token {token_id!r}") from None

    def revoke_of(self, workspace: WorkspaceName) -> None:
        """Let no token of a workspace open the next one of that name."""
        for token in self._every():
            if token.workspace == workspace:
                self._place(token.id).unlink(missing_ok=True)

    def check(self, text: str) -> Token:
        """The token that was sent; raises Refused for one that is unknown, revoked or over."""
        parts = parts_of(text)
        token = None if parts is None else self._read(self._place(parts[0]))
        if parts is None or token is None:
            raise Refused(UNKNOWN)
        token.check(parts[1], now=datetime.now(UTC))
        return token

    def has_run(self, workspace: str, run_id: str) -> bool:
        """Whether a run is one of a workspace."""
        runs = self._folder.parent / "workspaces" / workspace / "runs"
        return _is_name(run_id) and (runs / run_id).is_dir()

    def has_run_elsewhere(self, workspace: str, run_id: str) -> bool:
        """Whether a run is one of another workspace."""
        if not _is_name(run_id):
            return True
        places = (self._folder.parent / "workspaces").glob(f"*/runs/{run_id}")
        return any(place.parent.parent.name != workspace for place in places)

    def _place(self, token_id: str) -> Path:
        if not token_id.isalnum():
            raise NotFound(f"there is no token {token_id!r}")
        return self._folder / f"{token_id}.json"

    def _every(self) -> Iterator[Token]:
        for path in self._folder.glob("*.json"):
            # One that cannot be read opens nothing, and keeps nobody from another.
            with contextlib.suppress(StorageFailed):
                token = self._read(path)
                if token is not None:
                    yield token

    def _read(self, path: Path) -> Token | None:
        try:
            return decode_kept(json.loads(read_plain(path)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, NotPlain, AmlError) as error:
            raise StorageFailed(f"{path} cannot be read: delete it, and its token") from error

    def _forget_ended(self, now: datetime) -> None:
        for token in self._every():
            if token.expires_at + _KEPT < now:
                self._place(token.id).unlink(missing_ok=True)


def _is_name(run_id: str) -> bool:
    return run_id.replace("-", "").replace("_", "").isalnum() and run_id.isascii()
