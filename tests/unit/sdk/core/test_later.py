"""Members of SDK v1's classes that are later work say so, and hide from `hasattr`."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.sdk.core import Environment, Model, Run, Workspace


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Model, "deploy"),
        (Workspace, "webservices"),
    ],
)
def test_a_member_that_is_later_work_says_so(kind: Any, name: str) -> None:
    thing = object.__new__(kind)

    for holder in (kind, thing):
        assert not hasattr(holder, name)
        with pytest.raises(
            NotImplementedError, match=rf"^{kind.__name__}\.{name} is not part of jupyter_aml"
        ):
            getattr(holder, name)


def test_a_name_that_v1_never_had_is_an_ordinary_mistake() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gett'") as error:
        Environment("e").gett  # type: ignore[attr-defined]  # noqa: B018

    assert not isinstance(error.value, NotImplementedError)


def test_an_offline_run_is_of_the_class_that_scripts_look_for() -> None:
    from jupyter_aml.sdk.core.run import _OfflineRun  # type: ignore[attr-defined]

    assert isinstance(Run.get_context(), _OfflineRun)
