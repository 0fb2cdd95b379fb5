"""/aml/experiments: the experiments of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Text
from jupyter_aml.wire.asked import WireExperimentTags, WireNewExperiment
from jupyter_aml.wire.runs import WireExperiment
from jupyter_aml.wire.workspaces import (
    decode_experiment_tags,
    decode_new_experiment,
    encode_experiment,
)

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

WORKSPACE = Text("workspace", "Name of the workspace; the default one where it is left out.")


class ExperimentsHandler(AmlHandler):
    """/aml/experiments"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List the experiments of a workspace."""
        name = WORKSPACE.read(self) or engine.status()["defaultWorkspace"]
        found = await engine.experiments.list(ids.workspace_name(name))
        self.reply([encode_experiment(one) for one in found])

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Make an experiment, or return the one that is there."""
        made = await engine.experiments.add(decode_new_experiment(self.body()))
        self.reply(encode_experiment(made), status=201)


class ExperimentHandler(AmlHandler):
    """/aml/experiments/<name>"""

    @authenticated
    @authorized
    @served
    async def patch(self, engine: Engine, name: str) -> None:
        """Set tags of an experiment, or take them away."""
        tagged = await engine.experiments.tag(decode_experiment_tags(name, self.body()))
        self.reply(encode_experiment(tagged))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, name: str) -> None:
        """Delete an experiment that has no runs."""
        workspace = WORKSPACE.read(self) or engine.status()["defaultWorkspace"]
        await engine.experiments.remove(ids.workspace_name(workspace), ids.experiment_name(name))
        self.reply_nothing()


ROUTES = (
    Route("experiments", ExperimentsHandler, {
        "get": Call(query=(WORKSPACE,), answer=list[WireExperiment]),
        "post": Call(body=WireNewExperiment, answer=WireExperiment, status=201),
    }),
    Route("experiments/{name}", ExperimentHandler, {
        "patch": Call(body=WireExperimentTags, answer=WireExperiment),
        "delete": Call(query=(WORKSPACE,), status=204),
    }),
)  # fmt: skip
