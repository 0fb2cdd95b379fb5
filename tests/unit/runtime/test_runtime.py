"""What travels into a run, and the alias that stands in for azureml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runtime import runtime
from jupyter_aml.runtime.runtime import ensure_runtime

OUR_SDK = """
import sys, types
def install():
    module = types.ModuleType("azureml")
    module.who = "ours"
    module.__path__ = []
    return module
"""
ASK = """
import json, sys
import azureml
print(json.dumps({"who": getattr(azureml, "who", None), "same": sys.modules["azureml"] is azureml,
                  "path": sys.path, "file": getattr(azureml, "__file__", None)}))
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A runtime whose library holds a small stand-in for our own azureml module."""
    monkeypatch.setattr(runtime, "_ready", {})
    made = ensure_runtime(tmp_path / "root")
    for name in ("__init__.py", "azureml.py"):
        place = tmp_path / "sdk" / "jupyter_aml" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(OUR_SDK if name == "azureml.py" else "")
    return made


def ask(*path: Path, code: str = ASK, cwd: Path) -> dict[str, object]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=environment, cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_runtime_holds_what_travels_and_nothing_of_the_server(made):
    lib = made.pythonpath[0] / "jupyter_aml"

    rooms = {path.name for path in lib.iterdir()} - {"__pycache__"}

    assert {"__init__.py", "_version.py", "wire", "domain", "runfolder", "magics"} <= rooms
    assert not rooms & {"engine", "server", "store", "compute", "environments", "kernels"}
    assert {path.suffix for path in lib.rglob("*") if path.is_file()} <= {".py", ".json", ".pyc"}


def test_a_runtime_is_compiled_under_its_own_name(made):
    lib, alias = made.pythonpath
    code = "import jupyter_aml.wire.coding as w, json; print(json.dumps({'file': w.decode_run.__code__.co_filename, 'cached': w.__cached__}))"  # noqa: E501

    seen = ask(lib, code=code, cwd=lib)

    assert seen["file"] == str(lib / "jupyter_aml" / "wire" / "coding.py")
    assert Path(str(seen["cached"])).is_file()
    assert list((alias / "azureml" / "__pycache__").iterdir())


def test_the_facts_can_be_imported_from_it_with_nothing_installed(made, tmp_path):
    code = "import jupyter_aml, jupyter_aml.wire.coding, jupyter_aml.runfolder.records, json; print(json.dumps({'v': jupyter_aml.__version__}))"  # noqa: E501

    assert ask(made.pythonpath[0], code=code, cwd=tmp_path)["v"]


def test_it_is_made_once(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "_ready", {})
    first = ensure_runtime(tmp_path)
    stamp = first.pythonpath[0].stat()
    monkeypatch.setattr(runtime, "_ready", {})

    again = ensure_runtime(tmp_path)

    assert again == first
    assert again.pythonpath[0].stat() == stamp
    assert [path.name for path in (tmp_path / "runtime").iterdir()] == [
        first.pythonpath[0].parent.name
    ]


def test_it_is_made_again_after_somebody_deleted_it(tmp_path):
    first = ensure_runtime(tmp_path)
    runtime.remove_tree(tmp_path / "runtime")

    assert ensure_runtime(tmp_path) == first
    assert first.pythonpath[0].is_dir()


def test_a_root_that_cannot_be_written_is_said_so(tmp_path):
    (tmp_path / "runtime").write_text("in the way")

    with pytest.raises(StorageFailed, match="cannot write"):
        ensure_runtime(tmp_path)


def test_without_a_real_azureml_the_alias_is_ours(made, tmp_path):
    seen = ask(tmp_path / "sdk", made.pythonpath[1], cwd=tmp_path)

    assert (seen["who"], seen["same"]) == ("ours", True)


def test_the_library_beside_the_alias_is_found_without_being_on_the_path(made, tmp_path):
    lib, alias = made.pythonpath
    (lib / "jupyter_aml" / "azureml.py").write_text(OUR_SDK)
    for old in (lib / "jupyter_aml" / "__pycache__").glob("azureml.*"):
        old.unlink()

    seen = ask(alias, cwd=tmp_path)

    assert seen["who"] == "ours"
    assert str(lib) in seen["path"]


@pytest.mark.parametrize("alias_first", [True, False])
def test_a_real_azureml_is_never_shadowed(made, tmp_path, alias_first):
    real = tmp_path / "site"
    (real / "azureml" / "core").mkdir(parents=True)
    (real / "azureml" / "__init__.py").write_text("who = 'real'\n")
    (real / "azureml" / "core" / "__init__.py").write_text("deep = 'real'\n")
    places = [made.pythonpath[1], real] if alias_first else [real, made.pythonpath[1]]

    seen = ask(*places, code="import azureml.core\nassert azureml.core.deep" + ASK, cwd=tmp_path)

    assert (seen["who"], seen["same"]) == ("real", True)
    assert seen["file"] == str(real / "azureml" / "__init__.py")
    assert (str(made.pythonpath[1]) in seen["path"]) is not alias_first


def test_a_real_azureml_without_an_init_is_never_shadowed(made, tmp_path):
    for site in ("one", "two"):
        (tmp_path / site / "azureml" / site).mkdir(parents=True)
        (tmp_path / site / "azureml" / site / "__init__.py").write_text(f"name = '{site}'\n")
    code = "from azureml.one import name as a\nfrom azureml.two import name as b\nimport json\nprint(json.dumps([['a', a], ['b', b]]))"  # noqa: E501

    seen = ask(made.pythonpath[1], tmp_path / "one", tmp_path / "two", code=code, cwd=tmp_path)

    assert seen == {"a": "one", "b": "two"}


def test_a_folder_that_is_only_called_azureml_does_not_count_as_one(made, tmp_path):
    (tmp_path / "azureml").mkdir()
    (tmp_path / "azureml" / "notes.txt").write_text("a course")

    seen = ask(tmp_path / "sdk", made.pythonpath[1], cwd=tmp_path)

    assert seen["who"] == "ours"


def test_an_azureml_of_an_editable_install_is_never_shadowed(made, tmp_path):
    code = """
import importlib.machinery, importlib.util, sys
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, cls()) if name == "azureml" else None
    def create_module(self, spec): return None
    def exec_module(self, module): module.who = "editable"
sys.meta_path.append(Finder)
"""

    seen = ask(made.pythonpath[1], code=code + ASK, cwd=tmp_path)

    assert (seen["who"], seen["same"]) == ("editable", True)
