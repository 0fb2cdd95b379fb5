"""Starts ipykernel in a built environment: the entry point `aml-environment`."""

from __future__ import annotations

import os
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from jupyter_aml.domain import ids
from jupyter_aml.kernels.asking import Home, home_of

_EXTENSION = "--InteractiveShellApp.extra_extensions=jupyter_aml"


class EnvironmentProvisioner(LocalProvisioner):
    """A kernel in an environment of ours, as a process of this machine.

    A restart stays in what the first start found: a kernel changes its packages by a new start.
    """

    workspace = Unicode(
        str(ids.DEFAULT_WORKSPACE), config=True, help="Workspace of the environment."
    )
    environment = Unicode(config=True, help="Name of the environment.")
    version = Unicode("", config=True, help="Its version; empty for the newest.")
    compute = Unicode("local", config=True, help="`local`, or `docker` for a container.")

    home: Home | None = None

    @property
    def label(self) -> str | None:
        """`name:version` of the environment, once it is known."""
        return None if self.home is None else self.home.label

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Build the environment where it must be, then say how the kernel is started.

        Raises AmlError, whose text is what the user reads in the dialog.
        """
        if self.home is None or not self.home.is_there:
            self.home = await home_of(
                self.environment,
                workspace=self.workspace,
                version=self.version or None,
                say=self.log.info,
            )
        given = kwargs.get("env") or os.environ
        kwargs["env"] = self.home.for_kernel(given, kernel=self.kernel_id)
        kwargs = await super().pre_launch(**kwargs)
        # The first word is the Python of the kernelspec, whichever that is.
        kwargs["cmd"] = [self.home.interpreter, *kwargs["cmd"][1:], _EXTENSION]
        return kwargs
