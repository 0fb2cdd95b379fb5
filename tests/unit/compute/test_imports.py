"""What a script imports before it does anything else."""

from __future__ import annotations

import pytest

from jupyter_aml.compute.imports import MOST, leading


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("import os", ("import os",)),
        ("import os, numpy as np\nimport a.b as c", ("import os", "import numpy", "import a.b")),
        ("from a.b import c as d, e", ("from a.b import c, e",)),
        ('"""Text."""\nfrom __future__ import annotations\nimport os', ("import os",)),
        ("from os import *", ("from os import *",)),
        ("SEED = 42\nimport os", ("import os",)),
        ("def f(x, *args, **named):\n    import json\nimport os", ("import os",)),
        ("", ()),
    ],
)
def test_imports_are_found_that_come_first(script: str, found: tuple[str, ...]) -> None:
    assert leading(script.encode()) == found


@pytest.mark.parametrize(
    "script",
    [
        'import os\nos.environ["OMP_NUM_THREADS"] = "1"\nimport numpy',
        'import os; os.environ["OMP_NUM_THREADS"] = "1"; import numpy',
        "import os\nprint()\nimport numpy",
        "import os\nfrom . import numpy",
        "import os\nif True:\n    pass\nimport numpy",
        "import os\ntry:\n    import numpy\nexcept ImportError:\n    pass",
        "import os\n@os.register\ndef f():\n    pass\nimport numpy",
        "import os\ndef f(x=os.nice(1)):\n    pass\nimport numpy",
        "import os\ndef f(*, x=os.nice(1)):\n    pass\nimport numpy",
        "import os\ndef f(x: os.nice(1)):\n    pass\nimport numpy",
        "import os\ndef f() -> os.nice(1):\n    pass\nimport numpy",
        "import os\nclass A:\n    os.nice(1)\nimport numpy",
        'import os\n__name__ = "x"\nimport numpy',
        "import os\nx = os.sep\nimport numpy",
    ],
)
def test_what_comes_after_a_deed_does_not_count(script: str) -> None:
    assert leading(script.encode()) == ("import os",)


@pytest.mark.parametrize(
    "script", [b"import os\nif", b"import os\n\0", b"import os\n" + b"#" * MOST]
)
def test_what_is_no_script_imports_nothing(script: bytes) -> None:
    assert leading(script) == ()
