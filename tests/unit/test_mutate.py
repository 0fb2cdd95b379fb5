"""The small changes that the sample of mutations makes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PLACE = REPOSITORY / ".ci" / "mutate.py"


@pytest.fixture(scope="module")
def mutate():
    spec = importlib.util.spec_from_file_location("aml_mutate", PLACE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize(
    ("source", "others"),
    [
        ("x = a < b\n", {"x = (a <= b)\n"}),
        ("x = 'ü' in a and not c\n", {
            "x = ('ü' in a or not c)\n",
            "x = ('ü' not in a) and not c\n",
            "x = 'ü' in a and bool(c)\n",
        }),
        ("if True:\n    f()\n", {"if False:\n    f()\n", "if True:\n    ...\n"}),
        ("x = a - 1\n", {"x = (a + 1)\n", "x = a - 2\n"}),
        ("x: int = 'text'\n", set()),
    ],
)  # fmt: skip
def test_each_change_is_small_and_at_its_place(mutate, source, others):
    data = source.encode()

    made = {change.applied(data).decode() for change in mutate.changes(Path("x.py"), data)}

    assert made == others


def test_every_change_of_the_package_is_python(mutate):
    path = REPOSITORY / "jupyter_aml" / "domain" / "run.py"
    source = path.read_bytes()

    for change in mutate.changes(path, source):
        compile(change.applied(source), path, "exec")
