"""Kernels in built environments, in a real Jupyter server with a real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import urllib.error
import urllib.parse
import urllib.request
import venv
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking import BlockingKernelClient

from jupyter_aml.testing.jupyter import JupyterServer, until
from tests.conftest import a_folder, a_root, jupyter_folders

pytestmark = pytest.mark.timeout(300)

PLAIN = '--ServerApp.jpserver_extensions={"jupyter_aml": True}'


class World:
    """A Jupyter server, and what a browser would do with it."""

    def __init__(self, server: JupyterServer, runtime: Path, log: Path, env: Any) -> None:
        self.server, self.runtime, self.log, self._env = server, runtime, log, env

    @contextmanager
    def beside(self, folder: Path) -> Iterator[World]:
        """Another server on the same root, of the same user."""
        log = folder / "second.log"
        with (
            open(log, "wb") as out,
            JupyterServer(
                folder, runtime=self.runtime, env=self._env, log=out, options=[PLAIN]
            ) as server,
        ):
            yield World(server, self.runtime, log, self._env)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and JSON, whatever the status."""
        request = urllib.request.Request(
            self.server.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.server.token}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=250) as answer:
                text, status = answer.read(), answer.status
        except urllib.error.HTTPError as error:
            text, status = error.read(), error.code
        except TimeoutError as error:
            error.add_note(f"no answer to {method} {path}; the server said:")
            error.add_note(self.log.read_text(errors="replace")[-8000:])
            raise
        return status, json.loads(text) if text else None

    def ask_later(self, method: str, path: str, body: Any = None) -> Future[tuple[int, Any]]:
        """Ask, and go on meanwhile."""
        answer: Future[tuple[int, Any]] = Future()
        work = lambda: answer.set_result(self.ask(method, path, body))  # noqa: E731
        threading.Thread(target=work, daemon=True).start()
        return answer

    def shell(self, *words: str) -> Any:
        """What `jupyter aml` answers to these words, as JSON."""
        command = [sys.executable, "-m", "jupyter_aml.cli", *words, "--json"]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def add_environment(self, name: str, *pip: str, variables: Any = None) -> Any:
        """Register an environment of Python packages."""
        conda = {"dependencies": [{"pip": list(pip)}]}
        definition = {
            "name": name,
            "python": {"condaDependencies": conda},
            "environmentVariables": variables or {},
        }
        status, made = self.ask(
            "POST", "aml/environments", {"workspace": "default", "definition": definition}
        )
        assert status == 201, made
        return made

    def add_kernel(self, environment: str, **more: str) -> str:
        """Make it a kernel, and return the name of the kernelspec."""
        status, made = self.ask("POST", "aml/kernels", {"environment": environment, **more})
        assert status == 201, made
        return str(made["spec"])

    def start(self, spec: str, notebook: str = "a.ipynb") -> tuple[int, Any]:
        """Open a notebook in this kernel."""
        body = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": spec}}
        return self.ask("POST", "api/sessions", body)

    def running(self, kernel: str) -> Any:
        """What is listed of a kernel; None where it is not."""
        listed = self.ask("GET", "aml/kernels")[1]["running"]
        return next((each for each in listed if each["kernelId"] == kernel), None)

    @contextmanager
    def talk(self, kernel: str) -> Iterator[Talk]:
        """Talk to a kernel by its connection file."""
        client = BlockingKernelClient()
        client.load_connection_file(str(self.runtime / f"kernel-{kernel}.json"))
        client.start_channels()
        try:
            until(lambda: _is_ready(client), seconds=60, what="the kernel to answer")
            yield Talk(client)
        finally:
            client.stop_channels()


def _is_ready(client: BlockingKernelClient) -> bool:
    try:
        client.wait_for_ready(timeout=60)
    except RuntimeError:
        # It takes a kernel that has not bound its heartbeat yet for one that has died.
        return False
    return True


class Talk:
    """A conversation with a kernel."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, code: str) -> str:
        """Return what a cell prints and shows, and the error it ends with."""
        said: list[str] = []

        def hear(message: Any) -> None:
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    said.append(content["text"])
                case "execute_result" | "display_data":
                    said.append(content["data"].get("text/plain", ""))
                case "error":
                    said.append(f"{content['ename']}: {content['evalue']}")

        self.client.execute_interactive(textwrap.dedent(code), timeout=120, output_hook=hear)
        return "".join(said).strip()


@contextmanager
def a_world(*options: str, env: dict[str, str] | None = None) -> Iterator[World]:
    with a_folder() as own, a_root() as root:
        notebooks = own / "notebooks"
        notebooks.mkdir()
        variables = {**os.environ, **jupyter_folders(own, root), **(env or {})}
        with (
            open(own / "server.log", "wb") as log,
            JupyterServer(
                notebooks,
                runtime=own / "runtime",
                env=variables,
                log=log,
                options=[PLAIN, *options],
            ) as server,
        ):
            yield World(server, own / "runtime", own / "server.log", variables)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One server for all tests that only add to it."""
    with a_world(env={"PYTHONPATH": "", "VIRTUAL_ENV": "/of/the/server"}) as world:
        world.add_environment("tiny", "iniconfig==2.0.0", variables={"COLOR": "blue"})
        world.add_kernel("tiny")
        yield world


