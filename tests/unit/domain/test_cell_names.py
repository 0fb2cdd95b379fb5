"""Which names a cell uses and never defines."""

from __future__ import annotations

import sys

import pytest

from jupyter_aml.domain.cell import names
from jupyter_aml.domain.cell.names import bound, undefined
from jupyter_aml.domain.cell.reach import Read

CASES = [
    ("print(x)", ["x"]),
    ("import a.b as c, d.e\nc; d", []),
    ("def f(a, *b, c=1, **k):\n  return a + b + c + z + k", ["z"]),
    ("[i for i in range(3) if (y := i)]\nprint(y, i)", ["i"]),
    ("class A:\n  q = 1\n  def m(self): return super().m() + __class__.q", []),
    ("class A(Base):\n  x = y", ["Base", "y"]),
    ("try:\n  import n\nexcept ImportError as e:\n  n = None\nn", []),
    ("try:\n  u\nexcept NameError:\n  pass", []),
    ("try:\n  u\nexcept (KeyError, NameError):\n  pass", []),
    ("try:\n  u\nexcept KeyError:\n  pass", ["u"]),
    ("from x import *\nfoo", []),
    ("def f():\n  global g\n  g = 1\nf()\ng", []),
    ("for i in range(2): pass\nprint(i)", []),
    ("with open('a') as file: file", []),
    ("match 3:\n  case {'a': v, **r}: print(v, r)\n  case [p, *s]: print(p, s)\n  case w: w", []),
    ("lambda a: a + b", ["b"]),
    ("x: int = 3\nx", []),
    ("x += 1", []),
    ("exec('q = 1')\nq", []),
    ("globals()['q'] = 1\nq", []),
    ("async def f():\n  async with q as z: z", ["q"]),
    ("def o():\n  n = 1\n  def i():\n    nonlocal n\n    n += 1\n  return i", []),
    ("display(1)", ["display"]),
    ("get_ipython()", ["get_ipython"]),
    ("@deco\ndef f(a: T) -> R: ...", ["deco", "T", "R"]),
    ("{k: v for k, v in d.items()}", ["d"]),
    ("f'{a!r:{w}}'", ["a", "w"]),
    ("def f():\n  return [q for q in range(3) if m]", ["m"]),
    ("[[y for y in x] for x in z]", ["z"]),
    ("print(__name__, __file__, exit)", []),
    ("del q", []),
    ("a, (b, *c) = 1, (2, 3)\na, b, c", []),
]


@pytest.mark.parametrize(("code", "names"), CASES)
def test_undefined_names(code, names):
    assert sorted(undefined(code)) == sorted(names)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_type_parameters_are_defined():
    assert undefined("type A[T] = list[T]\ndef f[T](a: T) -> T: return a\nA") == {}


def test_parameters_are_defined_and_lines_are_told():
    assert undefined("alpha\n\nbeta\nbeta", given=["alpha"]) == {"beta": Read("beta", 3, True)}


def test_what_a_cell_defines():
    assert bound("import os\nx = 1\ndef f(y): z = y\n") == {"os", "x", "f"}
    assert bound("%magic (") == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import os, json.tool", []),
        ("import a, b.c as d", ["a", "b.c"]),
        ("from a.b import c, d", ["a.b.c", "a.b.d"]),
        ("from a import *", ["a"]),
        ("from . import a", []),
        ("def f():\n    import a", ["a"]),
        ("if x:\n    import a\nelse:\n    import a", ["a"]),
    ],
)
def test_imports_from_outside_the_standard_library_are_found(code, found):
    assert [each.module for each in names.imports(code)] == found


def test_an_import_that_may_fail_is_optional_unless_it_is_needed_elsewhere():
    code = "try:\n    import a, b\nexcept (ValueError, ImportError):\n    a = None\nimport b\n"

    found = {each.module: (each.line, each.is_optional) for each in names.imports(code)}

    assert found == {"a": (2, True), "b": (5, False)}


@pytest.mark.parametrize(
    "code",
    [
        "def top(k, scores):\n    return sorted(scores)[:k]\nprint(top(2, [1]))",
        "class top:\n    def top(self, k):\n        import json as j\n        return k, j\ntop",
        "def f(top):\n    def top(k): return k\n    return top",
        "vars()['q'] = 1\nq",
        "import builtins\nbuiltins.q = 1\nq",
        "import __main__\n__main__.q = 1\nq",
        "import sys\nsetattr(sys.modules[__name__], 'q', 1)\nq",
        "import sympy\nsympy.var('q r')\nq + r",
        "from sympy import var\nvar('q')\nq",
        "import inspect\ninspect.currentframe().f_globals['q'] = 1\nq",
        "def f():\n    x: Foo = 1\n    return x\nf()",
        "from __future__ import annotations\ndef f(a: T) -> R: ...\nx: Bar",
        "print(__cached__, __annotations__, __spec__)",
    ],
)
def test_what_python_runs_is_not_found_wanting(code):
    assert undefined(code) == {}


@pytest.mark.parametrize(
    "code",
    [
        "def never(): return q",
        "class A:\n    def never(self): return q",
        "import sys\nif 'ipykernel' in sys.modules:\n    q",
        "x = q if False else 1",
        "ok = True or q",
        "assert True, q",
        "while False:\n    q",
        "for i in []: pass\nelse: q",
        "try:\n    q\nexcept Exception:\n    pass",
        "try:\n    q\nexcept:\n    pass",
        "try:\n    pass\nexcept q:\n    q",
        "try:\n    pass\nexcept* q:\n    q",
        "from contextlib import suppress\nwith suppress(Exception):\n    q",
        "import sys\nif sys.argv:\n    sys.exit()\nq",
        "def f(x):\n    if x: return 0\n    return q\nf(1)",
        "def f(): return q\ndef g(): return f()",
        "match 3:\n    case 4: q",
        "def f():\n    q = 1\n    return q\nf()\nif False: q",
        "[q for q in 'a']\nif False: q",
    ],
)
def test_what_python_may_never_come_to_is_only_doubtful(code):
    assert [(read.name, read.is_sure) for read in undefined(code).values()] == [("q", False)]


@pytest.mark.parametrize(
    "code",
    [
        "def f(): return q\nf()",
        "def f(): return q\ndef g(): return f()\nlist(map(g, 'a'))",
        "class A:\n    def m(self): return q\nA().m()",
        "if __name__ == '__main__':\n    q",
        "while True:\n    q",
        "for i in range(3):\n    q",
        "with open('a') as file:\n    q",
        "try:\n    q\nexcept ValueError:\n    pass",
        "try:\n    pass\nfinally:\n    q",
        "if False: q\nq",
        "def f(x=q): ...",
        "@q\ndef f(): ...",
        "vars(3)\nq",
        "import numpy\nnumpy.ones(3).var(0)\nq",
    ],
)
def test_what_python_comes_to_is_sure(code):
    assert [(read.name, read.is_sure) for read in undefined(code).values()] == [("q", True)]
