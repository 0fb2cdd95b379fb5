"""`%aml kernel` in a real shell."""

from __future__ import annotations


def test_an_environment_becomes_a_kernel_and_ceases_to_be_one(notebook, engine):
    engine.environments.add()

    made = notebook.run("%aml kernel add ridge:1 --compute local --name 'My ridge'")
    table = notebook.run("%aml kernel ls").value
    gone = notebook.run("%aml kernel rm 'My ridge'")

    assert "'My ridge'" in made.text
    assert "%aml kernel rm aml-my-ridge" in made.text
    said = " ".join(repr(table).split())
    assert "aml-my-ridge My ridge ridge, version 1 local" in said
    assert table[0]["version"] == "1"
    assert gone.text == "Removed the kernel aml-my-ridge.\n"
    assert not engine.environments.specs


def test_only_what_was_said_is_asked_for(notebook, engine):
    notebook.run("%aml kernel add ridge")

    spec = engine.environments.specs["aml-ridge"]
    assert (spec["version"], spec["compute"]) == (None, "local")


def test_kernels_that_run_are_listed_with_what_they_take(notebook, engine):
    engine.environments.running.append({
        "kernelId": "1", "spec": "aml-ridge", "displayName": "Ridge", "environment": "ridge:1",
        "notebook": "a.ipynb", "state": "idle", "idle": 61.0, "connections": 1,
        "startedAt": "2026-01-02T12:00:00Z", "memory": 80_000_000, "cpu": 1.5, "pid": 7,
        "compute": None,
    })  # fmt: skip

    said = " ".join(repr(notebook.run("%aml kernel ls --running").value).split())

    assert "Ridge ridge:1 a.ipynb idle for 61 s 80.0 MB 2 %" in said


def test_without_any_it_says_so(notebook):
    assert repr(notebook.run("%aml kernel ls").value) == "no kernels of environments"
    assert repr(notebook.run("%aml kernel ls --running").value) == "no kernel runs"


def test_a_kernel_that_is_not_there_is_named(notebook):
    said = notebook.run("%aml kernel rm nope")

    assert said.text.startswith("UsageError: there is no such kernel")
