"""`%load_ext jupyter_aml`: the magics, their completion, and how a run shows itself."""

from __future__ import annotations

from typing import Any

_KEY = "_jupyter_aml"


def load(ip: Any) -> None:
    """Bring the magics into this shell, once, and make the old import names available."""
    import jupyter_aml.azureml  # noqa: F401  (importing it is what makes `azureml` answer)
    from jupyter_aml.magics.aml import AmlMagics
    from jupyter_aml.magics.hooks import Hooks
    from jupyter_aml.magics.session import Session
    from jupyter_aml.magics.views import register

    if hasattr(ip, _KEY):
        return
    _stand_in()
    magics = AmlMagics(ip, Session(ip, register(ip)))
    ip.register_magics(magics)
    hooks = Hooks(ip, magics.session, magics.verbs)
    hooks.add()
    setattr(ip, _KEY, hooks)


def _stand_in() -> None:
    """Let `!az ml ...` find ours, where there is no real `az`."""
    import os
    from contextlib import suppress
    from importlib.util import find_spec

    from jupyter_aml.client.finding import default_root
    from jupyter_aml.domain.errors import StorageFailed
    from jupyter_aml.runfolder import programs

    # In the environment of a run's kernel the commands do not travel; its server's are there.
    if find_spec("jupyter_aml.cli") is not None:
        # A root that cannot be written says so when something is asked of it.
        with suppress(OSError, StorageFailed):
            path = os.environ.get("PATH", os.defpath)
            os.environ["PATH"] = programs.behind(default_root(), path)


def unload(ip: Any) -> None:
    """Take the magics away again; runs go on, and still show themselves."""
    hooks = ip.__dict__.pop(_KEY, None)
    if hooks is None:
        return
    hooks.remove()
    for kind in ("line", "cell"):
        ip.magics_manager.magics[kind].pop("aml", None)
