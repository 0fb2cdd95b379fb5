"""Building an environment, watched from a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.errors import NotFound
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml import wire
    from jupyter_aml.client import Client

_PATIENCE = 20.0
_STATUS = {"not built": "NotStarted", "building": "Running", "ready": "Succeeded",
           "failed": "Failed"}  # fmt: skip


class ImageBuildDetails:
    """A build that goes on, or has ended."""

    def __init__(self, environment_client: Any = None, location: str = "", **_: Any) -> None:
        """`environment_client` is the client, `location` is `workspace/name/version`."""
        self.environment_client: Client = environment_client
        self._workspace, self._name, self._version = location.split("/")
        self.log_url = f"/aml/environments/{self._name}/log?version={self._version}"

    @property
    def status(self) -> str:
        """`Running`, `Succeeded`, `Failed`, or `NotStarted`."""
        return _STATUS[self._look(0)["state"]]

    def get_log(self) -> str:
        """The log so far."""
        text, offset = "", 0
        while True:
            try:
                piece = self.environment_client.build_log(
                    self._workspace, self._name, self._version, offset
                )
            except NotFound:
                return text
            text += piece.data.decode("utf-8", "replace")
            offset = piece.offset + len(piece.data)
            if offset >= piece.size:
                return text

    def wait_for_completion(self, show_output: bool = True) -> ImageBuildDetails:
        """Wait for the end, printing the log; raises UserErrorException with the cause."""
        shown = 0
        while True:
            state = self._look(1.0 if show_output else _PATIENCE)
            if show_output:
                text = self.get_log()
                print(text[shown:], end="", file=sys.stdout, flush=True)
                shown = len(text)
            if state["state"] == "building":
                continue
            if state["state"] == "failed":
                raise UserErrorException(
                    f"environment {self._name!r} could not be built: {state['reason']}"
                )
            return self

    def _look(self, wait: float) -> wire.WireMaterialised:
        return self.environment_client.build_state(
            self._workspace, self._name, self._version, wait=wait
        )

    def __repr__(self) -> str:
        return f"ImageBuildDetails({self._name}:{self._version}, {self.status})"


class DockerImageDetails(dict[str, Any]):
    """What a built environment is, with SDK v1's keys and properties."""

    @property
    def image_exist(self) -> bool:
        """Whether there is a docker image."""
        return bool(self.get("imageExistsInRegistry"))

    @property
    def repository(self) -> str | None:
        """The id of the image."""
        return _text(self.get("repository"))

    @property
    def registry(self) -> Any:
        """The registry of the image: none, as images stay on this machine."""
        return self.get("registry")

    @property
    def image(self) -> str | None:
        """The id of the image; None for an environment that is no image."""
        return self.repository

    @property
    def interpreter_path(self) -> str | None:
        """The Python of the environment."""
        return _text(self.get("pythonEnvironment", {}).get("interpreterPath"))

    @property
    def environment_path(self) -> str | None:
        """The folder of the environment."""
        return _text(self.get("pythonEnvironment", {}).get("condaEnvironmentPath"))

    @property
    def dockerfile(self) -> str | None:
        """The Dockerfile it is made with."""
        return _text(self.get("dockerfile"))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
