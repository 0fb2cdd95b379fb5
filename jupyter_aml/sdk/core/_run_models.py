"""Registers the files of a run as a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.errors import NotFound
from jupyter_aml.sdk._models import asking
from jupyter_aml.sdk._models.asking import as_v1
from jupyter_aml.sdk.core.model import Model
from jupyter_aml.sdk.exceptions import ModelPathNotFoundException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.run import Run


def register(run: Run, name: str, path: str | None, **more: Any) -> Model:
    """Register a file or folder of a run; raises ModelPathNotFoundException."""
    workspace: Any = run.experiment.workspace
    body = asking.described(workspace.name, name, **more)
    if run._maker is not None:
        run.look()  # The engine must know the child.
    body["source"] = {"runId": run.id, "path": str(path) if path is not None else name}
    with as_v1():
        try:
            return Model._from_wire(workspace, workspace.client.models.add(body))
        except NotFound as error:
            if run._outputs is None:
                raise ModelPathNotFoundException(str(error)) from None
        try:
            # It may stand in the folder of a notebook's run that is taken in at its end.
            run._keep_outputs()
            return Model._from_wire(workspace, workspace.client.models.add(body))
        except NotFound as error:
            raise ModelPathNotFoundException(str(error)) from None
