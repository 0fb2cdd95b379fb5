"""The vault keeps values that nobody reads without its key."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid, NotFound, StorageFailed, Unreachable
from jupyter_aml.domain.vault import NewSecret, new_secret
from jupyter_aml.vault.keys import Key
from jupyter_aml.vault.vault import Vault

VALUE = "hunter2-ünïcödé"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return a_vault(tmp_path)


def a_vault(root: Path, name: str = "ws", key: Key | None = None) -> Vault:
    folder = root / "workspaces" / name
    folder.mkdir(parents=True, exist_ok=True)
    return Vault(folder, key or Key(root))


def put(vault: Vault, **values: str) -> None:
    vault.put([NewSecret(name, value) for name, value in values.items()], at="now")


def test_a_secret_comes_back_and_stands_nowhere(vault: Vault, tmp_path: Path) -> None:
    put(vault, token=VALUE)

    assert a_vault(tmp_path).get("token") == VALUE
    assert [secret.name for secret in vault.list()] == ["token"]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert VALUE.encode() not in path.read_bytes()
            assert b"hunter2" not in path.read_bytes()


def test_only_the_owner_reads_key_and_values(vault: Vault, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        put(vault, token=VALUE)
    finally:
        os.umask(before)

    for path in (tmp_path / "vault.key", vault.file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_that_is_not_there_names_the_nearest(vault: Vault) -> None:
    put(vault, password=VALUE)

    with pytest.raises(NotFound, match="'pasword'; did you mean 'password'"):
        vault.get("pasword")


def test_a_lost_key_says_so_and_is_not_made_anew(vault: Vault, tmp_path: Path) -> None:
    put(vault, token=VALUE)
    (tmp_path / "vault.key").unlink()

    with pytest.raises(Invalid, match=r"vault\.key of the vault is gone"):
        vault.get("token")
    with pytest.raises(Invalid, match="is gone"):
        put(vault, other="x")
    assert not (tmp_path / "vault.key").exists()
    assert [secret.name for secret in vault.list()] == ["token"]

    vault.remove(["token"])
    put(vault, token="again")
    assert vault.get("token") == "again"


def test_another_key_is_not_taken_for_the_right_one(vault: Vault, tmp_path: Path) -> None:
    put(vault, token=VALUE)
    (tmp_path / "vault.key").unlink()
    Key(tmp_path).make()

    with pytest.raises(Invalid, match="not the one it was written with"):
        vault.get("token")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "x"}', '{"key": "x", "secrets": [1]}'])
def test_a_damaged_vault_says_so_and_is_not_overwritten(vault: Vault, content: str) -> None:
    vault.file.write_text(content)

    for broken in (vault.list, lambda: vault.get("x"), lambda: put(vault, x="y")):
        with pytest.raises(Invalid, match="is damaged"):
            broken()
    assert vault.file.read_text() == content


def test_a_damaged_value_is_named_and_the_others_are_good(vault: Vault) -> None:
    put(vault, one="1", two="2")
    told = json.loads(vault.file.read_text())
    told["secrets"]["one"]["value"] = told["secrets"]["two"]["value"]
    vault.file.write_text(json.dumps(told))

    with pytest.raises(Invalid, match="the secret 'one' is damaged"):
        vault.get("one")
    assert vault.get("two") == "2"


def test_a_damaged_key_says_so(vault: Vault, tmp_path: Path) -> None:
    put(vault, token=VALUE)
    (tmp_path / "vault.key").write_text("nonsense")

    with pytest.raises(Invalid, match=r"vault\.key is damaged"):
        vault.get("token")


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    def work(number: int) -> None:
        put(a_vault(tmp_path), **{f"s{number}": str(number)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))

    assert {secret.name for secret in a_vault(tmp_path).list()} == {f"s{n}" for n in range(24)}
    assert a_vault(tmp_path).get("s7") == "7"


def test_workspaces_share_a_key_and_no_secret(tmp_path: Path) -> None:
    put(a_vault(tmp_path, "one"), token="1")
    put(a_vault(tmp_path, "two"), token="2")

    assert a_vault(tmp_path, "one").get("token") == "1"
    assert a_vault(tmp_path, "two").get("token") == "2"


def test_several_are_forgotten_at_once_and_the_others_stay(vault: Vault) -> None:
    put(vault, a="1", b="2", c="3")

    vault.remove(name for name in ("a", "b", "missing"))

    assert [secret.name for secret in vault.list()] == ["c"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "missing", Key(tmp_path))

    with pytest.raises(StorageFailed, match=r"cannot write .*vault\.json"):
        put(vault, token=VALUE)


class FakeKeyring:
    """A keyring of this process."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.entries.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        self.entries[service, name] = password


def test_the_keyring_keeps_the_key_where_that_is_wished(tmp_path: Path) -> None:
    ring = FakeKeyring()
    key = Key(tmp_path, "keyring", lambda: ring)
    vault = a_vault(tmp_path, key=key)

    put(vault, token=VALUE)

    assert vault.get("token") == VALUE
    (entry,) = ring.entries.values()
    assert entry not in (tmp_path / "vault.key").read_text()
    ring.entries.clear()
    with pytest.raises(Invalid, match="the keyring of this machine has no entry"):
        vault.get("token")


class LockedKeyring(FakeKeyring):
    """A keyring that nobody has unlocked."""

    def get_password(self, service: str, name: str) -> str | None:
        raise RuntimeError("locked by somebody")

    def set_password(self, service: str, name: str, password: str) -> None:
        raise RuntimeError("locked by somebody")


def test_a_keyring_that_is_locked_says_so_and_no_key_is_made(tmp_path: Path) -> None:
    vault = a_vault(tmp_path, key=Key(tmp_path, "keyring", LockedKeyring))

    with pytest.raises(Unreachable, match=r"does not answer \(RuntimeError\)"):
        put(vault, token=VALUE)
    assert not (tmp_path / "vault.key").exists()
    assert vault.list() == []


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a_b", "x" * 128, None, 3])
def test_names_are_those_of_a_key_vault(name: object) -> None:
    with pytest.raises(Invalid, match="cannot be the name of a secret"):
        new_secret(name, "x")


@pytest.mark.parametrize("value", ["", None, 3, b"x", "x" * 30_000])
def test_a_value_is_a_text_and_no_message_repeats_it(value: object) -> None:
    with pytest.raises(Invalid, match="secret 'token': its value") as told:
        new_secret("token", value)
    assert "xxx" not in str(told.value)


def test_what_shows_a_secret_shows_no_value() -> None:
    assert VALUE not in repr(new_secret("token", VALUE))
