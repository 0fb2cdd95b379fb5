"""What all handlers share: the error map, JSON both ways, and the way to the engine."""

from __future__ import annotations

import json
from asyncio import Future
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from http import HTTPStatus
from types import TracebackType
from typing import Any, cast

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from jupyter_aml.domain import errors
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.server import forward
from jupyter_aml.server.bearer import Bearers, Granted, Scoped
from jupyter_aml.server.holder import Holder
from jupyter_aml.server.seat import GAP, AnySeat, Deadline
from jupyter_aml.wire.coding import finite
from jupyter_aml.wire.protocol import WireProblem

SEAT = "jupyter_aml_seat"
"""Key of the tornado settings under which handlers find the way to the engine."""

YIELD = "jupyter_aml_yield"
"""Key under which a headless engine's socket keeps what to do when it shall yield."""

BEARERS = "jupyter_aml_bearers"
"""Key for those who are let in by a token of ours; none on the socket, which needs no tokens."""

RUNNING = "jupyter_aml_running"
"""Key for the kernels of this Jupyter server; None in an engine without Jupyter."""

RESOURCE = "jupyter_aml"
"""What an authorizer is asked about."""

LONGEST_BODY = 16 * 1024 * 1024

HTTP_STATUS: Mapping[type[AmlError], int] = {
    errors.OutOfSight: 422,
    errors.Invalid: 422,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.IllegalMove: 409,
    errors.Outdated: 409,
    errors.Refused: 403,
    errors.Unreachable: 503,
    errors.StorageFailed: 507,
}


class AmlHandler(APIHandler):
    """A handler of one noun. Each verb decodes, makes one call to the engine and encodes."""

    auth_resource = RESOURCE
    _has_token = False

    async def prepare(self, **kwargs: Any) -> None:
        """Let in who has a token of ours; for all others Jupyter's own ways hold."""
        bearers: Bearers | None = self.settings.get(BEARERS)
        if bearers is not None:
            self._has_token = await bearers.admits(self)
        await super().prepare(**kwargs)

    @property
    def identity_provider(self) -> IdentityProvider:
        """Who says who it is: only a token that was checked stands in for Jupyter's word."""
        return Granted(token="") if self._has_token else super().identity_provider

    @property
    def authorizer(self) -> Authorizer:
        """Who says what may be done."""
        return Scoped() if self._has_token else super().authorizer

    @property
    def seat(self) -> AnySeat:
        """The way to the engine."""
        return cast("AnySeat", self.settings[SEAT])

    def reply(self, value: Any, *, status: int = 200) -> Future[None]:
        """Answer with JSON; what is returned is done when the answer is on its way."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        return self.finish(dump(value))

    def reply_nothing(self) -> None:
        """Answer that it is done and that there is nothing to say."""
        self.set_status(204)
        self.finish()

    def body(self) -> Mapping[str, Any]:
        """Return the JSON object that was sent; what is none is a 400 or 413."""
        raw = self.request.body
        if len(raw) > LONGEST_BODY:
            raise HTTPError(413, f"the body is longer than {LONGEST_BODY} bytes")
        try:
            value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise HTTPError(400, f"the body is not JSON: {error}"[:200]) from error
        if not isinstance(value, dict):
            raise HTTPError(400, "the body is not a JSON object")
        return value

    def break_off(self) -> None:
        """Hang up, so that nobody takes half an answer for a whole one."""
        connection = self.request.connection
        if isinstance(connection, HTTP1Connection):
            connection.close()

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Say in the log what went wrong, but not the token with which it was asked."""
        log_trouble(self, value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error is a WireProblem, also those that Jupyter or tornado raise."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        self.refuse(*problem_of(status_code, error))

    def refuse(self, status: int, problem: WireProblem) -> None:
        """Answer with a problem; past the headers all that is left is to break off."""
        if self._headers_written:
            self.break_off()
            return
        # What was meant for a good answer (a file's type, length or policy) is no longer true.
        self.clear_header("Content-Length")
        self.clear_header("Content-Disposition")
        if status == HTTPStatus.UNAUTHORIZED:
            self.set_header("WWW-Authenticate", "Bearer")
        self.set_status(status)
        self.finish(dump(problem))


def log_trouble(handler: JupyterHandler, error: BaseException | None) -> None:
    """What tornado would say of an error, without the query of the request: it may hold a token."""
    asked = f"{handler.request.method} {handler.request.path}"
    if not isinstance(error, HTTPError):
        handler.log.error("uncaught exception in %s", asked, exc_info=error)
    elif error.log_message:
        message = problem_of(error.status_code, error)[1]["message"]
        handler.log.warning("%d %s: %s", error.status_code, asked, message)


Verb = Callable[..., Awaitable[None]]


def served(method: Verb) -> Verb:
    """Give the verb the engine, or pass the request on to the server that holds it.

    Stands under `@authenticated` and `@authorized`: nothing is forwarded that is not allowed.
    """

    @wraps(method)
    async def inner(self: AmlHandler, *args: str) -> None:
        deadline = Deadline(GAP)
        try:
            while True:
                found = await self.seat.settled(deadline)
                if not isinstance(found, Holder):
                    return await method(self, found, *args)
                try:
                    stream = await forward.connect(found)
                except OSError:
                    self.seat.lost(found)
                    continue
                return await forward.request(self, found, stream, break_off=self.break_off)
        except AmlError as error:
            self.refuse(*problem_of(500, error))
        except StreamClosedError:
            # The client went away while we answered.
            self.log.debug("client of %s went away", self.request.path)

    return inner


def problem_of(status: int, error: object) -> tuple[int, WireProblem]:
    """Say an error as HTTP does. `status` counts where the error is not one of ours."""
    for kind, code in HTTP_STATUS.items():
        if isinstance(error, kind):
            return code, {"error": kind.__name__, "message": str(error)}
    if isinstance(error, AmlError):
        return 500, {"error": type(error).__name__, "message": str(error)}
    message = "Something went wrong inside; the server's log tells more."
    if isinstance(error, HTTPError):
        message = HTTPStatus(status).description or HTTPStatus(status).phrase
        if error.log_message:
            message = error.log_message % error.args if error.args else error.log_message
    name = "".join(part.capitalize() for part in HTTPStatus(status).phrase.split())
    return status, {"error": name, "message": message}


def dump(value: Any) -> str:
    """Return JSON that every browser reads: no NaN, no infinity."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return finite(value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(key)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of it")
