"""What Slurm says, read in the spellings of its versions, and what is asked of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.protocol import BackendJob
from jupyter_aml.compute.slurm import batch, rows
from jupyter_aml.compute.slurm.options import SlurmOptions
from jupyter_aml.compute.slurm.rows import Row
from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.domain.run_limits import Limits

OLD = {
    "job_id": 7, "name": "aml-x-run.1", "job_state": "PENDING", "state_reason": "Resources",
    "partition": "gpu", "nodes": "", "time_limit": 90, "comment": "aml x run.1",
}  # fmt: skip
NEW = {
    **OLD, "job_state": ["PENDING"], "time_limit": {"set": True, "infinite": False, "number": 90},
    "comment": {"administrator": "", "job": "aml x run.1", "system": ""},
}  # fmt: skip
PENDING = Row(
    job=7, name="aml-x-run.1", state="PENDING", reason="Resources", partition="gpu",
    limit="90 minutes", comment="aml x run.1",
)  # fmt: skip


def a_row(state: str = "PENDING", **fields: Any) -> Row:
    return Row(**{"job": 12, "name": "aml-x-run.1", "state": state, "partition": "gpu", **fields})


def a_job(**fields: Any) -> BackendJob:
    values: dict[str, Any] = {
        "id": "run.1", "attempt": 1, "folder": Path("/r/run"), "command": ("python", "main.py"),
        "cwd": Path("/r/run/work"), "environment": {},
    }  # fmt: skip
    return BackendJob(**{**values, **fields})


@pytest.mark.parametrize("told", [OLD, NEW], ids=["22.05", "23.11 and later"])
def test_jobs_are_read_in_the_spellings_of_all_versions(told: dict[str, Any]) -> None:
    assert rows.read_json(json.dumps({"jobs": [told], "errors": []})) == [PENDING]


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("RUNNING", "RUNNING"), (["COMPLETED", "COMPLETING"], "COMPLETING"),
        (["RUNNING", "CONFIGURING"], "CONFIGURING"), (["PENDING", "REQUEUED"], "PENDING"),
        (["NODE_FAIL"], "NODE_FAIL"),
    ],
)  # fmt: skip
def test_of_several_words_for_a_state_the_one_counts_that_says_what_goes_on(
    told: Any, state: str
) -> None:
    assert rows.read_json(json.dumps({"jobs": [{**OLD, "job_state": told}]}))[0].state == state


def test_an_answer_that_could_not_be_had_is_no_empty_queue() -> None:
    """squeue --json ends as if all were well where the controller is down."""
    told = {"errors": [{"description": "Failed while looking for jobs"}], "jobs": []}

    with pytest.raises(Unreachable, match="Failed while looking for jobs"):
        rows.read_json(json.dumps(told))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"jobs": [{}]}', '{"jobs": 1}', "not json"])
def test_what_is_no_list_of_jobs_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        rows.read_json(text)


def test_columns_are_read_where_there_is_no_json() -> None:
    lines = "7|PENDING|Resources|gpu||1:30:00|aml x run.1|aml-x-run.1\n8_[1-4]|PENDING|x|y|||a|b\n"

    (row,) = rows.read_lines(lines)

    assert (row.job, row.name, row.comment) == (7, "aml-x-run.1", "aml x run.1")


@pytest.mark.parametrize(
    ("text", "state", "by"),
    [
        ("7|CANCELLED by 0|gpu|n1|x\n", "CANCELLED", "0"),
        ("7|PREEMPTED|gpu|n1|x\n7|NODE_FAIL|gpu|n2|x\n", "NODE_FAIL", ""),
    ],
)
def test_the_last_line_of_the_accounts_counts(text: str, state: str, by: str) -> None:
    row = rows.read_accounted(text)

    assert row is not None and (row.state, row.by) == (state, by)


def test_accounts_that_say_nothing_are_nothing() -> None:
    assert rows.read_accounted("") is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("Resources", "no node is free that has what it asks for (Resources)"),
        ("PartitionTimeLimit", "above that of the partition; it never begins (PartitionTimeLimit)"),
        ("QOSMaxGRESPerUser", "no more GPUs may be used now (QOSMaxGRESPerUser)"),
        ("AssocGrpCpuLimit", "no more CPUs may be used now (AssocGrpCpuLimit)"),
        ("ReqNodeNotAvail, UnavailableNodes:n1", "down or reserved (ReqNodeNotAvail)"),
        ("SomethingNew", "as Slurm says (SomethingNew)"),
    ],
)
def test_a_reason_is_a_sentence_and_keeps_the_word_of_slurm(code: str, words: str) -> None:
    told = rows.waiting_reason(a_row(reason=code))

    assert told.startswith("job 12 waits in partition 'gpu': ")
    assert told.endswith(words)


@pytest.mark.parametrize("state", ["PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "REQUEUED", "PENDING"])
def test_a_job_that_lost_its_node_says_how(state: str) -> None:
    assert state in str(rows.lost_node(a_row(state, nodes="n1")))


@pytest.mark.parametrize("state", ["TIMEOUT", "OUT_OF_MEMORY", "CANCELLED", "FAILED", "DEADLINE"])
def test_other_ends_are_no_loss_of_a_node(state: str) -> None:
    assert rows.lost_node(a_row(state)) is None
    assert f"({state})" in rows.ended(a_row(state))


def test_memory_that_only_the_node_tells_of_is_told() -> None:
    said = "slurmstepd: error: Job 12 exceeded memory limit (400 > 64), being killed"

    assert "its memory was used up" in rows.ended(a_row("FAILED"), said=said)


def test_of_two_jobs_of_one_name_the_one_that_lives_comes_first() -> None:
    some = [a_row("CANCELLED", job=3), a_row("PENDING", job=2), a_row("RUNNING", job=1)]

    assert [row.job for row in rows.by_name(some, "aml-")["aml-x-run.1"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"partitoin": "x"}, "did you mean 'partition'"),
        ({"partition": "a b"}, "partition"), ({"account": "--wrap=x"}, "account"),
        ({"qos": 3}, "qos"), ({"time": "0"}, "time"), ({"time": "-5"}, "time"),
        ({"memory": "much"}, "memory"), ({"memory": "0"}, "memory"), ({"cpus": 0}, "cpus"),
        ({"cpus": True}, "cpus"), ({"gpus": "a100"}, "gpus"), ({"gpus": -1}, "gpus"),
        ({"arguments": ["x.sh"]}, "x.sh"), ({"arguments": ["--wrap=rm"]}, "--wrap"),
        ({"arguments": ["-p", "gpu"]}, "-p"), ({"arguments": ["--requeue"]}, "--requeue"),
        ({"arguments": ["--outp=/x"]}, "--output"), ({"arguments": ["--job-n=x"]}, "--job-name"),
        ({"arguments": ["--mem=5"]}, "'memory'"), ({"arguments": ["--gres=gpu:1"]}, "'gpus'"),
        ({"arguments": ["--a\nb"]}, "no option"), ({"setup": [1]}, "setup"),
        ({"setup": ["a\0b"]}, "setup"), ({"python": "-c"}, "python"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        SlurmOptions.from_json(given)

    assert words in str(refused.value)


def test_settings_survive_their_json() -> None:
    given = {
        "partition": "gpu", "account": "lab", "qos": "high", "time": "2-00:00:00", "cpus": 4,
        "memory": 4 << 30, "gpus": "a100:2", "arguments": ["--exclusive", "--gres=tmp:1"],
        "setup": ["module load cuda"], "python": "/opt/python3",
    }  # fmt: skip

    assert SlurmOptions.from_json(given).to_json() == given


def test_limits_of_a_run_become_options() -> None:
    wished = SlurmOptions(cpus=8, memory=8 << 30, gpus="a100:4", time="60")
    job = a_job(
        limits=Limits(cpus=1.5, memory=(1 << 30) + 1, gpus=2), timeout=timedelta(seconds=45)
    )

    options = batch.options(job, wished)

    assert {"--cpus-per-task=2", "--mem=1025M", "--gres=gpu:a100:2", "--time=2"} <= set(options)


def test_no_gpu_is_none() -> None:
    assert not [
        each for each in batch.asked(SlurmOptions(gpus="2"), Limits(gpus=0)) if "gpu" in each
    ]


def test_a_path_with_a_percent_is_no_pattern() -> None:
    options = batch.options(a_job(folder=Path("/r/50%j")), SlurmOptions())

    assert "--output=/r/50%%j/status/slurm-output.1" in options


def test_a_zero_byte_is_refused() -> None:
    with pytest.raises(Invalid, match="zero byte"):
        batch.script(a_job(command=("a\0b",)), SlurmOptions())
