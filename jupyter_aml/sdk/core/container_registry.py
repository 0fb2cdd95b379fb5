"""Where an image is pulled from."""

from __future__ import annotations


class ContainerRegistry:
    """Address and login of a registry of images."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.username: str | None = None
        self.password: str | None = None
        self.registry_identity: object = None
