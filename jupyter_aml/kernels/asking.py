"""What a kernel asks the engine for before it starts: its environment, built."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from typing import TypeVar

from jupyter_aml.client import Client, default_root, find
from jupyter_aml.domain import secrets
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.environment import read as read_definition
from jupyter_aml.domain.errors import AmlError, Invalid
from jupyter_aml.kernels.home import Home
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runtime.runtime import ensure_runtime
from jupyter_aml.wire.asked import WireBuildRequest
from jupyter_aml.wire.environments import WireMaterialised

T = TypeVar("T")

EXTRAS = ("ipykernel",)
"""What a kernel needs on top of its environment."""

_WAIT = 5.0
"""Seconds of one question; whoever leaves meanwhile is gone at most this much later."""

_LAST_LINES = 40
"""Lines of the log of a build that failed that the Jupyter server's own log shows."""

_PROBE = "import importlib.util as u, sys; sys.exit(u.find_spec('ipykernel_launcher') is None)"


async def home_of(
    environment: str,
    *,
    workspace: str,
    version: str | None,
    say: Callable[[str], None],
) -> Home:
    """Return where a kernel of this environment lives, building it first where it is not built.

    Nothing blocks the event loop. Raises what the engine answers, and Invalid with the cause
    where the build fails. `say` hears how far the build is, each time it is somewhere else.
    """
    root = default_root()
    client = await asyncio.to_thread(find, root)
    found = await _ask(client, lambda: client.environments.get(workspace, environment, version))
    definition = read_definition(found["definition"])
    label = f"{found['name']}:{found['version']}"
    built = await _built(client, workspace, found["name"], found["version"], say)
    interpreter = built["interpreter"]
    assert interpreter is not None
    if built["image"] is None and _is_given(definition):
        await asyncio.to_thread(_check_kernel, label, interpreter)
    runtime = await asyncio.to_thread(ensure_runtime, root)
    return Home(
        label=label,
        workspace=workspace,
        interpreter=interpreter,
        image=built["image"],
        variables=secrets.hidden({**built["variables"], **definition.variables}),
        secrets=secret_files.of_environment(root, workspace, found["name"], found["version"]),
        root=root,
        socket=client.address.socket,
        pythonpath=runtime.pythonpath,
        docker=definition.docker,
    )


async def _built(
    client: Client, workspace: str, name: str, version: str, say: Callable[[str], None]
) -> WireMaterialised:
    body: WireBuildRequest = {
        "workspace": workspace, "version": version, "extras": list(EXTRAS)
    }  # fmt: skip
    seen = await _ask(client, lambda: client.environments.build(name, body))
    told: str | None = None
    while seen["state"] == "building":
        if seen["reason"] not in (None, told):
            told = seen["reason"]
            say(f"environment {name}:{version} is being built: {told}")
        seen = await _ask(
            client,
            lambda: client.environments.build_state(
                workspace, name, version, extras=EXTRAS, wait=_WAIT
            ),
        )
    if seen["state"] == "ready" and seen["interpreter"]:
        return seen
    say(await _end_of_log(client, workspace, name, version))
    why = seen["reason"] or "the engine does not say why"
    raise Invalid(f"environment {name}:{version} cannot be built: {why}")


async def _end_of_log(client: Client, workspace: str, name: str, version: str) -> str:
    log = lambda: client.environments.log(workspace, name, version, extras=EXTRAS)  # noqa: E731
    try:
        piece = await _ask(client, log)
    except AmlError as error:
        return f"the log of the build cannot be read: {error}"
    end = piece.data.decode(errors="replace").splitlines()[-_LAST_LINES:]
    return "\n".join((f"the build of environment {name}:{version} ended with:", *end))


async def _ask(client: Client, question: Callable[[], T]) -> T:
    def ask() -> T:
        try:
            return question()
        finally:
            # A connection belongs to its thread, and the next question may come from another.
            client.close()

    return await asyncio.to_thread(ask)


def _is_given(definition: Definition) -> bool:
    """Whether the environment is the user's own, so that nothing is put on top of it."""
    return definition.is_user_managed or definition.base_conda_environment is not None


def _check_kernel(label: str, interpreter: str) -> None:
    """Raise Invalid where this Python has no ipykernel: its kernel would just never answer."""
    try:
        done = subprocess.run(
            [interpreter, "-c", _PROBE], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Invalid(f"{interpreter} of environment {label} cannot be started: {error}") from error
    if done.returncode != 0:
        raise Invalid(
            f"environment {label} is managed by you and has no ipykernel: "
            f"{interpreter} -m pip install ipykernel"
        )
