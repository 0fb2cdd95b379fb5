"""What git says of the folder that a run was sent from: asked briefly, trusted with nothing."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 2.0
"""Seconds that git has for all questions together."""
_MOST_DIFF = 10_000_000
_CUT = b"\n# cut off here: the difference is longer than 10,000,000 bytes\n"
_MOST = 1_000_000

# Whatever the repository is set up to run is not run: no hooks, no watchers, no other diffs.
_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="),
    *("-c", "core.quotePath=true", "-c", "color.ui=false", "--no-pager", "--no-optional-locks"),
)
_SECRETS = (
    ".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "*.ppk", "id_rsa*", "id_dsa*",
    "id_ecdsa*", "id_ed25519*", ".netrc", ".pypirc", ".git-credentials",
    ".aws/**", ".azure/**", ".ssh/**", ".gnupg/**",
)  # fmt: skip
"""Files whose content is kept out of the difference, as it is kept out of snapshots."""
_WITH_USER = re.compile(r"(?i)([a-z][a-z0-9+.-]*)://([^/?#]*)@(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Checkout:
    """The state of a repository."""

    repository: str | None
    branch: str | None
    commit: str
    is_dirty: bool
    diff: bytes
    """What is not committed of the files that git knows, of the whole repository."""


def is_inside(folder: Path) -> bool:
    """Say whether the folder may belong to a repository; costs a look at each folder above it."""
    return any(os.path.lexists(above / ".git") for above in (folder, *folder.parents))


def look(folder: Path, *, seconds: float = _PATIENCE) -> Checkout | None:
    """Ask git about a folder. Blocks; None where there is no repository, commit, trust or time.

    Where the time is over halfway, the repository counts as changed and the difference is empty.
    """
    program = shutil.which("git")
    if program is None:
        return None
    git = _Git(program, folder, time.monotonic() + seconds)
    head = (git.ask("rev-parse", "HEAD", "--abbrev-ref", "HEAD") or b"").decode().split()
    if len(head) != 2:
        return None
    commit, branch = head
    # The answer to this question lies on this disk; without a remote it is the word "origin".
    remote = (git.ask("ls-remote", "--get-url") or b"").decode("utf-8", "replace").strip()
    changed = git.ask("status", "--porcelain", "--ignore-submodules=dirty", "--", ".")
    diff = git.ask(
        *("diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty", "HEAD"),
        *("--", ":/", *(f":(top,exclude,glob)**/{name}" for name in _SECRETS)),
        most=_MOST_DIFF,
    )
    return Checkout(
        repository=without_secrets(remote) if remote not in ("", "origin") else None,
        branch=None if branch == "HEAD" else branch,
        commit=commit,
        is_dirty=changed != b"" or diff != b"",
        diff=_cut(diff or b""),
    )


def without_secrets(address: str) -> str:
    """The address without password or token: of `https://user:token@host/x` the user goes, too."""
    match = _WITH_USER.fullmatch(address)
    if match is None:
        return address
    scheme, user, rest = match.groups()
    if "ssh" in scheme.lower():
        return f"{scheme}://{user.partition(':')[0]}@{rest}"
    return f"{scheme}://{rest}"


def _cut(diff: bytes) -> bytes:
    if len(diff) <= _MOST_DIFF:
        return diff
    whole = diff.rfind(b"\n", 0, _MOST_DIFF)
    return diff[: whole if whole > 0 else _MOST_DIFF] + _CUT


class _Git:
    """Asks one git in one folder until a moment."""

    def __init__(self, program: str, folder: Path, until: float) -> None:
        self._program, self._folder, self._until = program, folder, until
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self._variables = {
            **kept,
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "LC_ALL": "C",
        }

    def ask(self, *words: str, most: int = _MOST) -> bytes | None:
        """What it prints, up to a byte more than `most`; None where it fails or is too slow."""
        left = self._until - time.monotonic()
        if left <= 0:
            return None
        try:
            process = subprocess.Popen(
                [self._program, *_SAFE, *words],
                cwd=self._folder,
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return None
        # With all that it has started: a filter of the repository may be what hangs.
        timer = threading.Timer(left, _kill, (process,))
        timer.start()
        assert process.stdout is not None
        try:
            said = process.stdout.read(most + 1)
            if len(said) > most:
                _kill(process)
                return said
            return said if process.wait() == 0 else None
        finally:
            _kill(process)
            timer.cancel()
            process.stdout.close()
            process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
