"""How two sets of packages differ."""

from __future__ import annotations

from jupyter_aml.domain import difference
from jupyter_aml.domain.environment import Conda


def test_what_is_new_gone_and_other_is_told_by_name():
    found = difference.between({"a": "1", "b": "1", "c": "1"}, {"b": "2", "c": "1", "d": ""})

    assert list(found.lines()) == ["- a 1", "~ b 1 -> 2", "+ d"]
    assert found


def test_spellings_of_one_name_are_one_package():
    assert not difference.between({"Typing_Extensions": "4"}, {"typing-extensions": "4"})


def test_a_specification_asks_for_python_conda_and_pip_packages():
    conda = Conda((), ("conda-forge::xz >=5", "numpy"), "=3.11", ("Pandas[x]==2",))

    assert difference.wished(conda) == {
        "python": "=3.11", "xz": ">=5", "numpy": "", "pandas": "[x]==2",
    }  # fmt: skip


def test_lines_of_one_package_and_lines_that_name_none_are_all_compared() -> None:
    conda = Conda(
        (), (), None, ("six==1 ; os_name=='nt'", "Six==2 ; os_name!='nt'", "https://x/a.whl")
    )

    assert difference.wished(conda) == {
        "six": "==1 ; os_name=='nt', ==2 ; os_name!='nt'", "https://x/a.whl": "",
    }  # fmt: skip
