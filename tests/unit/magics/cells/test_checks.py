"""What is refused before anything is sent."""

from __future__ import annotations

import json
import warnings

import pytest
from IPython.core.error import UsageError

from jupyter_aml.magics.cells import checks as cells


def check(cell, **different):
    given = {"offset": 1, "parameters": [], "here": {}, "inputs": []}
    cells.check(cell, **{**given, **different})


@pytest.mark.parametrize("cell", ["", "\n  \n"])
def test_an_empty_cell(cell):
    with pytest.raises(UsageError, match="empty"):
        check(cell)


def test_a_syntax_error_is_told_with_the_line_of_the_editor():
    with pytest.raises(cells.CellSyntaxError) as error:
        check("x = 1\ny = = 2\n")

    shown = "\n".join(error.value._render_traceback_())
    assert "line 3" in shown
    assert "y = = 2" in shown
    assert "SyntaxError" in shown


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("!ls", "subprocess"),
        ("files = !ls", "subprocess"),
        ("%pip install -q x 'y<2'", "first line instead: --pip 'x y<2'"),
        ("%pip install -r needs.txt", "--env-file needs.txt"),
        ("%conda install x", "--conda 'x'"),
        ("%%time", "only one"),
        ("%matplotlib inline", "another cell"),
        ("t = %timeit -o f()", "another cell"),
        ("len?", "leave it out"),
    ],
)
def test_notebook_syntax_is_named_with_its_line(line, said):
    with pytest.raises(UsageError, match=said) as error:
        check(f"a = 1\n{line}\n")

    assert "line 3" in str(error.value)
    assert "\n" not in str(error.value)


def test_percent_signs_that_are_python():
    check("a = (5\n%3)\ns = '''\n!ls\n%pip\n'''\n")


def test_a_value_of_the_notebook_is_offered_as_a_parameter():
    with pytest.raises(UsageError, match=r"'alpha' \(line 2\).*-p alpha=\$alpha"):
        check("print(alpha)", here={"alpha": 0.5})


def test_a_cell_that_defines_the_name_is_named():
    inputs = ["", "def load(): ...", "load()", "x = 'load'"]

    with pytest.raises(UsageError, match=r"load: defined in cell \[1\]"):
        check("load()", here={"load": check}, inputs=inputs)


def test_a_module_of_the_notebook_is_an_import():
    with pytest.raises(UsageError, match="add `import json as js`"):
        check("js.dumps(1)", here={"js": json})


def test_an_unknown_name_is_told_too_and_many_are_cut():
    with pytest.raises(UsageError, match="and 2 more") as error:
        check("\n".join(f"name{i}" for i in range(8)))

    assert "\n" not in str(error.value)


def test_parameters_are_known_and_warnings_are_left_to_the_run():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check("print(alpha, '\\d')", parameters=["alpha"])


def test_what_the_cell_may_never_come_to_is_said_and_sent(capsys):
    check("def later():\n    return model\nprint(1)\n")

    assert capsys.readouterr().err == (
        "Note: the cell never defines 'model' (line 3); the run fails if it comes to it.\n"
    )


def test_a_cell_too_deep_to_be_judged_is_sent():
    check("if 1: pass\n" + "elif 1: pass\n" * 600)
    check("x = 1\nx" + "+1" * 1500)


@pytest.mark.parametrize("cell", ["-" * 100_000 + "1", "x" + ".y" * 100_000])
def test_a_cell_too_deep_for_python_is_refused_with_the_reason(cell):
    with pytest.raises(UsageError, match=r"Python cannot read this cell: \w+"):
        check(cell)
