"""Lines of a notebook that would install the retired SDK over ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.domain import retired
from jupyter_aml.magics.cells import pip_lines

LEFT_OUT = "print('jupyter_aml: azureml-sdk is not installed, jupyter_aml stands in for it')\n"


@pytest.fixture(autouse=True)
def _all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip_lines, "_is_there", lambda name: name not in ("mlflow", "lightgbm"))


def transformed(cell: str) -> str:
    return "".join(pip_lines.transform(cell.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("!pip install --upgrade azureml-sdk", ""),
        ("!pip install azureml-sdk==1.0.72 pandas", "!pip install pandas\n"),
        ("%pip install -q 'azureml-sdk[notebooks]>=1' \"x<2\"", '%pip install -q "x<2"\n'),
        ("pip install -U azureml-sdk", ""),
        ("!pip3 install azureml_sdk x 2>&1 | tail -1", "!pip3 install x 2>&1 | tail -1\n"),
        ("!python -m pip install azureml-sdk x", "!python -m pip install x\n"),
        ("!{sys.executable} -m pip install x azureml-sdk", "!{sys.executable} -m pip install x\n"),
        ("!$sys.executable -m pip install azureml-sdk", ""),
        ("!sudo pip install azureml-sdk x", "!sudo pip install x\n"),
        ("%conda install -y -c conda-forge azureml-sdk", ""),
        ("!cd a && pip install azureml-sdk && ls", "!cd a && true && ls\n"),
        ("!pip install azureml-sdk; pip install x", "!true; pip install x\n"),
        ("!pip install azureml-sdk -r needs.txt", "!pip install -r needs.txt\n"),
        ("!pip install azureml-sdk -c versions.txt", ""),
        ("out = !pip install azureml-sdk", "out = !true\n"),
    ],
)
def test_the_retired_ones_are_left_out_and_the_rest_is_installed(line: str, left: str) -> None:
    told = LEFT_OUT.replace("-sdk", "_sdk") if "_sdk" in line else LEFT_OUT

    assert transformed(f"{line}\n") == told + left


@pytest.mark.parametrize(
    "cell",
    [
        "!pip install pandas\n",
        "!pip uninstall -y azureml-sdk\n",
        "!pip install -r azureml-requirements.txt\n",
        "# !pip install azureml-sdk\n",
        'text = "pip install azureml-sdk"\n',
        'text = """\n!pip install azureml-sdk\n"""\n',
        "%%writefile a.sh\npip install azureml-sdk\n",
        "%%aml submit\n!pip install azureml-sdk\n",
        "pip.install(azureml-sdk)\n",
        "run.show(azureml)\n",
    ],
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert transformed(cell) == cell


def test_a_line_of_several_rows_in_a_block_is_one_command() -> None:
    cell = "if True:\n    !pip install azureml-sdk \\\n      x \\\n      y\n    z = 1\n"

    assert transformed(cell) == f"if True:\n    {LEFT_OUT}    !pip install x y\n    z = 1\n"


def test_a_shell_cell_says_it_in_the_shell() -> None:
    told = LEFT_OUT.removeprefix("print(").removesuffix(")\n")

    assert transformed("%%bash\npip install azureml-sdk x\n") == (
        f"%%bash\necho {told}\npip install x\n"
    )


def test_a_quote_in_a_shell_line_begins_no_text() -> None:
    cell = "!echo it's\n!pip install azureml-sdk\n"

    assert transformed(cell) == f"!echo it's\n{LEFT_OUT}"


def test_what_the_retired_ones_brought_is_installed_where_it_is_not_there() -> None:
    told, line = transformed("!pip install azureml-mlflow x\n").splitlines()

    assert line == "!pip install x mlflow"
    assert "azureml-mlflow is not installed" in told
    assert "with what it brought: mlflow" in told
    assert transformed("!pip install azureml-mlflow mlflow\n").endswith("!pip install mlflow\n")


def test_what_nothing_stands_in_for_is_not_installed_either_and_said() -> None:
    told = transformed("!pip install azureml-accel-models\n")

    assert told == (
        "print('jupyter_aml: azureml-accel-models: "
        "retired with Azure ML, nothing takes its place yet')\n"
    )


def test_names_in_any_spelling_are_known() -> None:
    assert retired.is_retired("AzureML_Core")
    assert retired.is_retired("azureml")
    assert not retired.is_retired("azure-ai-ml")
    assert retired.stand_in("azureml-dataprep", ["pandas"]).libraries == (
        "numpy", "pyarrow", "pandas", "adlfs",
    )  # fmt: skip


def test_a_file_of_requirements_is_read_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("needs.txt").write_text("pandas==1.0  # for tables\nazureml-sdk>=1\n\nsix\n")

    told, line = transformed("!pip install -q -r needs.txt\n").splitlines()

    *head, file = line.split()
    assert head == ["!pip", "install", "-q", "-r"]
    assert Path(file).read_text() == "pandas==1.0  # for tables\n\nsix\n"
    assert f"{told}\n" == LEFT_OUT
    assert "azureml-sdk" in Path("needs.txt").read_text()


@pytest.mark.parametrize("content", ["pandas\n", "azureml-sdk\n-r other.txt\n", None])
def test_a_file_that_names_none_or_leads_to_others_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("needs.txt").write_text(content)

    assert transformed("!pip install -r needs.txt\n") == "!pip install -r needs.txt\n"


def test_who_asks_whether_they_are_installed_is_told_what_stands_in() -> None:
    assert transformed("!pip show azureml-sdk\n") == (
        "print('jupyter_aml: stands in for azureml-sdk')\n"
    )
    assert transformed("!pip show azureml-mlflow pandas\n") == (
        "print('jupyter_aml: stands in for azureml-mlflow; "
        "`pip install azureml-mlflow` brings mlflow')\n!pip show pandas\n"
    )
