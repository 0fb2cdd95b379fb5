"""The ways to log in of SDK v1: taken everywhere, and of no effect, for nothing asks.

Each takes the arguments that it took there, and refuses others; none of them is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class AbstractAuthentication:
    """Nobody has to log in."""

    def __init__(self, cloud: str | None = None) -> None:
        """Take what SDK v1 took."""

    def get_authentication_header(self) -> dict[str, str]:
        """A header as REST samples want it; the services here do not look at it."""
        return {"Authorization": "Bearer local"}

    def get_token(self, *scopes: Any, **kwargs: Any) -> str:
        """A token that opens nothing, whatever it is for."""
        return "local"


class InteractiveLoginAuthentication(AbstractAuthentication):
    """Nobody has to log in."""

    def __init__(
        self, force: bool = False, tenant_id: str | None = None, cloud: str | None = None
    ) -> None:
        super().__init__(cloud)


class AzureCliAuthentication(AbstractAuthentication):
    """Nobody has to log in."""


class ServicePrincipalAuthentication(AbstractAuthentication):
    """Nobody has to log in."""

    def __init__(
        self,
        tenant_id: str,
        service_principal_id: str,
        service_principal_password: str,
        cloud: str | None = "AzureCloud",
        _enable_caching: bool = True,
    ) -> None:
        super().__init__(cloud)


class MsiAuthentication(AbstractAuthentication):
    """Nobody has to log in."""

    def __init__(self, cloud: str | None = None, identity_config: Any = None) -> None:
        super().__init__(cloud)


class ArmTokenAuthentication(AbstractAuthentication):
    """Nobody has to log in."""

    def __init__(self, arm_access_token: str, cloud: str | None = None) -> None:
        super().__init__(cloud)

    def update_arm_access_token(self, new_arm_access_token: str) -> None:
        """Nothing looks at the token, old or new."""


class TokenAuthentication(AbstractAuthentication):
    """Nobody has to log in."""

    def __init__(
        self, get_token_for_audience: Callable[[Any], str], cloud: str | None = None
    ) -> None:
        super().__init__(cloud)

    def get_token(self, audience: Any = None) -> str:
        """A token that opens nothing, for whomever."""
        return "local"


class AzureMLTokenAuthentication(AbstractAuthentication):
    """Nobody has to log in."""

    def __init__(
        self,
        azureml_access_token: str,
        expiry_time: Any = None,
        host: str | None = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        experiment_name: str | None = None,
        run_id: str | None = None,
        user_email: str | None = None,
        experiment_id: str | None = None,
        cloud: str | None = "AzureCloud",
    ) -> None:
        super().__init__(cloud)