@pytest.fixture
def kernel(world: World) -> Iterator[str]:
    """A kernel in the environment, ended with the test."""
    status, session = world.start("aml-tiny")
    assert status == 201, session
    yield session["kernel"]["id"]
    world.ask("DELETE", f"api/sessions/{session['id']}")


def test_a_kernel_lives_in_its_environment_and_not_in_the_servers(world, kernel):
    with world.talk(kernel) as talk:
        seen = json.loads(
            talk.run(
                """
                import iniconfig, importlib.util, json, os, shutil, sys
                print(json.dumps({
                    "prefix": sys.prefix, "python": shutil.which("python"),
                    "version": __import__("importlib.metadata").metadata.version("iniconfig"),
                    "foreign": [name for name in ("sqlalchemy", "jupyterlab", "numpy")
                                if importlib.util.find_spec(name)],
                    "env": {name: os.environ.get(name) for name in (
                        "COLOR", "VIRTUAL_ENV", "JUPYTER_TOKEN", "AML_ENVIRONMENT",
                        "AML_WORKSPACE", "AML_KERNEL", "AML_ROOT", "AML_SOCKET")},
                }))
                """
            )
        )

    assert seen["prefix"] != sys.prefix
    assert os.path.dirname(seen["python"]) == f"{seen['prefix']}/bin"
    assert (seen["version"], seen["foreign"]) == ("2.0.0", [])
    env = seen["env"]
    assert (env["COLOR"], env["JUPYTER_TOKEN"]) == ("blue", None)
    assert env["VIRTUAL_ENV"] == seen["prefix"]
    assert (env["AML_ENVIRONMENT"], env["AML_WORKSPACE"]) == ("tiny:1", "default")
    assert env["AML_KERNEL"] == kernel
    assert os.path.exists(env["AML_SOCKET"])


def test_the_sdk_the_old_names_and_the_magics_are_there(world, kernel):
    with world.talk(kernel) as talk:
        assert (
            talk.run("from azureml.core import Workspace; print(Workspace.from_config().name)")
            == "default"
        )
        assert "UsageError" not in talk.run("%aml ls")
        assert "iniconfig" not in talk.run("%load_ext jupyter_aml")


def test_what_a_kernel_submits_runs_in_its_environment(world, kernel):
    with world.talk(kernel) as talk:
        talk.run(
            """\
            %%aml submit -o run --wait --show none
            import iniconfig, sys
            print("in", sys.prefix, iniconfig.__name__)
            """
        )
        status = talk.run("print(run.get_status(), run.id)").split()
        shown = talk.run("from azureml.widgets import RunDetails; RunDetails(run).show()")
    assert status[0] == "Completed", status
    assert status[1] in shown
    assert world.ask("GET", f"aml/runs/{status[1]}")[1]["job"]["environment"] == "tiny:1"


def test_an_install_into_it_is_refused_with_what_to_do_instead(world, kernel):
    with world.talk(kernel) as talk:
        said = talk.run("%pip install attrs")
        assert "This environment is shared by runs and kernels" in said
        assert "Add what is missing to its definition" in said
        assert "ModuleNotFoundError" in talk.run("import attrs")


PIP = """
import os, sys
os.makedirs("bin", exist_ok=True)
with open("bin/pip", "w") as file:
    file.write("#!/bin/sh\\necho called with $*\\n")
os.chmod("bin/pip", 0o700)
os.environ["PATH"] = os.path.abspath("bin") + os.pathsep + os.environ["PATH"]
"""


