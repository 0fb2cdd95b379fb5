"""What a run leaves is bytes: nothing of it is loaded, unpacked or parsed by the server."""

from __future__ import annotations

import ast
from pathlib import Path

import jupyter_aml
from tests.attacks.conftest import Victim

LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "torch", "marshal", "shelve",
           "jsonpickle", "h5py", "tensorflow"}  # fmt: skip
BOMBS = """
import io, os, pickle, zipfile
import numpy as np

class Bomb:
    def __reduce__(self):
        return os.mkdir, (os.environ["AML_RUN_DIR"] + "/loaded",)

bomb = pickle.dumps(Bomb())
names = ("model.pkl", "model.joblib", "model.pt", "model.h5", "model.npz", "model.parquet", "a.npy")
for name in names:
    open("outputs/" + name, "wb").write(bomb)
np.save("outputs/objects.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
for name in ("packed.bin", "packed.json", "1-x.jsonl"):
    open(os.environ["AML_RUN_DIR"] + "/metrics/" + name, "wb").write(bomb)
for name in ("facts.json", "environment.json"):
    open(os.environ["AML_RUN_DIR"] + "/" + name, "wb").write(bomb)

inner = io.BytesIO()
with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
    packed.writestr("../../../../escaped", b"x")
    packed.writestr("/escaped", b"x")
    packed.writestr("zeros", bytes(50_000_000))
with zipfile.ZipFile("outputs/nested.zip", "w") as packed:
    packed.writestr("inner.zip", inner.getvalue())
open("outputs/header.npy", "wb").write(b"\\x93NUMPY\\x02\\x00\\xff\\xff\\xff\\xff{'descr': '|O'")
open("outputs/broken.parquet", "wb").write(b"PAR1" + b"\\xff" * 64 + b"PAR1")
"""


def test_what_a_run_left_is_never_loaded_by_the_server(victim: Victim) -> None:
    """Case 33, 34: listed, fetched, previewed, packed, compared and deleted, and still bytes."""
    run = victim.run(BOMBS)
    about, folder = f"runs/{run['runId']}", victim.folder_of(run)
    listed = [file["name"] for file in victim.ask("GET", f"{about}/files").json["files"]]

    for name in listed:
        where = f"{about}/files/{name}"
        stored = folder.locate(name).read_bytes()
        assert victim.ask("GET", where).body == stored
        for way in (f"{where}?inline=1", f"{about}/logs/{name}?tail=100"):
            assert victim.ask("GET", way).code == 200
    for rest in ("metrics", "metrics?source=system", "facts", "snapshot", "archive?what=run",
                 f"difference/{run['runId']}"):  # fmt: skip
        assert victim.ask("GET", f"{about}/{rest}").code == 200, rest

    assert run["status"] == "Completed"
    assert len(listed) == 12
    assert not (folder.path / "loaded").exists()
    assert list(victim.root.parent.rglob("escaped")) == []
    assert victim.ask("DELETE", about).code == 204


def test_nothing_that_loads_objects_is_ever_imported() -> None:
    """Case 33: no module of ours, on neither side, imports what could load a pickle."""
    package = Path(jupyter_aml.__file__).parent
    imported: dict[str, set[str]] = {}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
            for name in names:
                imported.setdefault(name.partition(".")[0], set()).add(path.name)

    assert {name: files for name, files in imported.items() if name in LOADERS} == {}
    assert "allow_pickle" not in "".join(path.read_text() for path in package.rglob("*.py"))
