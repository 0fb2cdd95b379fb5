"""`%aml kernel`: environments as kernels of notebooks, one file per verb."""

from __future__ import annotations

from jupyter_aml.magics.kernel.add import Add
from jupyter_aml.magics.kernel.log import Log
from jupyter_aml.magics.kernel.ls import Ls
from jupyter_aml.magics.kernel.rm import Rm
from jupyter_aml.magics.kernel.stop import Stop
from jupyter_aml.magics.verbs import Group

__all__ = ["Kernel"]


class Kernel(Group):
    """Notebooks in an environment: make it a kernel to choose; list, stop and remove kernels."""

    name = "kernel"
    kinds = (Add, Ls, Log, Stop, Rm)
