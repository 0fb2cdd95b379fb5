"""What is secret among the options of a datastore never stands in its definition."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.wire.datastores import decode_datastore, decode_new_datastore

BODY = {"name": "x", "kind": "Custom", "url": "s3://bucket"}
REFERENCE = "secret://datastore/x/"


def decoded(**options: Any) -> Any:
    return decode_new_datastore({**BODY, "options": options})


@pytest.mark.parametrize(
    "name",
    ["account_key", "sas_token", "client_secret", "user_password", "password", "kerberos_keytab",
     "connection_string", "key", "secret", "token"],
)  # fmt: skip
def test_secrets_are_known_by_their_names(name: str) -> None:
    asked = decoded(**{name: "tr0mbone", "region": "eu"})

    assert asked.definition.options == {name: REFERENCE + name, "region": "eu"}
    assert asked.secrets == {f"datastore/x/{name}": "tr0mbone"}
    assert "tr0mbone" not in repr(asked)


def test_secrets_are_found_deeper_and_in_values() -> None:
    asked = decoded(client_kwargs={"aws_secret_access_key": "deep"}, dsn_of="x://me:pw@host/")

    assert asked.secrets == {
        "datastore/x/client_kwargs.aws_secret_access_key": "deep",
        "datastore/x/dsn_of": "x://me:pw@host/",
    }


def test_a_secret_of_the_users_may_be_named_and_that_of_another_datastore_may_not() -> None:
    own = decoded(key="secret://my-key", token=f"{REFERENCE}token")

    assert own.definition.options == {"key": "secret://my-key", "token": f"{REFERENCE}token"}
    assert own.secrets == {}
    for other in ("secret://datastore/y/key", "secret://datastore/x2/key"):
        with pytest.raises(Invalid, match="belongs to another datastore"):
            decoded(key=other)


@pytest.mark.parametrize(
    "url", ["ftp://me:tr0mbone@host/x", "https://a.blob.core.windows.net/c?sv=1&sig=tr0mbone"]
)
def test_an_address_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Invalid, match="it holds a password or a signature") as told:
        decode_new_datastore({**BODY, "url": url})

    assert "tr0mbone" not in str(told.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"options": [1]}, "options: expected an object"), ({"name": "a/b"}, "cannot be the name"),
     ({"kind": "x"}, "no kind of datastore"), ({"url": None}, "needs its address")],
)  # fmt: skip
def test_what_is_wrong_is_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        decode_new_datastore({**BODY, **change})


def test_an_answer_is_a_definition_again() -> None:
    store = decode_datastore({**BODY, "options": {"key": f"{REFERENCE}key"}, "version": "3"})

    assert (store.name, store.url, store.version) == ("x", "s3://bucket", "3")
