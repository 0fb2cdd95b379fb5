"""Each verb decodes, makes one call to the engine and encodes."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError
from tornado.web import authenticated

from jupyter_aml.domain import errors
from jupyter_aml.server.base import AmlHandler, served
from jupyter_aml.wire.changes import decode_patch
from jupyter_aml.wire.compute import decode_compute_change, decode_new_compute
from jupyter_aml.wire.submissions import decode_retry, decode_submission
from jupyter_aml.wire.workspaces import ExperimentTags, NewWorkspace


async def test_the_handshake_tells_who_answers(ask, engine):
    status, answer = await ask("GET", "status")

    assert (status, answer) == (200, engine.status())


RUN = {"experiment": "e", "type": "azureml.interactive"}
DRY = {**RUN, "dryRun": True}
TARGET = {"name": "c-1", "kind": "cluster", "maxNodes": 2}
MORE = {"parameters": {"alpha": 1}}
NEW = NewWorkspace(name="w", tags={})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "call"),
    [
        ("GET", "workspaces", None, 200, ("workspaces",)),
        (
            "POST",
            "workspaces",
            {"name": "w"},
            201,
            ("add_workspace", NewWorkspace(name="w", tags={})),
        ),
        ("GET", "workspaces/w", None, 200, ("workspace", "w")),
        ("DELETE", "workspaces/w", None, 204, ("remove_workspace", "w")),
        ("GET", "experiments", None, 200, ("experiments", "default")),
        (
            "PATCH",
            "experiments/e",
            {"tags": {"a": None}},
            200,
            ("tag_experiment", ExperimentTags(workspace="default", name="e", tags={"a": None})),
        ),
        ("DELETE", "experiments/e", None, 204, ("remove_experiment", "default", "e")),
        ("GET", "compute", None, 200, ("compute", "default")),
        ("POST", "compute", TARGET, 201, ("add_target", decode_new_compute(TARGET))),
        ("GET", "compute/c-1", None, 200, ("target", "default", "c-1")),
        (
            "PATCH",
            "compute/c-1",
            {"maxNodes": 3},
            200,
            ("change_target", decode_compute_change("c-1", {"maxNodes": 3})),
        ),
        ("DELETE", "compute/c-1", None, 204, ("remove_target", "default", "c-1")),
        ("GET", "compute/c-1/history", None, 200, ("target_history", "default", "c-1")),
        ("GET", "compute-kinds", None, 200, ("kinds",)),
        ("GET", "compute-sizes", None, 200, ("sizes",)),
        ("POST", "compute-check", TARGET, 200, ("probe", decode_new_compute(TARGET))),
        ("POST", "runs", RUN, 201, ("submit", decode_submission(RUN).read())),
        ("POST", "runs", DRY, 200, ("submit", decode_submission(DRY).read())),
        ("POST", "runs/run-1/retry", MORE, 201, ("retry", "run-1", decode_retry(MORE).read())),
        ("GET", "runs/run-1", None, 200, ("run", "run-1")),
        ("PATCH", "runs/run-1", {"tags": {}}, 200, ("patch", "run-1", decode_patch({}))),
        ("DELETE", "runs/run-1", None, 204, ("delete", "run-1")),
        ("POST", "runs/run-1/cancel", None, 202, ("cancel", "run-1")),
        ("POST", "runs/run-1/look", None, 202, ("look", "run-1")),
        ("GET", "runs/run-1/metrics", None, 200, ("metrics", "run-1", 1000, [], "logged")),
        ("GET", "runs/run-1/facts", None, 200, ("facts", "run-1")),
        ("GET", "runs/run-1/files", None, 200, ("files", "run-1")),
        ("GET", "runs/run-1/snapshot", None, 200, ("snapshot", "run-1")),
    ],
)
async def test_a_verb_is_one_call(ask, engine, method, path, body, status, call):
    code, _ = await ask(method, *path.split("/"), body=body)

    assert code == status
    assert call in engine.asked


async def test_a_list_of_runs_takes_all_that_is_asked(ask, engine):
    asked = {
        "workspace": "w", "experiment": "e", "filter": "status:failed rmse<50",
        "sort": "-metric.rmse", "limit": "7", "after": "abc", "metrics": "5",
    }  # fmt: skip

    await ask("GET", "runs", params=asked)

    assert engine.asked == [("page", {**asked, "limit": 7, "metrics": 5})]


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1e3", "x", "٣", "9" * 30])
async def test_a_limit_out_of_bounds_is_refused(ask, engine, limit):
    status, answer = await ask("GET", "runs", params={"limit": limit})

    assert (status, answer["error"], engine.asked) == (422, "Invalid", [])


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (errors.NotFound("x"), 404),
        (errors.IllegalMove("x"), 409),
        (errors.Outdated("x"), 409),
        (errors.AlreadyExists("x"), 409),
        (errors.Invalid("x"), 422),
        (errors.Refused("x"), 403),
        (errors.Unreachable("x"), 503),
        (errors.StorageFailed("x"), 507),
    ],
)
async def test_an_error_has_one_status(ask, engine, problem, status):
    engine.problem = problem

    code, answer = await ask("GET", "runs", "run-1")

    assert (code, answer) == (status, {"error": type(problem).__name__, "message": "x"})


async def test_our_own_mistake_is_a_500_with_a_traceback_in_the_log_alone(ask, engine, caplog):
    engine.problem = ZeroDivisionError("secret")

    status, answer = await ask("GET", "runs", "run-1")

    assert (status, answer["error"]) == (500, "InternalServerError")
    assert "secret" not in str(answer)
    assert "ZeroDivisionError: secret" in caplog.text


@pytest.mark.parametrize(
    "raw", ["", "[]", "1", "{", '{"a": NaN}', '{"a": Infinity}', b"\xff\xfe", "[" * 100_000]
)
async def test_a_body_that_is_no_json_object_is_a_400(ask, engine, raw):
    status, answer = await ask("POST", "runs", raw=raw)

    assert (status, answer["error"], engine.asked) == (400, "BadRequest", [])


async def test_a_body_that_is_too_long_is_a_413(ask, engine, monkeypatch):
    monkeypatch.setattr("jupyter_aml.server.base.LONGEST_BODY", 100)

    status, _ = await ask("POST", "runs", body={"experiment": "e" * 100})

    assert (status, engine.asked) == (413, [])


async def test_what_is_not_a_number_travels_as_null(ask, engine):
    _, answer = await ask("GET", "runs", "run-1", "metrics")

    assert answer["series"]["loss"]["y"] == [None, 0.5]
    assert answer["series"]["loss"]["last"] is None


async def test_metrics_can_be_asked_by_name(ask, engine, jp_fetch):
    await jp_fetch("aml/runs/run-1/metrics", params=[("name", "a"), ("name", "b"), ("points", 9)])

    assert engine.asked == [("metrics", "run-1", 9, ["a", "b"], "logged")]


async def test_metrics_of_the_system_are_asked_for_by_their_source(ask, engine):
    system, _ = await ask("GET", "runs", "run-1", "metrics", params={"source": "system"})
    other, problem = await ask("GET", "runs", "run-1", "metrics", params={"source": "disk"})

    assert engine.asked == [("metrics", "run-1", 1000, [], "system")]
    assert (system, other) == (200, 422)
    assert problem["message"] == "source='disk' is neither 'logged' nor 'system'"


async def test_a_piece_of_a_log_says_where_it_lies(jp_fetch, engine):
    engine.folder.console.parent.mkdir(parents=True)
    engine.folder.console.write_text("one\ntwo\n")

    answer = await jp_fetch("aml/runs/run-1/logs/user_logs/std_log.txt", params={"offset": 4})

    assert answer.body == b"two\n"
    assert answer.headers["X-Aml-Offset"] == "4"
    assert answer.headers["X-Aml-Size"] == "8"
    assert answer.headers["Content-Type"].startswith("text/plain")


async def test_nobody_can_make_a_jupyter_server_yield(ask, engine):
    status, _ = await ask("POST", "engine", "yield")

    assert (status, engine.closed) == (404, False)


async def test_a_route_that_is_none_says_so_in_json(ask, engine):
    status, answer = await ask("GET", "pipelines")

    assert (status, answer["error"]) == (404, "NotFound")


class Late(AmlHandler):
    """Fails when it has already said how long a good answer would be."""

    @authenticated
    @served
    async def get(self, engine):
        self.set_header("Content-Length", "5")
        self.set_header("Content-Disposition", "attachment")
        raise errors.NotFound("there is no such thing, as it turns out")


async def test_an_error_is_its_own_answer_whatever_was_promised(
    server, engine, jp_fetch, jp_base_url
):
    server.web_app.add_handlers(".*$", [(f"{jp_base_url}aml/late", Late)])
    rules = server.web_app.default_router.rules
    rules.insert(0, rules.pop(-2))  # Before our own, which answer for all of /aml/.

    with pytest.raises(HTTPClientError) as failed:
        await jp_fetch("aml", "late")

    answer = failed.value.response
    told = {"error": "NotFound", "message": "there is no such thing, as it turns out"}
    assert (answer.code, json.loads(answer.body)) == (404, told)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "Content-Disposition" not in answer.headers
