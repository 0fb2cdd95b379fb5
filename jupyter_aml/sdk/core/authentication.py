"""The ways to log in of SDK v1: accepted everywhere, and of no effect, for nothing asks."""

from __future__ import annotations

from typing import Any


class AbstractAuthentication:
    """Takes what it is given and keeps none of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept any arguments; secrets among them are not stored."""

    def get_authentication_header(self) -> dict[str, str]:
        """A header as REST samples want it; the services here do not look at it."""
        return {"Authorization": "Bearer local"}

    def get_token(self) -> str:
        """A token that opens nothing."""
        return "local"


class InteractiveLoginAuthentication(AbstractAuthentication):
    """Nobody has to log in."""


class AzureCliAuthentication(AbstractAuthentication):
    """Nobody has to log in."""


class ServicePrincipalAuthentication(AbstractAuthentication):
    """Nobody has to log in."""


class MsiAuthentication(AbstractAuthentication):
    """Nobody has to log in."""


class ArmTokenAuthentication(AbstractAuthentication):
    """Nobody has to log in."""


class AzureMLTokenAuthentication(AbstractAuthentication):
    """Nobody has to log in."""
