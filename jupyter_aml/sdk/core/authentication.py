"""The ways to log in of SDK v1: nobody has to, and each gives a token that our own doors accept.

What proves who somebody is elsewhere (passwords, certificates, tokens of others) is taken, so that
scripts run as they are, and neither looked at, stored nor sent on.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_aml.sdk.exceptions import AuthenticationException, UserErrorException
from jupyter_aml.wire.coding import decode_time

if TYPE_CHECKING:
    from jupyter_aml.client import Client

_SECONDS = 3600
_NEARLY_OVER = 300.0
"""Seconds before its end at which a token is no longer handed out."""


class _AccessToken(NamedTuple):
    """A token with its end, in seconds of Unix time; `azure.core.credentials` has one like it."""

    token: str
    expires_on: int


class Audience(Enum):
    """Whom SDK v1 asked for a token; here it is the same one for all."""

    ARM = "ARM"
    AZUREML = "AZUREML"


class AbstractAuthentication:
    """Nobody has to log in. The header opens the doors of the engine for an hour."""

    _workspace: str | None = None

    def __init__(self, cloud: str | None = None) -> None:
        """Take what SDK v1 took."""

    def get_authentication_header(self) -> dict[str, str]:
        """`Authorization: Bearer <token>`, as REST samples send it.

        The token opens `/aml/` below the address of a Jupyter server on this root, is good for at
        least five minutes more, and may be revoked (`DELETE /aml/tokens/<id>`).
        """
        return {"Authorization": f"Bearer {self._token().token}"}

    def get_token(self, *scopes: Any, **kwargs: Any) -> Any:
        """The same token with its end (`token`, `expires_on`), whatever it is for."""
        return self._token()

    def signed_session(self, session: Any = None) -> Any:
        """A session of `requests` that sends the header; the one that is given, or a new one."""
        if session is None:
            try:
                import requests
            except ImportError:
                raise UserErrorException("signed_session() needs requests: install it") from None
            session = requests.Session()
        session.headers.update(self.get_authentication_header())
        return session

    def _token(self) -> _AccessToken:
        return _issued.get(type(self).__name__, self._workspace)


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
    """Tokens of the caller's own: what the function gives is the header, and it is asked each time.

    A token of ours from `client.tokens.issue(...)` opens our doors; one of others opens theirs.
    """

    def __init__(
        self, get_token_for_audience: Callable[[Any], str], cloud: str | None = None
    ) -> None:
        super().__init__(cloud)
        if not callable(get_token_for_audience):
            raise UserErrorException(
                "get_token_for_audience: give a function that takes an audience, not "
                f"{type(get_token_for_audience).__name__}"
            )
        self._get_token = get_token_for_audience

    def get_token(self, audience: Any = Audience.ARM) -> str:
        """What the function gives for an audience."""
        return self._get_token(audience)

    def get_authentication_header(self) -> dict[str, str]:
        """`Authorization: Bearer` with what the function gives."""
        return {"Authorization": f"Bearer {self.get_token(Audience.AZUREML)}"}


class AzureMLTokenAuthentication(AbstractAuthentication):
    """A token that was handed over, with the time at which it ends."""

    EXPIRATION_THRESHOLD_IN_SECONDS = 300
    REFRESH_INTERVAL_IN_SECONDS = 30

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
        self.set_token(azureml_access_token, expiry_time)

    @classmethod
    def create(
        cls,
        azureml_access_token: str,
        expiry_time: Any,
        host: str | None,
        subscription_id: str | None,
        resource_group_name: str | None,
        workspace_name: str | None,
        experiment_name: str | None,
        run_id: str | None,
        user_email: str | None = None,
        experiment_id: str | None = None,
    ) -> AzureMLTokenAuthentication:
        """The same as the class itself; there is nothing that would refresh a token of others."""
        return cls(azureml_access_token, expiry_time)

    @property
    def token(self) -> str:
        """The token."""
        return self._given

    @property
    def expiry_time(self) -> datetime | None:
        """When it ends; None where nobody said so."""
        return self._ends

    def set_token(self, token: str, expiry_time: Any) -> None:
        """Take another token; its end is a time, seconds of Unix time, or None."""
        if not isinstance(token, str) or not token:
            raise AuthenticationException("azureml_access_token: give the token, a text")
        self._given, self._ends = token, _time(expiry_time)

    def get_token(self, *scopes: Any, **kwargs: Any) -> _AccessToken:
        """The token; raises AuthenticationException once it has ended."""
        ends = self._ends
        if ends is not None and ends <= datetime.now(timezone.utc):
            raise AuthenticationException(f"this token ended at {ends}: call set_token()")
        return _AccessToken(self._given, 0 if ends is None else int(ends.timestamp()))

    def get_authentication_header(self) -> dict[str, str]:
        """`Authorization: Bearer <token>`."""
        return {"Authorization": f"Bearer {self.get_token().token}"}


class _OfWorkspace(AbstractAuthentication):
    """What a workspace logs in with: its token opens that workspace alone."""

    def __init__(self, workspace: str) -> None:
        super().__init__()
        self._workspace = workspace


class _Issued:
    """Tokens that this process was given, each until it is nearly over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[int, str, str | None], _AccessToken] = {}

    def get(self, name: str, workspace: str | None) -> _AccessToken:
        """A token for that name and workspace that is good for a while."""
        from jupyter_aml.client import find

        client = find()
        # Of a process that was forked, and of another root, they are none.
        key = (os.getpid(), f"{client.address} {name}", workspace)
        with self._lock:
            known = self._known.get(key)
            if known is None or known.expires_on - time.time() < _NEARLY_OVER:
                known = self._known[key] = _new(client, name, workspace)
            return known


def _new(client: Client, name: str, workspace: str | None) -> _AccessToken:
    told = client.tokens.issue(name=name, workspace=workspace, seconds=_SECONDS)
    ends = decode_time(told["expiresAt"])
    assert ends is not None
    return _AccessToken(told["token"], int(ends.timestamp()))


def _time(told: Any) -> datetime | None:
    if told is None:
        return None
    if isinstance(told, datetime):
        # A time without a zone is one of UTC, as SDK v1 had them.
        return told if told.tzinfo is not None else told.replace(tzinfo=timezone.utc)
    try:
        return datetime.fromtimestamp(float(told), timezone.utc)
    except (TypeError, ValueError, OverflowError, OSError):
        raise AuthenticationException(f"expiry_time: {told!r} is no time") from None


_issued = _Issued()
