"""/aml/runs: list, submit, read, change, cancel and delete runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_aml.domain import ids
from jupyter_aml.domain.run import MOST_METRICS
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.server.handlers.experiments import WORKSPACE
from jupyter_aml.server.openapi import Call, Route
from jupyter_aml.server.query import Number, Text
from jupyter_aml.wire.asked import WirePatch, WirePruneRuns, WireSubmit
from jupyter_aml.wire.changes import decode_patch, decode_run_pruning
from jupyter_aml.wire.contents import WireDryRun
from jupyter_aml.wire.runs import WirePrunedRuns, WireRun, WireRunPage
from jupyter_aml.wire.submissions import decode_submission

if TYPE_CHECKING:
    from jupyter_aml.engine.engine import Engine

EXPERIMENT = Text("experiment", "Only runs of this experiment.")
FILTER = Text("filter", "Words that must all hold, such as `status:running rmse<50`.")
SORT = Text("sort", "A field, with `-` in front for descending; `-createdAt` by default.")
LIMIT = Number("limit", "Runs on a page.", 1, 500, 50)
AFTER = Text("after", "`next` of the page before.")
METRICS = Number("metrics", "Metrics told of each run; 0 for all.", 0, 10_000_000, MOST_METRICS)
PAGE = (WORKSPACE, EXPERIMENT, FILTER, SORT, LIMIT, AFTER, METRICS)


class RunsHandler(AmlHandler):
    """/aml/runs"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine) -> None:
        """List runs, a page at a time."""
        page = await engine.runs.page(
            workspace=WORKSPACE.read(self) or engine.status()["defaultWorkspace"],
            experiment=EXPERIMENT.read(self),
            filter=FILTER.read(self) or "",
            sort=SORT.read(self) or "-createdAt",
            limit=LIMIT.given(self),
            after=AFTER.read(self),
            metrics=METRICS.given(self),
        )
        self.reply(page)

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Submit a run; with `dryRun` only say what would be sent.

        With `ifChanged` a completed run that did the same is the answer, where there is one.
        """
        body = self.body()
        answer = await engine.runs.submit(decode_submission(body))
        is_found = body.get("ifChanged") and answer.get("endedAt") is not None
        self.reply(answer, status=200 if body.get("dryRun") or is_found else 201)


class RunHandler(AmlHandler):
    """/aml/runs/<id>"""

    @authenticated
    @authorized
    @served
    async def get(self, engine: Engine, run_id: str) -> None:
        """Return one run."""
        self.reply(await engine.runs.get(ids.run_id(run_id)))

    @authenticated
    @authorized
    @served
    async def patch(self, engine: Engine, run_id: str) -> None:
        """Change name, description, tags or properties."""
        patch = decode_patch(self.body())
        self.reply(await engine.runs.patch(ids.run_id(run_id), patch))

    @authenticated
    @authorized
    @served
    async def delete(self, engine: Engine, run_id: str) -> None:
        """Delete a run that has ended, with its folder."""
        await engine.runs.delete(ids.run_id(run_id))
        self.reply_nothing()


class CancelHandler(AmlHandler):
    """/aml/runs/<id>/cancel"""

    @authenticated
    @authorized(action="execute")  # type: ignore[untyped-decorator]
    @served
    async def post(self, engine: Engine, run_id: str) -> None:
        """Ask the run to stop. The answer says what the run became, not that it is gone."""
        self.reply(await engine.runs.cancel(ids.run_id(run_id)), status=202)


class PruneHandler(AmlHandler):
    """/aml/prune"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine) -> None:
        """Delete the ended runs that are asked for; with `dryRun` only say which would go."""
        self.reply(await engine.runs.prune(decode_run_pruning(self.body())))


class LookHandler(AmlHandler):
    """/aml/runs/<id>/look"""

    @authenticated
    @authorized
    @served
    async def post(self, engine: Engine, run_id: str) -> None:
        """Let the engine look at the run's records now."""
        self.reply(await engine.runs.look(ids.run_id(run_id)), status=202)


ROUTES = (
    Route("runs", RunsHandler, {
        "get": Call(query=PAGE, answer=WireRunPage),
        "post": Call(body=WireSubmit, answer=WireRun, status=201,
                     other=((200, WireDryRun | WireRun),)),
    }),
    Route("runs/{id}", RunHandler, {
        "get": Call(answer=WireRun),
        "patch": Call(body=WirePatch, answer=WireRun),
        "delete": Call(status=204),
    }),
    Route("runs/{id}/cancel", CancelHandler, {"post": Call(answer=WireRun, status=202)}),
    Route("runs/{id}/look", LookHandler, {"post": Call(answer=WireRun, status=202)}),
    Route("prune", PruneHandler, {"post": Call(body=WirePruneRuns, answer=WirePrunedRuns)}),
)  # fmt: skip
