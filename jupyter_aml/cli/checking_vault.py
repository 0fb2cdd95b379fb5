"""The check of `doctor` for the vaults of a root: whether what is in them can be read."""

from __future__ import annotations

import stat
from pathlib import Path

from jupyter_aml.cli.finding import Finding
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.engine.settings import Settings
from jupyter_aml.vault import vault as vaults
from jupyter_aml.vault.keys import FILE, Key
from jupyter_aml.vault.vault import Vault


def vault(settings: Settings) -> Finding:
    """Every secret can be read with the key that is there, and nobody else reads key or values."""
    key = Key(settings.root, settings.vault_key)
    files = sorted((settings.root / "workspaces").glob(f"*/{vaults.FILE}"))
    count = 0
    try:
        for file in files:
            there = Vault(file.parent, key)
            for secret in there.list():
                there.get(secret.name)
                count += 1
    except AmlError as error:
        mend = "bring the file back from a copy, or `jupyter aml secret rm` and `set` them again"
        return Finding("vault", "fail", str(error), mend)
    open_to_others = [path for path in (settings.root / FILE, *files) if _is_open(path)]
    if open_to_others:
        named = ", ".join(str(path) for path in open_to_others)
        return Finding("vault", "warn", f"others may read {named}", f"chmod 600 {named}")
    what = "1 secret" if count == 1 else f"{count} secrets"
    return Finding("vault", "ok", f"{what} can be read" if count else "no secrets")


def _is_open(path: Path) -> bool:
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    except OSError:
        return False