def test_the_retired_sdk_is_left_out_of_what_a_cell_installs(world, kernel):
    with world.talk(kernel) as talk:
        talk.run(PIP)

        alone = talk.run("!pip install --upgrade azureml-sdk azureml-widgets\nprint('next')")
        mixed = talk.run("!pip install --upgrade azureml-train-core iniconfig")
        shell = talk.run("%%sh\npip install azureml-telemetry iniconfig")
        magic = talk.run("%pip install azureml-pipeline")

    told, *libraries, last = alone.splitlines()
    assert told.startswith("jupyter_aml: azureml-sdk, azureml-widgets are not installed")
    # The environment holds nothing of what the SDK brought.
    assert libraries == ["called with install --upgrade numpy pandas pyarrow requests"]
    assert last == "next"
    stands_in = "is not installed, jupyter_aml stands in for it"
    install = "called with install"
    assert mixed == f"jupyter_aml: azureml-train-core {stands_in}\n{install} --upgrade iniconfig"
    assert shell == f"jupyter_aml: azureml-telemetry {stands_in}\n{install} iniconfig"
    assert magic == f"jupyter_aml: azureml-pipeline {stands_in}"


def test_a_kernel_without_an_environment_leaves_it_out_and_answers_old_names(world):
    status, session = world.start("python3", "plain.ipynb")
    assert status == 201, session
    with world.talk(session["kernel"]["id"]) as talk:
        talk.run(PIP)

        installed = talk.run("!pip install --upgrade azureml-telemetry ipywidgets")
        answered = talk.run("import numpy as np; print(np.zeros(1, dtype=np.int))")

    world.ask("DELETE", f"api/sessions/{session['id']}")
    assert installed == (
        "jupyter_aml: azureml-telemetry is not installed, jupyter_aml stands in for it\n"
        "called with install --upgrade ipywidgets"
    )
    assert "numpy.int was removed: int answers" in answered
    assert "[0]" in answered.splitlines()


def test_a_loop_is_interrupted_and_the_kernel_lives_on(world, kernel):
    with world.talk(kernel) as talk:
        talk.run("kept = 42")
        # A kernel that stops on errors may also drop what is asked right after one.
        loop = "import time\nwhile True: time.sleep(0.01)"
        busy = talk.client.execute(loop, stop_on_error=False)
        until(
            lambda: world.running(kernel)["state"] == "busy", seconds=20, what="the loop to begin"
        )
        assert world.ask("POST", f"api/kernels/{kernel}/interrupt")[0] == 204
        reply = talk.client.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == busy
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert talk.run("print(kept)") == "42"


def test_a_restart_is_a_new_process_in_the_same_place(world, kernel):
    where = "import sys; print(sys.prefix)"
    with world.talk(kernel) as talk:
        before, pid = talk.run(where), world.running(kernel)["pid"]
        talk.run("kept = 42")
    # A newer version is for the next start.
    world.add_environment("tiny", "iniconfig==2.0.0", "idna", variables={"COLOR": "red"})

    assert world.ask("POST", f"api/kernels/{kernel}/restart")[0] == 200

    with world.talk(kernel) as talk:
        assert talk.run(where) == before
        assert "NameError" in talk.run("kept")
        assert talk.run("import os; print(os.environ['AML_ENVIRONMENT'])") == "tiny:1"
    assert world.running(kernel)["pid"] != pid
    until(lambda: not psutil.pid_exists(pid), seconds=20, what="the old process to end")


def test_a_shutdown_leaves_no_process(world):
    kernel = world.start("aml-tiny", "short.ipynb")[1]["kernel"]["id"]
    with world.talk(kernel) as talk:
        child = "import subprocess; p = subprocess.Popen(['sleep', '600']); print(p.pid)"
        pids = [world.running(kernel)["pid"], int(talk.run(child))]

    assert world.ask("DELETE", f"api/kernels/{kernel}")[0] == 204

    until(lambda: not psutil.pid_exists(pids[0]), seconds=20, what="the kernel to end")
    assert world.running(kernel) is None
    if psutil.pid_exists(pids[1]):
        # As with every kernel: what it started and did not wait for is its own affair.
        os.kill(pids[1], signal.SIGKILL)


def test_kernels_are_listed_with_owner_state_and_what_they_take(world, kernel):
    with world.talk(kernel) as talk:
        talk.run("print(1)")
    until(lambda: world.running(kernel)["state"] == "idle", seconds=20, what="it to be idle")

    seen = world.running(kernel)

    assert (seen["spec"], seen["displayName"]) == ("aml-tiny", "tiny (aml)")
    assert seen["environment"].startswith("tiny:")
    assert seen["notebook"] == "a.ipynb"
    assert seen["memory"] > 10_000_000
    assert seen["cpu"] is not None
    assert 0 <= seen["idle"] < 60
    assert psutil.Process(seen["pid"]).is_running()


def test_a_kernel_of_no_environment_is_refused_when_it_is_made(world):
    status, problem = world.ask("POST", "aml/kernels", {"environment": "tyni"})

    assert (status, problem["error"]) == (404, "NotFound")
    assert "tiny" in problem["message"]


