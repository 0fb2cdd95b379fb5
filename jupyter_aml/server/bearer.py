"""Lets plain HTTP clients in that send a token of ours: checked before all else, and scoped.

Jupyter's own ways to log in stay as they are. A token of ours opens `/aml/` alone, and there
what it was made for; it makes no other tokens.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, get_type_hints

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import HTTPError, RequestHandler

from jupyter_aml.domain.errors import AmlError, Refused
from jupyter_aml.domain.ids import DEFAULT_WORKSPACE
from jupyter_aml.domain.token import Token

if TYPE_CHECKING:
    from jupyter_aml.engine.tokens import Tokens


class Route(Protocol):
    """A path below `aml/` with its calls, as `openapi.Route` describes it."""

    @property
    def path(self) -> str:
        """The path with its open parts in braces."""
        ...

    @property
    def calls(self) -> Mapping[str, Any]:
        """What each method takes: its query and its body."""
        ...


_BEARER = re.compile(r"bearer\s+(aml_\S*)\s*", re.IGNORECASE)
_READS = ("GET", "HEAD")
_OPEN = ("status", "compute-kinds", "compute-sizes", "openapi.json")
"""What belongs to no workspace and is told to whoever is let in."""
_NOUNS = (
    "runs", "experiments", "environments", "compute", "datastores", "default-datastore", "datasets",
    "models", "source-uploads",
)  # fmt: skip
"""What belongs to a workspace; all else is not for who may see one workspace only."""
_NEVER = ("tokens", "engine", "secrets", "secret-values", "compute-kernels")
"""What no token opens: other tokens, the engine, what the vault keeps, and kernels, whose keys lie
on this machine."""
_RUNS_IN_A_BODY = ("runId", "parentId", "run")


class Granted(IdentityProvider):
    """Says that a request has a token, as Jupyter says it of its own: no cookie, no XSRF."""

    def get_user(self, handler: Any) -> User:
        """Whoever holds the token."""
        return User(username="aml-token", name="A token of jupyter_aml")

    def is_token_authenticated(self, handler: Any) -> bool:
        """No browser sends such a token by itself."""
        return True

    def should_check_origin(self, handler: Any) -> bool:
        """Nor does the page of another site."""
        return False


class Scoped(Authorizer):
    """What a token may do was checked when it was let in."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        """Yes."""
        return True


class Bearers:
    """Who may come in by a token, and to where."""

    def __init__(self, root: Path, routes: dict[type[RequestHandler], Route]) -> None:
        self._root, self._routes = root, routes
        self._opened: Tokens | None = None

    async def admits(self, handler: RequestHandler) -> bool:
        """Whether the request has a token of ours; raises HTTPError where that opens nothing."""
        match = _BEARER.fullmatch(handler.request.headers.get("Authorization", ""))
        if match is None:
            return False
        try:
            token = await asyncio.to_thread(self._checked, match[1])
        except Refused as error:
            raise HTTPError(401, "%s", str(error)) from None
        except AmlError as error:
            raise HTTPError(503, "%s", str(error)) from None
        reason = await asyncio.to_thread(self._reason, token, handler)
        if reason is not None:
            raise HTTPError(403, "%s", reason)
        return True

    def _checked(self, text: str) -> Token:
        return self._tokens.check(text)

    @property
    def _tokens(self) -> Tokens:
        if self._opened is None:
            # In a thread, and only where somebody comes with a token: it is not light.
            from jupyter_aml.engine.tokens import Tokens

            self._opened = Tokens(self._root)
        return self._opened

    def _reason(self, token: Token, handler: RequestHandler) -> str | None:
        """Why the token does not open what is asked for; None where it does."""
        method = handler.request.method or "GET"
        verb = "read" if method in _READS else "write"
        if verb not in token.verbs:
            return f"this token is not for requests that {verb}"
        route = self._routes.get(type(handler))
        noun = "" if route is None else route.path.partition("/")[0]
        if noun in _NEVER:
            return f"no token opens /aml/{noun}: log in to Jupyter"
        if token.workspace is None or (noun in _OPEN and verb == "read"):
            return None
        if route is not None and self._is_inside(token.workspace, route, method, handler):
            return None
        return f"this token is for workspace {token.workspace!r} alone"

    def _is_inside(
        self, workspace: str, route: Route, method: str, handler: RequestHandler
    ) -> bool:
        asked = _Asked(handler, route, method)
        if route.path.startswith("workspaces/"):
            return asked.path == [workspace]
        if route.path.partition("/")[0] not in _NOUNS:
            return False
        if any(self._tokens.has_run_elsewhere(workspace, run) for run in asked.runs):
            return False
        if route.path.startswith("runs/{"):
            # The second part, where it is a run as well, is that of a comparison.
            ids = asked.path if "{other}" in route.path else asked.path[:1]
            return all(self._tokens.has_run(workspace, run_id) for run_id in ids)
        return asked.workspaces == {workspace}


@dataclass(frozen=True)
class _Asked:
    """What a request says of workspaces and runs, read where its handler reads it."""

    handler: RequestHandler
    route: Route
    method: str

    @property
    def path(self) -> list[str]:
        """The parts of the path that the route leaves open."""
        return [*self.handler.path_args]

    @property
    def workspaces(self) -> set[str]:
        """The workspaces that it names; none where its handler does not say how it is told."""
        return set(self._workspaces())

    @property
    def runs(self) -> list[str]:
        """The runs that its body names."""
        told = [self._body.get(key) for key in _RUNS_IN_A_BODY]
        return [each for each in told if isinstance(each, str)]

    def _workspaces(self) -> Iterator[str]:
        call = self._call
        if call is None:
            return
        if any(query.name == "workspace" for query in call.query):
            given = [one for one in self.handler.get_query_arguments("workspace") if one]
            yield from given or [DEFAULT_WORKSPACE]
        if call.body is not None and "workspace" in get_type_hints(call.body):
            yield str(self._body.get("workspace", DEFAULT_WORKSPACE))

    @property
    def _call(self) -> Any:
        return self.route.calls.get("get" if self.method == "HEAD" else self.method.lower())

    @property
    def _body(self) -> dict[str, Any]:
        try:
            told = json.loads(self.handler.request.body or b"{}")
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}
