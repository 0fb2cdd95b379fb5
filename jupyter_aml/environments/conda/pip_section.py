"""The `pip:` section of a conda specification, installed on top of the conda packages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from jupyter_aml.domain.errors import Unreachable
from jupyter_aml.environments import causes, requirements
from jupyter_aml.environments.cache import Site
from jupyter_aml.environments.conda import prefix
from jupyter_aml.environments.conda.solver import Package
from jupyter_aml.environments.pip import uv
from jupyter_aml.environments.pip.torch_builds import given_up
from jupyter_aml.environments.protocol import Build, Wish

_CHANGED = re.compile(r"^ ([-+]) (\S+)==(\S+)", re.MULTILINE)


async def add(
    site: Site,
    pip: Sequence[str],
    there: Sequence[Package],
    wish: Wish,
    *,
    strict: bool,
    build: Build,
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Install requirements; returns name and version of what came, and what to warn of."""
    if not pip:
        return {}, ()
    build.say(f"installing {len(pip)} Python requirement{'s' * (len(pip) > 1)} by pip's rules")
    file = site.folder / "requirements.txt"
    lines = [line for line in pip if line != "--pre"]
    await asyncio.to_thread(file.write_text, "\n".join(lines) + "\n", encoding="utf-8")
    torch = wish.definition.torch_backend
    warnings = []
    try:
        told = await _installed(site, pip, there, wish, torch, build)
    except Unreachable as error:
        if torch is None:
            raise
        warnings.append(given_up(torch, error, strict=strict))
        told = await _installed(site, pip, there, wish, None, build)
    changes = _CHANGED.findall(told)
    added = {name: version for sign, name, version in changes if sign == "+"}
    warnings += [
        f"{name} {version} of the conda packages gave way to {name} {added[name]} "
        "for the `pip:` section"
        for sign, name, version in changes
        if sign == "-" and name in added
    ]
    return added, tuple(warnings)


async def _installed(
    site: Site,
    pip: Sequence[str],
    there: Sequence[Package],
    wish: Wish,
    torch: str | None,
    build: Build,
) -> str:
    """What uv printed of it."""
    done = await uv.run(
        "pip", "install", "--break-system-packages",
        "--python", str(prefix.interpreter(site.home)),
        "--requirements", str(site.folder / "requirements.txt"),
        *requirements.previews(pip), *(["--refresh"] if wish.again else []),
        *([] if torch is None else ["--torch-backend", torch]), build=build,
    )  # fmt: skip
    if done.code != 0:
        names = {one.name: one.version for one in there}
        raise causes.failed(done.err, python=names.get("python", ""), asked=pip, known=names)
    return done.err
