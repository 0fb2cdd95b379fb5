"""What is offered where a line names a compute target."""

from __future__ import annotations

import pytest

from tests.unit.magics.engine import a_target


@pytest.fixture
def known(notebook, engine):
    engine.targets = [a_target("cpus", workspace="default"), a_target("gpus", workspace="default")]
    cache = notebook.shell._jupyter_aml.session.cache
    cache.refresh()
    assert cache.settled(10)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%aml com", ["compare", "compute"]),
        ("%aml compute at", ["attach"]),
        ("%aml compute show ", ["cpus", "gpus", "local"]),
        ("%aml compute rm ", ["cpus", "gpus"]),
        ("%aml compute scale g", ["gpus"]),
        ("%aml compute check c", ["cpus"]),
        ("%aml compute create x --kind s", ["ssh"]),
        ("%aml compute create x --size Standard_NC6s", ["Standard_NC6s_v2", "Standard_NC6s_v3"]),
        ("%aml compute attach x --kind ssh --set a", ["address="]),
        ("%aml compute kinds s", ["ssh"]),
        ("%aml submit -c c", ["cpus"]),
    ],
)
def test_targets_kinds_and_sizes_are_completed(notebook, known, line, offered):
    assert sorted(notebook.complete(line)) == offered
