"""Which variables are taken for secrets."""

from __future__ import annotations

import pytest

from jupyter_aml.domain.secrets import MASK, hidden, looks_secret, revealed


@pytest.mark.parametrize(
    "name",
    [
        "API_TOKEN", "HF_TOKEN", "apiKey", "AWS_SECRET_ACCESS_KEY", "WANDB_API_KEY", "db_password",
        "PGPASSWORD_FILE_PASS", "AZURE_STORAGE_CONNECTION_STRING", "DB_PWD", "SENTRY_DSN",
        "BLOB_SAS", "NPM_AUTH", "GITHUB_PAT", "AZURE_CREDENTIALS", "connStr", "SSH_PASSPHRASE",
    ],
)  # fmt: skip
def test_a_name_that_says_so_is_a_secret(name: str) -> None:
    assert looks_secret(name, "x")


@pytest.mark.parametrize(
    "name",
    ["PATH", "PWD", "OLDPWD", "TOKENIZERS_PARALLELISM", "MAX_TOKENS", "OMP_NUM_THREADS", "KEYBOARD",
     "PASSES", "AUTHOR", "SASKIA", "COMPASS", "MONKEY", "PYTHONHASHSEED"],
)  # fmt: skip
def test_a_name_that_only_sounds_like_it_is_none(name: str) -> None:
    assert not looks_secret(name, "x")


@pytest.mark.parametrize(
    "value",
    ["postgres://me:pw@host/db", "https://:pw@host", "AccountName=a;AccountKey=b==",
     "Server=s;Password=p", "https://a.example/c?sv=1&sig=abc"],
)  # fmt: skip
def test_a_value_with_a_login_is_a_secret(value: str) -> None:
    assert looks_secret("PLACE", value)


def test_a_value_without_a_login_is_none() -> None:
    assert not looks_secret("PLACE", "https://user@host:8080/a:b@c")


def test_what_is_hidden_is_revealed_again_and_nothing_else_is_touched() -> None:
    variables = {"API_TOKEN": "t", "MODE": "fast", "OWN": "o", "EMPTY_KEY": ""}

    shown = hidden(variables, ["OWN"])

    assert shown == {"API_TOKEN": MASK, "MODE": "fast", "OWN": MASK, "EMPTY_KEY": ""}
    assert revealed(shown, variables) == variables
