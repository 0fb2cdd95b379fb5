"""The engine's Unix socket: the same handlers for the same user, without a token."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder.trust import peer_uid
from jupyter_aml.server import base, holder, routes
from jupyter_aml.server.holder import Holder
from jupyter_aml.server.seat import Held

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine
    from jupyter_aml.kernels.running import Running


class SocketOwner(IdentityProvider):
    """Knows one user: whoever runs this process."""

    def get_user(self, handler: RequestHandler) -> User | None:
        """Return that user if the kernel says that the other end is theirs."""
        stream = getattr(handler.request.connection, "stream", None)
        if stream is None or peer_uid(stream.socket) != os.getuid():
            return None
        return User(username=str(os.getuid()))

    def should_check_origin(self, handler: RequestHandler) -> bool:
        """No browser can speak to a Unix socket."""
        return False

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """There are no tokens here."""
        return False


class EngineSocket:
    """Serves one engine on its socket, and says so in `engine.json`."""

    def __init__(self, root: Path, here: Held, server: HTTPServer, told: Holder) -> None:
        self._root, self._here, self._server, self._told = root, here, server, told

    @classmethod
    async def open(
        cls,
        engine: Engine,
        *,
        on_yield: Callable[[], None] | None = None,
        on_request: Callable[[], None] | None = None,
        running: Running | None = None,
    ) -> EngineSocket:
        """Listen, then tell where; raises StorageFailed. Only for an engine that holds its root.

        `on_yield` is called when a Jupyter server asks for the root; without it that is refused.
        `running` are the kernels of this process, where it is a Jupyter server.
        """
        root, here = engine.settings.root, Held(engine)
        status = engine.status()
        try:
            path = holder.socket_path(root)
            # Before anything is awaited: a run that starts now shall know it.
            engine.socket = str(path)
            folder = await asyncio.to_thread(root.stat)
            told = Holder(
                pid=os.getpid(),
                start=holder.process_start(os.getpid()),
                version=status["version"],
                protocol=status["protocol"],
                epoch=status["epoch"],
                kind=status["kind"],
                socket=str(path),
                device=folder.st_dev,
                inode=folder.st_ino,
            )
            # Who holds the lock may remove a socket that a killed engine left; binding does.
            listening = bind_unix_socket(str(path), mode=0o600)
            server = HTTPServer(
                application(here, on_yield, on_request, running), max_body_size=base.LONGEST_BODY
            )
            server.add_socket(listening)
            await asyncio.to_thread(holder.write, root, told)
        except (OSError, ValueError) as error:
            raise StorageFailed(f"the engine's socket cannot be made: {error}") from error
        return cls(root, here, server, told)

    async def close(self) -> None:
        """Take the word back and hang up. Call it while the root is still held."""
        await asyncio.to_thread(holder.remove, self._root, self._told)
        self._server.stop()
        for listener in [*self._here.listeners]:
            listener.leave()
        Path(self._told.socket).unlink(missing_ok=True)
        await self._server.close_all_connections()


def application(
    here: Held,
    on_yield: Callable[[], None] | None,
    on_request: Callable[[], None] | None,
    running: Running | None,
) -> Application:
    """Return the handlers as they answer on the socket."""

    def log(handler: RequestHandler) -> None:
        if on_request is not None:
            on_request()

    owner = SocketOwner(token="")
    settings: dict[str, Any] = {
        base.SEAT: here,
        base.YIELD: on_yield,
        base.RUNNING: running,
        "base_url": "/",
        "identity_provider": owner,
        "authorizer": AllowAllAuthorizer(identity_provider=owner),
        "allow_remote_access": True,
        "disable_check_xsrf": True,
        "log_function": log,
        # The kernel tells at once when the other end is gone.
        "ws_ping_interval": 0,
        "ws_ping_timeout": 0,
    }
    return Application(routes.rules("/", on_socket=True), **settings)
