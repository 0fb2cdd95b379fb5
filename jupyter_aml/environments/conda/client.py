"""The user's own conda, mamba or micromamba: its configuration, its cache, its credentials."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.environments.conda import causes, warden
from jupyter_aml.environments.conda import prefix as conda_prefix
from jupyter_aml.environments.conda import specs as conda_specs
from jupyter_aml.environments.conda.solver import Package
from jupyter_aml.environments.protocol import Build

RATTLER = "py-rattler"
"""What to configure as the client to use none of the user's."""

_VARIABLES = ("CONDA_EXE", "MAMBA_EXE")
_NAMES = ("micromamba", "mamba", "conda")
_DENIED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV")
_LOOK = 0.2


def find(configured: str | None) -> str | None:
    """The path of the client to use; None where there is none.

    Raises Invalid where the configured one is not a program.
    """
    if configured == RATTLER:
        return None
    if configured:
        path = shutil.which(os.path.expanduser(configured))
        if path is None:
            raise Invalid(
                f"there is no program {configured!r}: set conda_client to conda, mamba or "
                f"micromamba, or to {RATTLER}"
            )
        return path
    named = (shutil.which(os.environ[name]) for name in _VARIABLES if os.environ.get(name))
    return next((one for one in (*named, *map(shutil.which, _NAMES)) if one), None)


class Client:
    """Solves by a dry run, then installs exactly what that chose."""

    def __init__(self, program: str, build: Build) -> None:
        self._program, self._build = program, build
        self._channels: tuple[str, ...] = ()
        self._chosen: tuple[str, ...] = ()
        self._count = 0

    @property
    def name(self) -> str:
        """Its path."""
        return self._program

    async def solve(
        self, channels: Sequence[str], specs: Sequence[str], *, lowest: bool = False
    ) -> tuple[Package, ...]:
        """Choose packages; raises Invalid with the cause, or NoChannel. Knows no `lowest`."""
        self._channels = tuple(channels)
        try:
            told = await self._dry_run(channels, specs)
        except causes.NoChannel as silent:
            # A client gives up at the first channel that is silent, and says nothing of the others.
            if len(channels) > 1:
                await self._refuse_if_any_answers(channels, str(silent))
            raise
        links = _links(told)
        if not links:
            raise Unreachable(
                f"{self._program} does not say what it would install: "
                f"set conda_client to {RATTLER}, or update it"
            )
        self._count = len(links)
        packages = tuple(_package(one) for one in links)
        if all("url" in one for one in links):
            self._chosen = ("@EXPLICIT", *(_explicit(one) for one in links))
        else:
            self._chosen = tuple(_exact(one) for one in links)
        return packages

    async def _dry_run(self, channels: Sequence[str], specs: Sequence[str]) -> Mapping[str, Any]:
        with tempfile.TemporaryDirectory(prefix="aml-conda-") as folder:
            file = Path(folder, "wanted.txt")
            file.write_text("\n".join(specs) + "\n", encoding="utf-8")
            code, out, err = await self._run(
                "create", "--yes", "--dry-run", "--json", *_from(channels),
                "--prefix", str(Path(folder, "env")), "--file", str(file),
            )  # fmt: skip
        told = _json(out)
        if code != 0 or not told.get("success", True):
            text = str(told.get("message") or told.get("error") or "") or f"{out}\n{err}"
            self._build.log(conda_specs.masked(f"{text}\n"))
            raise causes.failed(text, specs=specs, channels=channels)
        return told

    async def _refuse_if_any_answers(self, channels: Sequence[str], reason: str) -> None:
        for channel in channels:
            try:
                await self._dry_run([channel], ["python"])
            except causes.NoChannel:
                continue
            except Invalid:
                pass  # It answers that it has no Python.
            there = conda_specs.masked(channel)
            raise Unreachable(
                f"not every conda channel answers ({reason}), but {there} does, so nothing else "
                "is asked in their place"
            )

    async def install(self, prefix: Path) -> None:
        """Install what was solved last."""
        file = prefix.parent / "conda.txt"
        await asyncio.to_thread(file.write_text, "\n".join(self._chosen) + "\n", encoding="utf-8")
        looking = asyncio.create_task(self._say_how_far(prefix))
        try:
            code, out, err = await self._run(
                "create", "--yes", *_from(self._channels),
                "--prefix", str(prefix), "--file", str(file),
            )  # fmt: skip
        finally:
            looking.cancel()
        self._build.log(conda_specs.masked(out))
        if code == 0:
            return
        error = causes.failed(f"{out}\n{err}", specs=(), channels=self._channels)
        if isinstance(error, causes.NoChannel):
            raise Unreachable(f"a conda package could not be downloaded ({error})")
        raise error

    async def _say_how_far(self, prefix: Path) -> None:
        while True:
            there = len(conda_prefix.records(prefix))
            self._build.say(f"installing: {there} of {self._count} packages")
            await asyncio.sleep(_LOOK)

    async def _run(self, *arguments: str) -> tuple[int, str, str]:
        """Run the client; cancelled, it ends with all its own children."""
        shown = conda_specs.masked(" ".join((self._program, *arguments)))
        self._build.log(f"$ {shown}\n")
        variables = {name: value for name, value in os.environ.items() if name not in _DENIED}
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", warden.__file__, self._program, *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, start_new_session=True, env=variables,
        )  # fmt: skip
        assert child.stdout is not None and child.stderr is not None
        try:
            out, err = await asyncio.gather(child.stdout.read(), self._heard(child.stderr))
            code = await child.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
            raise
        return code, out.decode(errors="replace"), err

    async def _heard(self, stream: asyncio.StreamReader) -> str:
        text = ""
        while piece := (await stream.read(1 << 16)).decode(errors="replace"):
            text += piece
            self._build.log(conda_specs.masked(piece))
        return text


def _from(channels: Sequence[str]) -> list[str]:
    named = [text for one in channels for text in ("--channel", one)]
    return ["--override-channels", *named]


def _json(text: str) -> Mapping[str, Any]:
    """The JSON object that the client printed, perhaps among other lines."""
    begin = text.find("{")
    try:
        data, _ = json.JSONDecoder().raw_decode(text, max(begin, 0))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _links(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the dry run would install. conda names a URL only for what it has to download."""
    actions = told.get("actions") or {}
    if isinstance(actions, list):
        actions = actions[0] if actions else {}
    fetched = {_exact(one): one for one in actions.get("FETCH") or ()}
    return [{**fetched.get(_exact(one), {}), **one} for one in actions.get("LINK") or ()]


def _package(link: Mapping[str, Any]) -> Package:
    url = link.get("url") or "/".join(
        str(link.get(part) or "") for part in ("base_url", "platform", "dist_name")
    )
    digest = link.get("sha256") or link.get("md5") or ""
    return Package(str(link.get("name")), str(link.get("version")), str(url), str(digest))


def _explicit(link: Mapping[str, Any]) -> str:
    return f"{link['url']}#{link['md5']}" if link.get("md5") else str(link["url"])


def _exact(link: Mapping[str, Any]) -> str:
    build = link.get("build_string") or link.get("build") or "*"
    return f"{link.get('name')}={link.get('version')}={build}"
