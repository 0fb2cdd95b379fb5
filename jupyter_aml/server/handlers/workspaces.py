"""/aml/workspaces: the workspaces of the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.wire.asked import WireNewWorkspace, WireWorkspaceChange
from jupyter_aml.wire.runs import WireWorkspace
from jupyter_aml.wire.workspaces import (
    decode_new_workspace,
    decode_workspace_change,
    encode_workspace,
)

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine


class WorkspacesHandler(AmlHandler):
    """/aml/workspaces"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the workspaces."""
        self.reply([encode_workspace(one) for one in await engine.workspaces.list()])

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Make a workspace."""
        made = await engine.workspaces.add(decode_new_workspace(self.body()))
        self.reply(encode_workspace(made), status=201)


class WorkspaceHandler(AmlHandler):
    """/aml/workspaces/<name>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, name: str) -> None:
        """Return one workspace."""
        self.reply(encode_workspace(await engine.workspaces.get(ids.workspace_name(name))))

    @authenticated
    @authorized
    @served
    async def patch(self, engine: Engine, name: str) -> None:
        """Change tags and labels of a workspace."""
        changed = await engine.workspaces.change(decode_workspace_change(name, self.body()))
        self.reply(encode_workspace(changed))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str) -> None:
        """Delete a workspace that has no runs."""
        await engine.workspaces.remove(ids.workspace_name(name))
        self.reply_nothing()


ROUTES = (
    Route("workspaces", WorkspacesHandler, {
        "get": Call(answer=list[WireWorkspace]),
        "post": Call(body=WireNewWorkspace, answer=WireWorkspace, status=201),
    }),
    Route("workspaces/{name}", WorkspaceHandler, {
        "get": Call(answer=WireWorkspace),
        "patch": Call(body=WireWorkspaceChange, answer=WireWorkspace),
        "delete": Call(status=204),
    }),
)  # fmt: skip
