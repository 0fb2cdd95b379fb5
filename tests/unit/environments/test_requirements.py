"""Which lines of requirements are taken."""

from __future__ import annotations

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import requirements


def test_a_tab_is_a_blank() -> None:
    assert requirements.check(["six\t>=1"]) == ("six\t>=1",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "six==1.16.0 --hash=sha256:1",
            "'six==1.16.0 --hash=sha256:1': --hash is not taken behind a requirement; leave it out "
            "(the lock of an environment has hashes of its own)",
        ),
        (
            "six --config-settings a=b",
            "'six --config-settings a=b': --config-settings is not taken behind a requirement; "
            "leave it out",
        ),
        ("six==1 \x00", "'six==1 \\x00' is not a requirement: it holds a control character"),
    ],
)
def test_what_is_refused_says_why_and_what_to_do(line: str, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        requirements.check([line])

    assert str(caught.value) == said
