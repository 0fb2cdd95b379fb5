"""What is sent to be run is read once, and every mistake is named."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import Process
from jupyter_aml.wire.submissions import decode_retry, decode_submission

SCRIPT = {"experiment": "e", "job": {"command": ["train.py"], "interpreter": "python"}}
TALK = {"experiment": "e", "type": "azureml.interactive"}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "experiment is missing"),
        ({"experiment": "a/b"}, "'a/b' cannot be the name of an experiment"),
        ({"experiment": "e"}, "job is missing"),
        ({**SCRIPT, "job": {"command": []}}, "job.command is empty: nothing to run"),
        ({**SCRIPT, "type": "spark"}, "there is no type of run 'spark'"),
        ({**SCRIPT, "workspace": None}, "None cannot be the name of a workspace"),
        ({**SCRIPT, "tags": {"a": 1}}, "run.tags: expected an object of texts, got dict"),
        ({**SCRIPT, "script": 5}, "run.script: expected text, got int"),
        ({**SCRIPT, "description": "\ud800"}, "description holds what is no text"),
        ({**SCRIPT, "source": []}, "source must be an object"),
        ({**SCRIPT, "source": {"base": "here"}}, "source.base must be an absolute path"),
        ({**SCRIPT, "environment": {}}, "environment"),
        ({**TALK, "process": 5}, "process: expected an object, got int"),
        ({**TALK, "process": {"start": "1"}}, "process.pid is missing"),
        ({**TALK, "process": {"pid": 1e400}}, "process.pid: expected a whole number, got float"),
        ({**TALK, "origin": {"executionCount": 1e400}}, "origin.executionCount: expected a whole"),
    ],
)
def test_a_submission_that_makes_no_sense_is_named(body: dict[str, Any], sentence: str) -> None:
    sent = decode_submission(body)

    with pytest.raises(Invalid, match=sentence):
        sent.read()


def test_a_run_without_a_job_is_told_by_its_process() -> None:
    asked = decode_submission({**TALK, "process": {"pid": 7, "start": "42"}}).read()

    assert (asked.job, asked.environment, asked.process) == (None, None, Process(pid=7, start="42"))


def test_a_source_is_kept_without_its_texts() -> None:
    source = {"directory": "/src", "files": {"cell.py": "1"}, "include": ["a"], "base": "/here"}

    asked = decode_submission({**SCRIPT, "source": source}).read()

    assert asked.source.place() == {"directory": "/src", "include": ["a"], "base": "/here"}


def test_the_id_is_read_before_all_else() -> None:
    assert decode_submission({"runId": "known_1", "job": 5}).run_id == "known_1"
    assert decode_retry({"runId": None}).run_id is None
    with pytest.raises(Invalid, match="is not a run id"):
        decode_submission({"runId": ""})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"tags": {}}, "'tags' of a repeated run cannot be set; runId, displayName, parameters"),
        ({"parameters": 5}, "parameters: expected an object"),
        ({"displayName": 5}, "displayName: expected text"),
        ({"parameters": {"a": "\ud800"}}, "parameters holds what is no text"),
    ],
)
def test_a_retry_that_makes_no_sense_is_named(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        decode_retry(body).read()
