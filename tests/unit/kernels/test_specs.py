"""Kernelspecs of environments."""

from __future__ import annotations

import json

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from jupyter_aml.domain.errors import AlreadyExists, Invalid, NotFound, StorageFailed
from jupyter_aml.kernels import specs


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """Jupyter's data of this test alone."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_an_environment_becomes_a_kernel_that_jupyter_lists():
    made = specs.add(specs.read({"environment": "Vision", "workspace": "lab"}))

    known = KernelSpecManager(ensure_native_kernel=False).get_kernel_spec("aml-vision")
    assert made.spec == "aml-vision"
    assert known.display_name == "Vision (aml)"
    assert known.language == "python"
    assert known.metadata["kernel_provisioner"] == {
        "provisioner_name": "aml-environment",
        "config": {"workspace": "lab", "environment": "Vision", "compute": "local"},
    }
    assert specs.found() == [made]


def test_a_version_has_a_kernel_of_its_own():
    newest = specs.add(specs.read({"environment": "vision"}))
    third = specs.add(specs.read({"environment": "vision", "version": "3"}))

    assert (newest.version, third.version) == (None, "3")
    assert (third.spec, third.display_name) == ("aml-vision-3", "vision 3 (aml)")
    assert specs.found() == [newest, third]


def test_the_name_is_what_the_user_gave():
    made = specs.add(specs.read({"environment": "vision", "name": "My Kernel"}))

    assert (made.spec, made.display_name) == ("aml-my-kernel", "My Kernel")


def test_the_same_kernel_again_changes_nothing(data):
    first = specs.add(specs.read({"environment": "vision"}))
    before = (data / "kernels/aml-vision/kernel.json").stat().st_mtime_ns

    assert specs.add(specs.read({"environment": "vision"})) == first
    assert (data / "kernels/aml-vision/kernel.json").stat().st_mtime_ns == before


def test_a_kernel_of_another_environment_is_not_overwritten():
    specs.add(specs.read({"environment": "vision", "workspace": "one"}))

    with pytest.raises(AlreadyExists, match="of environment vision in workspace 'one'"):
        specs.add(specs.read({"environment": "vision", "workspace": "two"}))


def test_kernels_of_others_are_neither_listed_nor_overwritten_nor_removed(data):
    place = data / "kernels" / "aml-other"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps({"argv": ["x"], "metadata": {}}))

    assert specs.found() == []
    with pytest.raises(NotFound):
        specs.remove("aml-other")
    with pytest.raises(AlreadyExists, match="of something else"):
        specs.add(specs.read({"environment": "other"}))
    assert place.exists()


def test_a_kernel_is_removed_whole(data):
    specs.add(specs.read({"environment": "vision"}))

    specs.remove("aml-vision")

    assert specs.found() == []
    assert [path.name for path in data.iterdir()] == ["kernels"]
    assert [*(data / "kernels").iterdir()] == []


@pytest.mark.parametrize("name", ["python3", "aml-nothing", "../aml-vision", "aml-../x", ""])
def test_only_what_is_there_and_ours_can_be_removed(name):
    specs.add(specs.read({"environment": "vision"}))

    with pytest.raises(NotFound, match="known: aml-vision"):
        specs.remove(name)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "cannot be the name of an environment"),
        ({"environment": "../x"}, "cannot be the name of an environment"),
        ({"environment": 3}, "must be a text"),
        ({"environment": "a", "compute": "the moon"}, "cannot be the name of a compute"),
        ({"environment": "a", "color": "red"}, "a kernel has no 'color'"),
        ({"environment": "a", "name": "two\nlines"}, "one line"),
        ({"environment": "a", "name": "日本"}, "no letter or digit"),
    ],
)
def test_what_cannot_be_a_kernel_is_said(body, said):
    with pytest.raises(Invalid, match=said):
        specs.read(body)


def test_a_data_folder_that_cannot_be_written_is_said(data):
    data.write_text("a file")

    with pytest.raises(StorageFailed, match="cannot write the kernel"):
        specs.add(specs.read({"environment": "vision"}))
