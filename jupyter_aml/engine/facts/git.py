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
_MOST_BINARY = 1_000_000
"""Bytes, before and after together, of a file that is no text and still stands in a difference."""
_MANY = 500
"""Files that are no text, of which more are left out of a difference."""

# Whatever the repository is set up to run is not run: no hooks, no watchers, no other diffs.
_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="),
    *("-c", "core.quotePath=true", "-c", "color.ui=false", "--no-pager", "--no-optional-locks"),
    # What no option of `diff` takes back in every version of git.
    *("-c", "diff.relative=false", "-c", "diff.suppressBlankEmpty=false", "-c", "core.abbrev=auto"),
)
# A difference reads the same, and can be applied, whatever a user has set up for his own eyes.
_DIFF = (
    *("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "-O/dev/null"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--unified=3", "--inter-hunk-context=0"),
    *("--diff-algorithm=myers", "--submodule=short", "--ignore-submodules=dirty", "--full-index"),
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
    commit = git.line("rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    branch = git.line("symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/")
    # The answer to this question lies on this disk; without a remote it is the word "origin".
    remote = git.line("ls-remote", "--get-url")
    changed = git.ask(
        "status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty", "--", "."
    )
    diff = _difference(git)
    return Checkout(
        repository=without_secrets(remote) if remote not in ("", "origin") else None,
        branch=branch or None,
        commit=commit,
        is_dirty=changed != b"" or diff != b"",
        diff=diff or b"",
    )


def _difference(git: _Git) -> bytes | None:
    """All changes of the files that git knows, but the content of secrets and of large data."""
    where = ("HEAD", "--", ":/", *(f":(top,exclude,glob)**/{name}" for name in _SECRETS))
    counts = (git.ask(*_DIFF, "--numstat", "-z", *where) or b"").split(b"\0")
    binary = [line.removeprefix(b"-\t-\t") for line in counts if line.startswith(b"-\t-\t")]
    large = _large(git, [os.fsdecode(name) for name in binary])
    left_out = (f":(top,exclude,literal){name}" for name in large[:_MANY])
    diff = git.ask(
        *_DIFF, *(() if len(large) > _MANY else ("--binary",)), *where, *left_out, most=_MOST_DIFF
    )
    if diff is None or not large:
        return None if diff is None else _cut(diff)
    names = os.fsencode(", ".join(map(_plain, large[:_MANY])))
    return _cut(diff) + b"\n# left out, being large and no text: " + names + b"\n"


def _large(git: _Git, names: list[str]) -> list[str]:
    """Those of the files that are too large for a difference."""
    top = git.line("rev-parse", "--show-toplevel")
    told = git.ask("ls-tree", "-r", "-l", "-z", "--full-tree", "HEAD", "--", *names[:_MANY])
    before: dict[str, int] = {}
    for entry in (told or b"").split(b"\0") if names else ():
        facts, _, name = entry.partition(b"\t")
        size = facts.split()[-1:] or [b""]
        before[os.fsdecode(name)] = int(size[0]) if size[0].isdigit() else 0
    sizes = ((name, before.get(name, 0) + _size(os.path.join(top, name))) for name in names[:_MANY])
    return [*(name for name, size in sizes if size > _MOST_BINARY), *names[_MANY:]]


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def _plain(name: str) -> str:
    """A name on one line."""
    return name if name.isprintable() else ascii(name)


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

    def line(self, *words: str) -> str:
        """What it prints as one line of text; empty where it fails. Names may be of any bytes."""
        return (self.ask(*words) or b"").decode("utf-8", "backslashreplace").strip("\n")

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
