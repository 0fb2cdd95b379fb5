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
    magics = AmlMagics(ip, Session(ip, register(ip)))
    ip.register_magics(magics)
    hooks = Hooks(ip, magics.session, magics.verbs)
    hooks.add()
    setattr(ip, _KEY, hooks)


def unload(ip: Any) -> None:
    """Take the magics away again; runs go on, and still show themselves."""
    hooks = ip.__dict__.pop(_KEY, None)
    if hooks is None:
        return
    hooks.remove()
    for kind in ("line", "cell"):
        ip.magics_manager.magics[kind].pop("aml", None)
