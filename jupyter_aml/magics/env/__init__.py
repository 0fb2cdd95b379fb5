"""`%aml env` and `%%aml env`: environments, one file per verb."""

from __future__ import annotations

from jupyter_aml.magics.env.build import Build
from jupyter_aml.magics.env.cell import EnvCell
from jupyter_aml.magics.env.diff import Diff
from jupyter_aml.magics.env.from_kernel import FromKernel
from jupyter_aml.magics.env.lock import Lock
from jupyter_aml.magics.env.ls import Ls
from jupyter_aml.magics.env.rm import Rm
from jupyter_aml.magics.env.show import Show
from jupyter_aml.magics.verbs import Group

__all__ = ["Env", "EnvCell"]


class Env(Group):
    """What runs and kernels run in: list, show, build, compare and delete environments."""

    name = "env"
    kinds = (Ls, Show, Build, Lock, Diff, Rm, FromKernel)
