"""Environments as SDK v1 had them: made, registered, built, copied, written down."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk.core import Environment
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.container_registry import ContainerRegistry
from jupyter_aml.sdk.core.environment import (
    DockerBuildContext,
    EnvironmentReference,
    ImageBuildDetails,
    SparkPackage,
)
from jupyter_aml.sdk.exceptions import UserErrorException
from tests.unit.sdk.engine import FakeWorkspace


@pytest.fixture
def ws() -> Any:
    return FakeWorkspace()


def with_packages(*packages: str) -> Environment:
    made = Environment("mine")
    made.python.conda_dependencies = CondaDependencies.create(pip_packages=list(packages))
    return made


# ---- the JSON form ----------------------------------------------------------------------------


def test_a_new_environment_is_python_and_the_runtime_directly_on_the_target() -> None:
    told = Environment("mine")._to_json()

    assert list(told) == [
        "name", "version", "python", "environmentVariables", "docker", "spark",
        "inferencingStackVersion",
    ]  # fmt: skip
    assert told["python"]["userManagedDependencies"] is False
    assert told["python"]["condaDependencies"]["dependencies"][1] == {"pip": ["azureml-defaults"]}
    assert told["docker"]["enabled"] is False


def test_everything_that_can_be_set_goes_there_and_back() -> None:
    made = with_packages("tqdm")
    made.environment_variables = {"A": "1"}
    made.python.interpreter_path = "/opt/python"
    made.python.base_conda_environment = "py_env"
    made.docker.enabled, made.docker.base_image = True, "example/image:1"
    made.docker.platform.architecture = "arm64"
    made.docker.base_image_registry.address = "registry.example"
    made.docker.arguments, made.docker.shm_size = ["--cpus", "2"], "2g"
    made.docker.gpu_support, made.docker.shared_volumes = False, True
    made.docker.build_context = DockerBuildContext("localdirectory", "/srv/image")
    made.spark.packages = [SparkPackage("org.example", "thing", "1")]
    made.inferencing_stack_version = "latest"

    told = made._to_json()

    assert Environment._from_json(told)._to_json() == told
    assert told["docker"]["shmSize"] == "2g"
    assert told["docker"]["buildContext"]["location"] == "/srv/image"


def test_what_only_newer_versions_of_v1_wrote_is_kept() -> None:
    told = {**Environment("mine")._to_json(), "assetId": "a", "r": {"rVersion": "4"}}

    assert Environment._from_json(told)._to_json() == told


def test_no_packages_stay_no_packages() -> None:
    made = Environment.from_docker_image("mine", "example/image:1")

    told = made._to_json()

    assert told["python"]["condaDependencies"] is None
    assert told["python"]["userManagedDependencies"] is True
    assert Environment._from_json(told)._to_json() == told
    told["python"]["userManagedDependencies"] = False
    assert Environment._from_json(told)._to_json() == told


@pytest.mark.parametrize("managed", [False, True])
def test_packages_can_be_changed_in_place(managed: bool) -> None:
    made = Environment("mine")
    made.python.user_managed_dependencies = managed

    made.python.conda_dependencies.add_pip_package("tqdm")

    packages = made._to_json()["python"]["condaDependencies"]
    assert packages["dependencies"][1] == {"pip": ["azureml-defaults", "tqdm"]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"nome": "x"}, "no key 'nome'; did you mean 'name'"),
        ({"docker": {"enabeld": True}}, r"docker: there is no key 'enabeld'"),
        ({"environmentVariables": {"A=B": "1"}}, "'A=B' cannot be set"),
        ({"name": "../x"}, "cannot be the name"),
    ],
)
def test_a_definition_that_is_none_is_refused_by_its_key(change: Any, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        Environment._from_json({"name": "mine", **change})


def test_a_name_that_is_none_is_refused_when_it_is_given() -> None:
    with pytest.raises(UserErrorException, match="'a b' cannot be the name of an environment"):
        Environment("a b")


def test_packages_are_a_specification_and_not_a_list() -> None:
    with pytest.raises(UserErrorException, match="expected a CondaDependencies, not list"):
        Environment("mine").python.conda_dependencies = ["numpy"]  # type: ignore[assignment]


# ---- made from files --------------------------------------------------------------------------


def test_a_specification_brings_its_packages_and_variables(tmp_path: Path) -> None:
    file = tmp_path / "conda.yml"
    file.write_text("name: e\ndependencies: [numpy]\nvariables: {THREADS: 4}\nprefix: /opt/e\n")

    for make in (
        Environment.from_conda_specification, Environment.create_from_conda_specification,
    ):  # fmt: skip
        told = make("mine", file)._to_json()
        assert told["environmentVariables"] == {"THREADS": "4"}
        assert told["python"]["condaDependencies"] == {"name": "e", "dependencies": ["numpy"]}


def test_the_older_spellings_are_the_same() -> None:
    for name in ("conda_specification", "pip_requirements", "existing_conda_environment"):
        assert getattr(Environment, f"create_from_{name}") is getattr(Environment, f"from_{name}")


def test_requirements_bring_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("\ufeff# of the course\nnumpy==1.26.4  # old\n\npandas[excel] \\\n  >=2\n")

    made = Environment.from_pip_requirements("mine", file, pip_version="24.0")

    packages = made.python.conda_dependencies
    lines = [line.replace(" ", "") for line in packages.pip_packages]
    assert lines == ["numpy==1.26.4", "pandas[excel]>=2"]
    assert list(packages.conda_packages) == ["pip=24.0"]
    with pytest.raises(UserErrorException, match=r"nowhere\.txt"):
        Environment.from_pip_requirements("mine", tmp_path / "nowhere.txt")


def test_an_image_is_taken_as_it_is_or_with_packages_on_top(tmp_path: Path) -> None:
    registry = ContainerRegistry()
    registry.address = "registry.example"
    (tmp_path / "r.txt").write_text("tqdm\n")

    plain = Environment.from_docker_image("mine", "example/image:1", registry)
    on_top = Environment.from_docker_image(
        "mine", "example/image:1", pip_requirements=tmp_path / "r.txt"
    )

    assert (plain.docker.enabled, plain.docker.base_image) == (True, "example/image:1")
    assert plain._to_json()["docker"]["baseImageRegistry"]["address"] == "registry.example"
    assert plain.python.user_managed_dependencies is True
    assert on_top.python.user_managed_dependencies is False
    assert list(on_top.python.conda_dependencies.pip_packages) == ["tqdm"]
    with pytest.raises(UserErrorException, match="not both"):
        Environment.from_docker_image("mine", "i", None, "conda.yml", "r.txt")


def test_a_dockerfile_is_a_path_or_a_text(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM example/image:1\n")

    by_path = Environment.from_dockerfile("mine", tmp_path / "Dockerfile")
    by_text = Environment.from_dockerfile("mine", "FROM example/image:2")

    assert by_path._to_json()["docker"]["baseDockerfile"] == "FROM example/image:1\n"
    assert by_text._to_json()["docker"]["baseDockerfile"] == "FROM example/image:2"
    assert by_path._to_json()["docker"]["baseImage"] is None


def test_a_dockerfile_that_is_not_there_is_missed_when_it_is_needed(ws: Any) -> None:
    made = Environment("mine")

    made.docker.base_dockerfile = "./Dockerfile"

    with pytest.raises(UserErrorException, match=r"cannot read '\./Dockerfile'"):
        made.register(ws)


def test_a_folder_with_a_dockerfile_can_be_built_from(tmp_path: Path, ws: Any) -> None:
    (tmp_path / "Dockerfile").write_text("FROM example/image:1\n")

    context = DockerBuildContext.from_local_directory(ws, tmp_path)
    made = Environment.from_docker_build_context("mine", context)

    assert made._to_json()["docker"]["buildContext"] == {
        "locationType": "localdirectory", "location": str(tmp_path),
        "dockerfilePath": "Dockerfile",
    }  # fmt: skip
    with pytest.raises(UserErrorException, match="no 'Other'"):
        DockerBuildContext.from_local_directory(ws, tmp_path, "Other")


# ---- in a workspace ---------------------------------------------------------------------------


def test_an_equal_definition_makes_no_version_and_a_changed_one_does(ws: Any) -> None:
    first = with_packages("tqdm").register(ws)
    again = with_packages("tqdm").register(ws)
    changed = first.clone("mine")
    changed.python.conda_dependencies.add_pip_package("rich")

    assert (first.version, again.version, changed.register(ws).version) == ("1", "1", "2")
    assert Environment.get(ws, "mine").version == "2"
    assert Environment.get(ws, "mine", version="1").version == "1"
    assert Environment.get(ws, "mine", version=1).version == "1"  # type: ignore[arg-type]
    assert EnvironmentReference("mine", "1").get_environment(ws).version == "1"


def test_a_version_is_found_by_its_label(ws: Any) -> None:
    with_packages("tqdm").register(ws)
    with_packages("rich").register(ws)

    Environment.label(ws, "mine", "1", ["Production", "Tested"])

    assert Environment.get(ws, "mine", label="Production").version == "1"
    assert Environment.get(ws, "mine", label="Latest").version == "2"
    with pytest.raises(UserErrorException, match="'Good'; there is: Latest, Production, Tested"):
        Environment.get(ws, "mine", label="Good")
    with pytest.raises(UserErrorException, match="not both"):
        Environment.get(ws, "mine", "1", "Tested")
    with pytest.raises(UserErrorException, match="no environment 'mine'"):
        Environment.label(ws, "mine", "9", ["Production"])


def test_registering_gives_the_environment_itself_its_version(ws: Any) -> None:
    made = with_packages("tqdm")

    made.register(workspace=ws)

    assert made.version == "1"


def test_a_list_iterates_as_names(ws: Any) -> None:
    with_packages("tqdm").register(ws)
    Environment("other").register(ws)

    found = Environment.list(workspace=ws)

    assert list(found) == ["mine", "other"]
    assert found["mine"].version == "1"


def test_one_that_is_not_there_is_an_error_of_the_user(ws: Any) -> None:
    with pytest.raises(UserErrorException, match="no environment 'mine'"):
        Environment.get(ws, "mine")


def test_a_build_is_followed_with_its_log_to_its_end(
    ws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ws.client.environments.builds = [{"state": "building"}, {"state": "building"},
                        {"state": "ready", "interpreter": "/envs/a/bin/python"}]  # fmt: skip
    ws.client.environments.logs = [b"", b"resolving\n", b"resolving\nready\n"]
    made = with_packages("tqdm")

    build = made.build(ws)

    assert repr(build) == "ImageBuildDetails(mine:1, Running)"
    assert build.status == "Running"
    assert build.wait_for_completion(show_output=True) is build
    assert capsys.readouterr().out == "resolving\nready\n"
    assert (build.status, build.get_log()) == ("Succeeded", "resolving\nready\n")
    assert ws.client.environments.asked == [("build", "mine", "1")]
    details = made.get_image_details(ws)
    assert (details.image_exist, details.interpreter_path) == (False, "/envs/a/bin/python")
    assert details.environment_path == "/envs/a"


def test_a_build_can_be_followed_by_somebody_else(ws: Any) -> None:
    with_packages("tqdm").register(ws)

    found = ImageBuildDetails(ws.client, "default/mine/1")

    assert (found.status, found.get_log()) == ("NotStarted", "")
    with pytest.raises(UserErrorException, match=r"mine:1 is not built: call build\(\) again"):
        found.wait_for_completion()


def test_a_build_that_fails_says_why(ws: Any) -> None:
    ws.client.environments.builds = [{"state": "failed", "reason": "there is no package 'zz'"}]

    with pytest.raises(UserErrorException, match="mine:1 could not be built: there is no package"):
        with_packages("zz").build_local(ws)
    with pytest.raises(UserErrorException, match="is not built"):
        with_packages("zz").get_image_details(ws)


# ---- copies and files -------------------------------------------------------------------------


def test_a_clone_has_another_name_and_a_life_of_its_own(ws: Any) -> None:
    first = with_packages("tqdm").register(ws)

    second = first.clone("second")
    second.environment_variables["A"] = "1"
    second.python.conda_dependencies.add_pip_package("rich")

    assert (second.name, second.version, first.environment_variables) == ("second", None, {})
    assert "rich" not in list(first.python.conda_dependencies.pip_packages)
    assert copy.copy(first)._to_json() == first._to_json()


def test_a_folder_holds_the_definition_and_its_parts_may_be_edited_there(tmp_path: Path) -> None:
    made = with_packages("tqdm")
    made.docker.enabled, made.docker.base_image = True, None
    made.docker.base_dockerfile = "FROM example/image:1\n"

    made.save_to_directory(tmp_path / "e")

    assert sorted(path.name for path in (tmp_path / "e").iterdir()) == [
        "BaseDockerfile", "azureml_environment.json", "conda_dependencies.yml",
    ]  # fmt: skip
    told = json.loads((tmp_path / "e" / "azureml_environment.json").read_text())
    assert told == made._to_json()
    assert Environment.load_from_directory(tmp_path / "e")._to_json() == told
    (tmp_path / "e" / "conda_dependencies.yml").write_text("dependencies: [numpy]\n")
    edited = Environment.load_from_directory(tmp_path / "e")
    assert list(edited.python.conda_dependencies.conda_packages) == ["numpy"]


def test_a_folder_that_is_there_is_written_into_on_demand_only(tmp_path: Path) -> None:
    made = with_packages("tqdm")

    with pytest.raises(UserErrorException, match="pass overwrite=True"):
        made.save_to_directory(tmp_path)
    made.save_to_directory(tmp_path, overwrite=True)
    assert (tmp_path / "azureml_environment.json").is_file()


def test_nothing_is_left_where_a_definition_cannot_be_written(tmp_path: Path) -> None:
    made = Environment("mine")
    made.docker.base_dockerfile = "nowhere/Dockerfile"

    with pytest.raises(UserErrorException, match="nowhere/Dockerfile"):
        made.save_to_directory(tmp_path / "e")
    assert not (tmp_path / "e").exists()


def test_a_folder_without_a_definition_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match=r"cannot read .*azureml_environment\.json"):
        Environment.load_from_directory(tmp_path)
    (tmp_path / "azureml_environment.json").write_text("{")
    with pytest.raises(UserErrorException, match=r"azureml_environment\.json, line 1, column 2: "):
        Environment.load_from_directory(tmp_path)
