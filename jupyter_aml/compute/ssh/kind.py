"""The kind of targets that are machines reached by SSH: attached with a form, checked by login."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from jupyter_aml.compute.kinds import Kind, Setting, TargetPlace
from jupyter_aml.compute.protocol import BackendJob, ComputeBackend, Handle, Packages
from jupyter_aml.compute.ssh.backend import SSH, SshBackend
from jupyter_aml.compute.ssh.link import connect
from jupyter_aml.compute.ssh.options import FOLDER, MAX_RUNS, PORT, SshOptions
from jupyter_aml.compute.target import Building, Incoming, Outgoing, Target, TargetState
from jupyter_aml.compute.targets import TargetSettings
from jupyter_aml.domain.compute import ComputeDefinition, MachinePython
from jupyter_aml.domain.run_limits import amount


class SshKind(Kind):
    """Targets whose runs are processes of another machine."""

    name, type, label = SSH, "VirtualMachine", "Machine over SSH"
    help = (
        "Each run is a process on that machine, which has an SSH server and Python 3.10 or newer; "
        "environments of pip packages are built there, and no files are shared."
    )
    settings = (
        Setting(name="address", label="Address", help="name or number", is_required=True),
        Setting(name="port", label="Port", type="number", default=PORT),
        Setting(name="username", label="User", help="who logs in there", is_required=True),
        Setting(name="password", label="Password", type="secret"),
        Setting(
            name="private_key_file", label="Private key",
            help="a file on this server; empty for those of ~/.ssh and its agent",
        ),
        Setting(name="private_key_passphrase", label="Passphrase of the key", type="secret"),
        Setting(
            name="host_key", label="Host key",
            help="ssh-ed25519 AAAA... or SHA256:...; empty for what ~/.ssh/known_hosts says",
        ),
        Setting(
            name="python", label="Python there",
            help="3.10 or newer; runs without an environment of their own have it; empty for any",
        ),
        Setting(
            name="folder", label="Folder there", help="where run folders lie", default=FOLDER
        ),
        Setting(
            name="max_runs", label="Runs at once", type="number", default=MAX_RUNS,
        ),
    )  # fmt: skip

    def checked(self, definition: ComputeDefinition) -> ComputeDefinition:
        """The definition as it is kept; raises Invalid for a setting that is wrong."""
        given = {name: value for name, value in definition.settings.items() if value != ""}
        checked = super().checked(replace(definition, settings=given))
        SshOptions.from_json(checked.settings)
        return replace(checked, type=self.type)

    async def probe(self, definition: ComputeDefinition, place: TargetPlace) -> str:
        """Log in and say what is there; raises Invalid for a host key that is not known."""
        options = SshOptions.from_json(definition.settings)
        link = await connect(options, place.secret, _unheard)
        try:
            about = link.about
        finally:
            link.close()
        cores = "1 core" if about["cores"] == 1 else f"{about['cores']} cores"
        memory = f", {amount(about['memory'])} of memory" if about["memory"] else ""
        return (
            f"{about['host']} answers ({about['system']}): Python {about['python']} "
            f"({about['executable']}), {cores}{memory}; run folders lie in {about['home']}"
        )

    def open(self, definition: ComputeDefinition, place: TargetPlace) -> Target:
        """Return the target; it is connected to when the first run is sent."""
        return SshTarget(definition, place)


class SshTarget(Target):
    """A machine that is reached by SSH."""

    kind, is_elsewhere, takes_kernels = SshKind.type, True, True

    def __init__(self, definition: ComputeDefinition, place: TargetPlace) -> None:
        self.name, self._definition = definition.name, definition
        self._options = SshOptions.from_json(definition.settings)
        self._backend = SshBackend(self._options, place.secret)

    @property
    def slots(self) -> int:  # type: ignore[override]
        """How many runs it was said to take."""
        return 0 if self._definition.is_stopped else int(self._options.max_runs)

    def backend_for(self, job: BackendJob) -> ComputeBackend:
        """The machine."""
        return self._backend

    def backend_of(self, handle: Handle) -> ComputeBackend:
        """The machine."""
        return self._backend

    async def open_door(self, handle: Handle, told: Mapping[str, Any]) -> tuple[Incoming, Outgoing]:
        """Connect to the keeper of a kernel through the connection that there is."""
        return await self._backend.machine.open(int(told["port"]))

    async def python(self, say: Callable[[str], None]) -> MachinePython:
        """That of the setting `python`, or the one that was found."""
        return await self._backend.builds.python(say)

    async def find_environment(self, key: str, say: Callable[[str], None]) -> str | None:
        """The interpreter of an environment that lies in the folder there."""
        return await self._backend.builds.find(key, say)

    async def build_environment(self, packages: Packages, build: Building) -> str:
        """Have it built there."""
        return await self._backend.builds.build(packages, build)

    def refusal(self) -> str | None:
        """Whether somebody has stopped it."""
        if self._definition.is_stopped:
            return f"compute target {self.name!r} is stopped: start it first"
        return None

    def state(self) -> TargetState:
        """Whether it is stopped, and whether the machine answers."""
        if self._definition.is_stopped:
            return TargetState(state="Stopped")
        return TargetState(why=self._backend.machine.silence)

    async def change(self, definition: ComputeDefinition) -> None:
        """Connect with that from now on."""
        self._definition = definition
        self._options = SshOptions.from_json(definition.settings)
        self._backend.change(self._options)

    async def end(self) -> None:
        """Nothing of it is ended: it was there before."""

    def close(self) -> None:
        """Let go of the connection; the jobs go on."""
        self._backend.close()


def kinds(settings: TargetSettings) -> Iterable[Kind]:
    """Return the kind that this module brings."""
    return (SshKind(),)


async def _unheard(told: object, data: bytes) -> None:
    """Take what is told to nobody."""
