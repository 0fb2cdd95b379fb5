"""Building an environment, watched from a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.client.builds import Build
    from jupyter_aml.wire.environments import WireEnvironment

_STATUS = {"not built": "NotStarted", "building": "Running", "ready": "Succeeded",
           "failed": "Failed"}  # fmt: skip


class ImageBuildDetails:
    """A build that goes on, or has ended."""

    def __init__(self, environment_client: Any = None, location: str = "") -> None:
        """`environment_client` is the client, `location` is `workspace/name/version`."""
        self.environment_client = environment_client
        self._place = tuple(location.split("/"))
        self._build: Build | None = None
        workspace, name, version = self._place
        self.log_url = f"/aml/environments/{name}/log?workspace={workspace}&version={version}"

    @classmethod
    def _begin(cls, client: Any, seen: WireEnvironment) -> ImageBuildDetails:
        """Start to build a registered environment, or join the build under way."""
        from jupyter_aml.client.builds import Build

        made = cls(client, f"{seen['workspace']}/{seen['name']}/{seen['version']}")
        made._build = Build(client, seen)
        made._build.start()
        return made

    @property
    def status(self) -> str:
        """`Running`, `Succeeded`, `Failed`, or `NotStarted`."""
        return _STATUS[self.environment_client.environments.build_state(*self._place)["state"]]

    def get_log(self) -> str:
        """The log so far."""
        return self._followed.log().decode("utf-8", "replace")

    def wait_for_completion(self, show_output: bool = True) -> ImageBuildDetails:
        """Wait for the end, printing the log; raises UserErrorException with the cause."""
        tell = (lambda text: print(text, end="", flush=True)) if show_output else None
        state = self._followed.follow(lambda line: None, tell)
        label = ":".join(self._place[1:])
        if state["state"] == "failed":
            raise UserErrorException(f"environment {label} could not be built: {state['reason']}")
        if state["state"] != "ready":
            raise UserErrorException(f"environment {label} is not built: call build() again")
        return self

    @property
    def _followed(self) -> Build:
        if self._build is None:
            from jupyter_aml.client.builds import Build

            self._build = Build(
                self.environment_client, self.environment_client.environments.get(*self._place)
            )
        return self._build

    def __repr__(self) -> str:
        return f"ImageBuildDetails({':'.join(self._place[1:])}, {self.status})"


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
