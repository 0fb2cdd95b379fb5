"""`%aml compute` and `jupyter aml compute`, over a real engine."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path

from IPython.core.error import UsageError

from jupyter_aml.client import find
from tests.integration.test_model_verbs import Call, call, folder, notebook
from tests.unit.magics.conftest import Notebook

__all__ = ["call", "folder", "notebook"]


def test_a_target_of_another_system_comes_and_goes_by_magics(notebook: Notebook) -> None:
    made = notebook.run(
        "%aml compute attach db --kind databricks --set workspace_name=w --set access_token=geheim "
        "-d 'Theirs.' -t team=a"
    ).text
    assert made.startswith("db is attached, and takes no runs: runs on it need a Databricks")

    listed = notebook.run("%aml compute").value
    assert [each["name"] for each in listed] == ["local", "db"]
    assert "takes no runs" in repr(listed) and "<table>" in listed._repr_html_()
    shown = notebook.run("%aml compute show db").text
    assert "db: Databricks, takes no runs\n  Theirs." in shown
    assert "access_token=secret://compute/db/access_token" in shown and "geheim" not in shown
    assert "nothing is connected to" in notebook.run("%aml compute check db").text
    assert "'db' takes no runs" in str(notebook.run("%%aml submit -c db\n1").error)
    assert notebook.run("%aml compute rm db --yes").text == "Deleted db.\n"
    assert [each["name"] for each in notebook.run("%aml compute ls").value] == ["local"]


def test_a_cluster_is_created_used_resized_and_deleted_by_magics(notebook: Notebook) -> None:
    made = notebook.run("%aml compute create cpus --size Standard_DS1_v2 --max 2 --idle 1m").text
    assert (
        made == "cpus is created: AmlCompute, 0 to 2 nodes, each leaves after 60 s without runs\n"
    )

    dry = notebook.run("%%aml submit -c cpus --priority 7 --dry-run\n1").text
    assert "It would go to 'cpus': it would start as soon as a node has started for it" in dry
    assert "\nPriority: 7\n" in dry
    assert notebook.run("%%aml submit verbs -c cpus --wait -o run\nprint('there')").error is None
    assert notebook.names["run"].get_details()["target"] == "cpus"
    shown = notebook.run("%aml compute show cpus").text
    assert "size: Standard_DS1_v2 (1 cores, 3.5 GiB)" in shown and " idle" in shown
    (there,) = [each for each in notebook.run("%aml compute ls").value if each["name"] == "cpus"]
    assert len(there["nodes"]) == 1
    told = notebook.run("%aml compute kinds aks").text
    assert "cluster_purpose: Purpose (one of FastProd, DevTest, DenseProd)" in told
    assert "access_token: Access token (needed; kept in the vault)" in (
        notebook.run("%aml compute kinds databricks").text
    )
    assert "a node has" in notebook.run("%aml compute check cpus").text
    assert notebook.run("%aml compute scale cpus --max 3").text.startswith("cpus has 0 to 3 nodes")
    assert notebook.run("%aml compute stop cpus").text == "cpus is stopped.\n"
    assert "cpus' is stopped" in notebook.run("%%aml submit -c cpus --dry-run\n1").text
    assert notebook.run("%aml compute start cpus").text == "cpus is started.\n"
    assert notebook.run("%aml compute rm cpus --yes").text == "Deleted cpus.\n"


def test_who_waits_for_a_run_hears_why_it_waits(call: Call, folder: Path) -> None:
    (folder / "wait.py").write_text("print(1)")
    assert call("compute", "create", "still", "--max", "1").returncode == 0
    assert call("compute", "stop", "still").returncode == 0
    starter = threading.Timer(4, lambda: call("compute", "start", "still"))
    starter.start()

    end = call("submit", "-c", "still", "--wait", "waits", "wait.py")

    starter.join()
    assert end.returncode == 0
    assert "Queued: 'still' is stopped: start it" in end.stderr
    assert "stopped" not in end.stdout


def test_a_target_that_cannot_be_reached_is_not_an_engine_that_is_away(call: Call) -> None:
    end = call("compute", "check", "far", "--kind", "dask", "--set", "address=tcp://127.0.0.1:9")

    assert end.returncode == 1
    assert "the Dask cluster does not answer" in end.stderr


MISTAKES = (
    ("%aml compute show lokal", "there is no compute target 'lokal'; did you mean 'local'?"),
    ("%aml compute rm local", "'local' was not made in this workspace: it cannot be deleted"),
    ("%aml compute stop local", "it cannot be stopped"),
    ("%aml compute scale local", "say --min, --max or --idle"),
    ("%aml compute attach x", "say --kind: there are "),
    ("%aml compute attach x --kind databrick", "did you mean 'databricks'?"),
    ("%aml compute attach x --kind databricks", "access_token: a target of kind"),
    ("%aml compute attach x --kind databricks --set acces_token=1", "did you mean 'access_tok"),
    ("%aml compute attach x --kind aks --set agent_count=many", "'many' is no number"),
    ("%aml compute attach x --kind aks --set cluster_purpose=Fun", "is none of FastProd"),
    ("%aml compute create local", "choose another name"),
    ("%aml compute create x --size Standard_D2_v9", "did you mean Standard_D"),
    ("%aml compute create x --kind aks --min 3 --max 2", "min_nodes is 3 and max_nodes 2"),
    ("%aml compute shw", "has no verb 'shw'; did you mean show?"),
)


def test_mistakes_are_told_in_a_line(notebook: Notebook) -> None:
    for line, told in MISTAKES:
        failed = notebook.run(line).error

        assert isinstance(failed, UsageError), line
        assert told in str(failed)


def test_the_shell_does_the_same(call: Call, aml_root: Path, folder: Path) -> None:
    made = call("compute", "create", "aks", "--kind", "aks", "--set", "agent_count=3", "--json")
    assert json.loads(made.stdout)["settings"] == {"agent_count": 3}
    assert "aks" in call("compute").stdout
    told = json.loads(call("compute", "show", "aks", "--json").stdout)
    assert (told["kind"], told["type"], told["isStopped"]) == ("aks", "AKS", False)
    changed = call("compute", "scale", "aks", "--max", "5")
    assert changed.stdout.startswith("aks has ")
    assert json.loads(call("compute", "stop", "aks", "--json").stdout)["isStopped"] is True
    assert call("compute", "start", "aks").stdout == "aks is started\n"
    assert json.loads(call("compute", "check", "aks", "--json").stdout)["found"]
    assert "databricks" in {
        each["name"] for each in json.loads(call("compute", "kinds", "--json").stdout)
    }
    refused = call("compute", "attach", "x")
    assert refused.returncode == 2 and "compute kinds" in refused.stderr
    assert call("compute", "rm", "aks", "-y").stdout == "deleted aks\n"
    with closing(find(aml_root)) as client:
        assert [each["name"] for each in client.compute.list()] == ["local"]
