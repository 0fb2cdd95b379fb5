"""The builder of environments on attached machines, by itself, as it is started there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_aml.environments.pythons import found
from jupyter_aml.shim import venvs


@pytest.mark.parametrize("python", [found()[min(found())], sys.executable])
def test_an_environment_is_made_and_marked_by_the_oldest_python_too(
    tmp_path: Path, python: str
) -> None:
    folder, failure, wanted = (tmp_path / name for name in ("env-1", "failure", "wanted"))
    wanted.write_text("")
    (folder / "env" / "left").mkdir(parents=True)
    words = [str(each) for each in (folder, failure, python, wanted)]

    done = subprocess.run([python, "-I", "-S", venvs.__file__, *words], check=False)

    assert done.returncode == 0
    assert json.loads((folder / venvs.MARK).read_text()) == {"python": python}
    assert not failure.exists() and not (folder / "env" / "left").exists()
    pip = subprocess.run(
        [folder / "env" / "bin" / "pip", "install", "x"], capture_output=True, text=True
    )
    assert (pip.returncode, pip.stderr.split(",")[0]) == (
        1, "This environment is shared by runs and kernels",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "why"),
    [("--only-binary :all:\nno such line\n", "pip failed there: "), (None, "no ensurepip there")],
)
def test_what_cannot_be_made_is_gone_and_says_why(
    tmp_path: Path, wanted: str | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, failure, file = (tmp_path / name for name in ("env-1", "failure", "wanted"))
    file.write_text(wanted or "")
    if wanted is None:
        # A Python of Debian's without python3-venv.
        monkeypatch.setitem(sys.modules, "ensurepip", None)

    code = venvs.main(folder, failure, sys.executable, file, has_pip=False)

    assert code == 1
    assert why in json.loads(failure.read_text())["error"]
    assert not folder.exists()
