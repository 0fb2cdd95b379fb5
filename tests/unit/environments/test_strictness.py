"""What is not met to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jupyter_aml
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import strictness

PACKAGE = Path(jupyter_aml.__file__).parent


def test_the_first_warning_is_an_error_under_strict_alone() -> None:
    strictness.check([], strict=True)
    strictness.check(["a is taken", "b is taken"], strict=False)

    with pytest.raises(Invalid, match=re.escape("a is taken: AmlConfig.strict")):
        strictness.check(["a is taken", "b is taken"], strict=True)


def test_no_other_module_makes_the_error() -> None:
    said = [
        path.relative_to(PACKAGE).as_posix()
        for folder in ("environments", "engine")
        for path in (PACKAGE / folder).rglob("*.py")
        if "AmlConfig.strict" in path.read_text(encoding="utf-8")
    ]

    assert said == ["environments/strictness.py"]
