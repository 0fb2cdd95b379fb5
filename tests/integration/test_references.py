"""What people write for a run, where the list of runs has several pages."""

from __future__ import annotations

import pytest

from jupyter_aml.client import Client
from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.sdk._run import references
from jupyter_aml.sdk._run.references import References
from tests.integration.test_pruning_runs import client, root

__all__ = ["client", "root"]


def test_the_number_of_a_run_is_found_on_any_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, everywhere = References(client, "default", here="exp"), References(client, "default")

    for size in (1, 2, 3, 500):
        monkeypatch.setattr(references, "_PAGE", size)
        for number in range(2, 6):
            assert here.find(f"exp#{number}")["runId"] == f"exp_{number}"
            assert everywhere.find(f"#{number}")["runId"] == f"exp_{number}"
        assert here.find("#1")["runId"] == "exp_1"
        # Both experiments have a first run, the one on the page behind that of the other.
        with pytest.raises(Invalid, match=r"#1 is a run of several experiments: \w+#1, \w+#1$"):
            everywhere.find("#1")
        for text in ("exp#6", "exp#0", "#7", "other#2"):
            with pytest.raises(NotFound, match="there is no run #"):
                everywhere.find(text)


def test_the_last_run_is_the_newest_that_is_no_child(client: Client) -> None:
    here = References(client, "default", here="other")

    assert here.find("last")["runId"] == "exp_5"
    assert here.find("#last")["runId"] == "other_1"
    assert here.find("exp#last")["runId"] == "exp_5"
    with pytest.raises(NotFound, match="experiment 'none' has no runs yet"):
        here.find("none#last")
