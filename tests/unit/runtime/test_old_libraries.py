"""The start-up hook: removed names answer, and nobody pays who does not ask for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_aml.runtime import runtime
from jupyter_aml.runtime.runtime import ensure_runtime

OLD = """
import numpy as np, pandas as pd
assert np.zeros(2, dtype=np.float).dtype == np.float64 and np.isnan(np.NaN)
frame = pd.DataFrame({"a": [1]}).append({"a": 2}, ignore_index=True)
frame = frame.append(pd.Series({"a": 3}, name="last"))
assert [*frame["a"]] == [1, 2, 3] and [*frame.index] == [0, 1, "last"]
assert [*pd.DataFrame().append(frame)["a"]] == [1, 2, 3]
assert [name for name, _ in frame.iteritems()] == ["a"]
assert len(frame["a"].append(frame["a"], ignore_index=True)) == 6
assert pd.np is np
np.float
from sklearn.externals import joblib
import joblib as ours
assert joblib is ours and ours.__spec__.name == "joblib"
from sklearn.cross_validation import train_test_split
from sklearn.metrics import mean_squared_error, plot_roc_curve
assert mean_squared_error([0, 0], [3, 3], squared=False) == 3
assert mean_squared_error([0, 0], [3, 3]) == 9
from sklearn.base import clone
from sklearn.preprocessing import OneHotEncoder
encoder = clone(OneHotEncoder(sparse=False)).fit([[1], [2]])
assert encoder.get_feature_names() == ["x0_1", "x0_2"]
"""

TOLD = [
    "numpy.float", "numpy.NaN", "DataFrame.append", "DataFrame.iteritems", "Series.append",
    "pandas.np", "sklearn.externals.joblib", "sklearn.cross_validation",
    "sklearn.metrics.plot_roc_curve", "mean_squared_error(squared=...)",
    "OneHotEncoder(sparse=...)", "OneHotEncoder.get_feature_names",
]  # fmt: skip


@pytest.fixture(scope="module")
def alias(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "_ready", {})
        return ensure_runtime(tmp_path_factory.mktemp("root")).pythonpath[1]


def python(code: str, *path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "AML_OLD_LIBRARIES"}
    env |= {"PYTHONPATH": os.pathsep.join(map(str, path)), **variables}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_removed_names_answer_and_each_is_told_once(alias: Path) -> None:
    done = python(OLD, alias)

    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    names = [line.removeprefix("jupyter_aml: ").partition(" was removed: ")[0] for line in lines]
    assert sorted(names) == sorted(TOLD)
    assert lines[0].endswith("float answers (AML_OLD_LIBRARIES=0 switches such answers off)")
    assert "AML_OLD_LIBRARIES" not in "".join(lines[1:])


def test_it_can_be_switched_off(alias: Path) -> None:
    done = python("import numpy; numpy.float", alias, AML_OLD_LIBRARIES="0")

    assert "AttributeError" in done.stderr
    assert "jupyter_aml" not in done.stderr


def test_a_name_that_never_was_is_missing_as_ever(alias: Path) -> None:
    plain = python("import numpy; numpy.nothing")
    ours = python("import numpy; numpy.nothing", alias)

    assert ours.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1]


def test_a_name_that_the_library_still_has_is_its_own(alias: Path, tmp_path: Path) -> None:
    # As NumPy 1.20 to 1.23 had them: deprecated, in a function of the module.
    (tmp_path / "numpy.py").write_text(
        "def __getattr__(name):\n"
        "    if name == 'float': return 'of its own'\n"
        "    raise AttributeError(name)\n"
    )

    done = python("import numpy; print(numpy.float, numpy.int)", alias, tmp_path)

    assert done.stdout == "of its own <class 'int'>\n"


def test_who_imports_no_such_library_loads_nothing_of_it(alias: Path) -> None:
    done = python("import json, sys; print('_aml_old_libraries' in sys.modules)", alias)

    assert (done.stdout, done.stderr) == ("False\n", "")


def test_what_is_mended_keeps_its_loader(alias: Path) -> None:
    code = (
        "import inspect, numpy\n"
        "assert type(numpy.__loader__).__name__ == 'SourceFileLoader', numpy.__loader__\n"
        "assert numpy.__spec__.loader is numpy.__loader__\n"
        "assert 'NumPy' in inspect.getsource(numpy)\n"
    )

    assert python(code, alias).stderr == ""


def test_what_cannot_be_mended_is_as_it_came(alias: Path, tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text("here = 1\n")

    done = python("import pandas; print(pandas.here)", alias, tmp_path)

    assert done.stdout == "1\n"
    assert "pandas is as it came, without its old names" in done.stderr


def test_the_sitecustomize_of_the_environment_is_run_in_its_place(
    alias: Path, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.was_here = __file__\n")

    done = python(
        "import sys, sitecustomize as s; print(sys.was_here, s.__file__)", alias, tmp_path
    )

    assert done.stdout.split() == [str(tmp_path / "sitecustomize.py")] * 2


def test_an_error_of_that_one_is_told_as_if_it_stood_alone(alias: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise ValueError('theirs')\n")

    alone = python("print(1)", tmp_path)
    behind = python("import numpy; print(numpy.zeros(1, numpy.int)[0] + 1)", alias, tmp_path)

    assert "ValueError: theirs" in alone.stderr
    assert "ValueError: theirs" in behind.stderr
    assert behind.stdout == "1\n"


def test_two_of_them_on_a_path_are_one(alias: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_bytes((alias / "sitecustomize.py").read_bytes())
    code = "import sys; print([type(f).__name__ for f in sys.meta_path].count('OldLibraries'))"

    assert python(code, alias, tmp_path).stdout == "1\n"


def test_a_removed_module_whose_successor_is_not_there_is_an_import_error(
    alias: Path, tmp_path: Path
) -> None:
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").touch()
    code = (
        "try: import sklearn.cross_validation\nexcept ModuleNotFoundError as error: print(error)\n"
    )

    assert python(code, alias, tmp_path).stdout == "No module named 'sklearn.model_selection'\n"


def test_an_older_python_is_left_alone(alias: Path, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").touch()
    code = (
        "import sys; sys.version_info = (3, 8, 0)\n"
        f"exec(open({str(alias / 'sitecustomize.py')!r}).read(), "
        f"{{'__name__': 'sitecustomize', '__file__': {str(alias / 'sitecustomize.py')!r}}})\n"
        "print('OldLibraries' in [type(finder).__name__ for finder in sys.meta_path])\n"
    )

    assert python(code, tmp_path).stdout == "False\n"
