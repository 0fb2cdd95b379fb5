"""Says in a sentence what a library of a store complains of; never repeats what may hold a key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from jupyter_aml.domain.errors import AmlError, NotFound, Refused, StorageFailed, Unreachable

_REFUSED = {
    "ClientAuthenticationError", "NoCredentialsError", "PartialCredentialsError", "GoogleAuthError",
    "CredentialUnavailableError",
}  # fmt: skip
_UNREACHABLE = {
    "ServiceRequestError", "ServiceResponseError", "ServiceRequestTimeoutError",
    "EndpointConnectionError", "ClientConnectorError", "ClientConnectionError",
    "ConnectTimeoutError", "ReadTimeoutError", "ServerTimeoutError", "FSTimeoutError",
    "IncompleteReadError", "ServerDisconnectedError", "ClientOSError",
}  # fmt: skip


@contextlib.contextmanager
def told(url: str, path: str) -> Iterator[None]:
    """Turn the errors of libraries into ours, each with one sentence."""
    try:
        yield
    except AmlError:
        raise
    except Exception as error:
        known = _known(error, url, path)
        if known is None:
            raise
        # The library's own text may hold an address with a signature.
        raise known from None


def _known(error: BaseException, url: str, path: str) -> AmlError | None:
    what = f"{url}/{path}".rstrip("/")
    names = {kind.__name__ for each in _chain(error) for kind in type(each).__mro__}
    code = next((str(found) for each in _chain(error) if (found := _code(each))), "")
    status = next((found for each in _chain(error) if (found := _status(each))), None)
    if code == "ContainerNotFound":
        return NotFound(f"there is no container at {url}")
    if code == "ContainerBeingDeleted":
        return Unreachable(f"the container at {url} is being deleted: try again in a minute")
    if names & _REFUSED or status in (401, 403):
        why = f" ({code})" if code else ""
        return Refused(f"{url} does not let us in{why}: its key, signature or login is wrong")
    if names & _UNREACHABLE or isinstance(
        error, ConnectionError | TimeoutError | asyncio.TimeoutError
    ):
        return Unreachable(f"{url} does not answer")
    if isinstance(error, FileNotFoundError) or status == 404 or "ResourceNotFoundError" in names:
        return NotFound(f"{path!r} is not at {url}" if path else f"there is no {url}")
    if isinstance(error, PermissionError):
        return Refused(f"{what} may not be read or written with this login")
    if isinstance(error, NotImplementedError):
        return Refused(f"{what}: this kind of store cannot do that")
    if status is not None and status >= 500:
        return Unreachable(f"{url} is in trouble (HTTP {status}): try again")
    if status is not None:
        return Refused(f"{what}: the store refuses it (HTTP {status}{f', {code}' if code else ''})")
    if isinstance(error, OSError):
        return StorageFailed(f"{what}: {error.strerror or type(error).__name__}")
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _code(error: BaseException) -> object:
    return getattr(error, "error_code", None)


def _status(error: BaseException) -> int | None:
    for name in ("status_code", "status", "code"):
        found = getattr(error, name, None)
        if isinstance(found, int) and 400 <= found < 600:
            return found
    return None
