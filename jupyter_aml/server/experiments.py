"""/aml/experiments: the experiments of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.query import Text

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

WORKSPACE = Text("workspace", "Name of the workspace; the default one where it is left out.")


class NewExperiment(TypedDict):
    """Body of POST /aml/experiments."""

    workspace: str
    name: str
    tags: NotRequired[dict[str, str]]


class ExperimentsHandler(AmlHandler):
    """/aml/experiments"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the experiments of a workspace."""
        name = WORKSPACE.read(self) or engine.status()["defaultWorkspace"]
        self.reply(await engine.experiments(ids.workspace_name(name)))

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Make an experiment, or return the one that is there."""
        self.reply(await engine.add_experiment(self.body()), status=201)