def test_a_build_that_fails_says_why_where_the_kernel_is_chosen(world):
    world.add_environment("broken", "no-such-package-of-ours==1")
    spec = world.add_kernel("broken")

    status, answer = world.start(spec, "broken.ipynb")

    assert status == 500
    assert "environment broken:1 cannot be built" in answer["message"]
    assert "no-such-package-of-ours" in answer["message"]
    assert "Traceback" not in answer["message"]


def test_a_container_is_not_made_of_an_environment_without_an_image(world):
    spec = world.add_kernel("tiny", name="Boxed", compute="docker")

    status, answer = world.start(spec, "boxed.ipynb")

    assert status == 500
    assert "has no docker image: enable docker in its definition" in answer["message"]


def test_an_environment_of_the_users_own_must_have_ipykernel_itself(world, tmp_path):
    venv.create(tmp_path / "own", with_pip=False)
    interpreter = str(tmp_path / "own" / "bin" / "python")
    python = {"userManagedDependencies": True, "interpreterPath": interpreter}
    body = {"workspace": "default", "definition": {"name": "own", "python": python}}
    assert world.ask("POST", "aml/environments", body)[0] == 201
    spec = world.add_kernel("own")

    status, answer = world.start(spec, "own.ipynb")

    assert status == 500
    assert f"has no ipykernel: {interpreter} -m pip install ipykernel" in answer["message"]


def test_a_second_server_on_the_root_has_kernels_of_its_own(world, kernel, tmp_path):
    with world.beside(tmp_path) as second:
        assert second.ask("POST", "aml/kernels", {"environment": "tyni"})[0] == 404
        session = second.start(second.add_kernel("tiny", name="Second"))[1]
        mine = session["kernel"]["id"]
        assert second.running(mine)["environment"].startswith("tiny:")
        assert second.running(kernel) is None
        assert world.running(mine) is None


def test_a_removed_kernel_can_be_chosen_no_more(world):
    spec = world.add_kernel("tiny", name="For a moment")
    assert spec in world.ask("GET", "api/kernelspecs")[1]["kernelspecs"]

    assert world.ask("DELETE", f"aml/kernels/{spec}")[0] == 204

    assert spec not in world.ask("GET", "api/kernelspecs")[1]["kernelspecs"]
    assert world.ask("DELETE", f"aml/kernels/{spec}")[0] == 404


def test_kernels_of_a_killed_server_end_and_its_successor_lists_what_is():
    with a_world() as world:
        world.add_environment("tiny", "iniconfig==2.0.0")
        spec = world.add_kernel("tiny")
        kernel = world.start(spec)[1]["kernel"]["id"]
        pid = world.running(kernel)["pid"]

        world.server.kill()

        until(lambda: not psutil.pid_exists(pid), seconds=30, what="the kernel to end")
        world.server.start_again()
        listed = world.ask("GET", "aml/kernels")[1]
        assert listed["running"] == []
        assert [each["spec"] for each in listed["specs"]] == [spec]


def test_an_idle_kernel_is_ended_and_one_of_another_kind_is_not():
    with a_world("--AmlConfig.kernel_idle_minutes=0.05") as world:
        world.add_environment("tiny", "iniconfig==2.0.0")
        ours = world.start(world.add_kernel("tiny"))[1]["kernel"]["id"]
        other = world.start("python3", "other.ipynb")[1]["kernel"]["id"]
        pid = world.running(ours)["pid"]

        until(lambda: world.running(ours) is None, seconds=60, what="the kernel to be ended")

        assert not psutil.pid_exists(pid)
        assert world.running(other) is not None
        assert "was idle for" in world.log.read_text()


def test_a_kernel_in_a_ready_environment_takes_about_as_much_as_any(world):
    def first_cell(spec: str) -> float:
        before = spent(world.server.pid)
        session = world.start(spec, f"{spec}.ipynb")[1]
        kernel = session["kernel"]["id"]
        with world.talk(kernel) as talk:
            talk.run("1")
        took = spent(world.server.pid) - before + spent(world.running(kernel)["pid"])
        world.ask("DELETE", f"api/sessions/{session['id']}")
        return took

    first_cell("aml-tiny")  # its modules are compiled
    ours, plain = first_cell("aml-tiny"), first_cell("python3")

    # The aim is 1.5 by the clock, which the benchmarks measure; a build would take far more.
    assert ours < 3 * plain + 1


def spent(pid: int) -> float:
    """Seconds of the processor that a process took, with the children that it has waited for."""
    return sum(psutil.Process(pid).cpu_times()[:4])
