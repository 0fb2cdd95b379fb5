"""Runs uv: one child at a time, its output streamed to the build, ended when it is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.environments.pip import settings
from jupyter_aml.environments.protocol import Build
from jupyter_aml.environments.requirements import masked

_INDEX = ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL")
_DENIED = frozenset({
    "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "CONDA_PREFIX",
    # What uv was told for the server's own packages; indexes and what is forbidden stay.
    "UV_BUILD_CONSTRAINT", "UV_CONSTRAINT", "UV_EXCLUDE", "UV_OVERRIDE", "UV_PRERELEASE",
    "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_PYTHON_PREFERENCE",
    "UV_REQUIRE_HASHES", "UV_RESOLUTION", "UV_SYSTEM_PYTHON", "UV_WORKING_DIR",
    "UV_WORKING_DIRECTORY",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


def program() -> str:
    """The path of uv; raises Unreachable where it is not installed."""
    try:
        import uv
    except ImportError:
        raise Unreachable("uv is not installed beside jupyter_aml: pip install uv") from None
    return str(uv.find_uv_bin())


async def run(
    *arguments: str,
    build: Build | None = None,
    hear: Callable[[str], None] | None = None,
    cwd: Path | None = None,
) -> Answer:
    """Run uv with these arguments; `hear` gets each line of stderr as it comes.

    A call that is cancelled ends the child with all its own children.
    """
    if build is not None:
        build.log(masked(f"$ uv {' '.join(arguments)}\n"))
    variables = await asyncio.to_thread(_variables)
    child = await asyncio.create_subprocess_exec(
        program(), *arguments, "--no-progress", "--color", "never", "--no-python-downloads",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, cwd=cwd, env=variables, start_new_session=True,
        limit=1 << 20,
    )  # fmt: skip
    assert child.stdout is not None and child.stderr is not None
    try:
        out, err = await asyncio.gather(child.stdout.read(), _heard(child.stderr, build, hear))
        code = await child.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        raise
    return Answer(code, out.decode(errors="replace"), err)


async def _heard(
    stream: asyncio.StreamReader, build: Build | None, hear: Callable[[str], None] | None
) -> str:
    lines: list[str] = []
    while line := await stream.readline():
        text = line.decode(errors="replace")
        lines.append(text)
        if build is not None:
            build.log(masked(text))
        if hear is not None:
            hear(text)
    return "".join(lines)


def _variables() -> dict[str, str]:
    """The server's variables; those of a definition never reach what builds it.

    Where uv was told of no index it takes pip's, and chooses among several as pip does.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _DENIED}
    if any(name in kept for name in _INDEX):
        return kept
    index, more = settings.told("index-url"), settings.told("extra-index-url")
    if index:
        kept["UV_DEFAULT_INDEX"] = index[0]
    if more:
        kept["UV_INDEX"] = " ".join(more)
        kept.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    links = settings.find_links()
    if links:
        kept.setdefault("UV_FIND_LINKS", ",".join(links))
    return kept
