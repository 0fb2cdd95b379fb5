"""What `doctor` says of vaults."""

from __future__ import annotations

from pathlib import Path

from jupyter_aml.cli.checking_vault import vault
from jupyter_aml.domain.vault import NewSecret
from jupyter_aml.engine.settings import Settings
from jupyter_aml.vault.keys import Key
from jupyter_aml.vault.vault import Vault


def test_a_vault_is_good_open_or_lost(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path)
    assert vault(settings) == ("vault", "ok", "no secrets", "")
    (tmp_path / "workspaces" / "a").mkdir(parents=True)
    Vault(tmp_path / "workspaces" / "a", Key(tmp_path)).put([NewSecret("x", "value")], at="now")

    good = vault(settings)
    (tmp_path / "vault.key").chmod(0o644)
    is_open = vault(settings)
    (tmp_path / "vault.key").unlink()
    lost = vault(settings)

    assert (good.state, good.told) == ("ok", "1 secret can be read")
    assert (is_open.state, is_open.mend) == ("warn", f"chmod 600 {tmp_path / 'vault.key'}")
    assert lost.state == "fail" and "is gone" in lost.told
    assert not (tmp_path / "vault.key").exists()
