"""What is installed, seen through the metadata of a folder of packages."""

from __future__ import annotations

import json
import sys

import pytest

from jupyter_aml.magics.env import installed


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A function that installs a package into the only folder on the path."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder)])

    def install(name, version, files, *, url=None, editable=False, by="pip"):
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
        (info / "INSTALLER").write_text(f"{by}\n")
        if url is not None:
            told = {"url": url, "dir_info": {"editable": True} if editable else {}}
            (info / "direct_url.json").write_text(json.dumps(told))
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).touch()

    return install


def test_all_that_is_installed_is_named_in_its_version(site):
    site("My_Package", "1.0", ["mine.py"])
    site("torch", "2.1.0+cpu", ["torch/__init__.py"])

    found = installed.everything()

    assert found.requirements == ["my-package==1.0", "torch==2.1.0"]
    assert not found.left_out


def test_what_comes_from_elsewhere_is_left_out_and_says_from_where(site):
    site("here", "1", ["here.py"], url="file:///home/me/here", editable=True)
    site("there", "2", ["there.py"], url="https://me:secret@git.example/there.git")
    site("usual", "3", ["usual.py"], url="file:///croot/usual", by="conda")

    found = installed.everything()

    assert found.requirements == ["usual==3"]
    assert found.left_out == {
        "here": "editable from file:///home/me/here",
        "there": "from https://git.example/there.git",
    }


def test_what_every_run_gets_is_not_asked_for(site):
    site("jupyter_aml", "0.1", ["jupyter_aml/__init__.py"])

    found, missing = installed.of_modules(["jupyter_aml.core"])

    assert not found.requirements
    assert not missing
    assert not installed.everything().requirements


def test_modules_are_found_by_the_packages_that_bring_them(site):
    site("scikit-learn", "1.4.0", ["sklearn/__init__.py", "sklearn/svm.py"])
    site("other", "1", ["other.py"])

    found, missing = installed.of_modules(["sklearn.svm", "nothing.at.all"])

    assert found.requirements == ["scikit-learn==1.4.0"]
    assert missing == ("nothing.at.all",)


def test_of_those_that_share_a_namespace_the_nearest_is_meant(site):
    site("google-storage", "1", ["google/cloud/storage/__init__.py"])
    site("google-query", "2", ["google/cloud/query/__init__.py"])

    one, _ = installed.of_modules(["google.cloud.storage.Client"])
    both, _ = installed.of_modules(["google.cloud"])

    assert one.requirements == ["google-storage==1"]
    assert both.requirements == ["google-query==2", "google-storage==1"]
