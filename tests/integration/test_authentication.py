"""What SDK v1's authentication classes give opens our own doors."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Refused
from jupyter_aml.engine.tokens import Tokens
from jupyter_aml.sdk.core import Workspace, authentication
from jupyter_aml.sdk.core.authentication import (
    AbstractAuthentication,
    ArmTokenAuthentication,
    AzureCliAuthentication,
    AzureMLTokenAuthentication,
    InteractiveLoginAuthentication,
    MsiAuthentication,
    ServicePrincipalAuthentication,
    TokenAuthentication,
)
from jupyter_aml.sdk.exceptions import AuthenticationException, UserErrorException

CLASSES = {
    "interactive": lambda: InteractiveLoginAuthentication(tenant_id="t", force=True),
    "cli": AzureCliAuthentication,
    "principal": lambda: ServicePrincipalAuthentication("t", "i", "the-password"),
    "managed": MsiAuthentication,
    "arm": lambda: ArmTokenAuthentication("token of others"),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_every_way_to_log_in_gives_a_token_of_the_engine(ws: Workspace, kind: str) -> None:
    header = CLASSES[kind]().get_authentication_header()

    scheme, _, text = header["Authorization"].partition(" ")
    token = Tokens(_root(ws)).check(text)
    assert (list(header), scheme) == (["Authorization"], "Bearer")
    assert (token.workspace, token.verbs) == (None, ("read", "write"))
    assert timedelta(minutes=59) < token.expires_at - datetime.now(UTC)
    kept = "".join(path.read_text() for path in _root(ws).glob("tokens/*"))
    assert "the-password" not in kept
    assert "token of others" not in kept


def test_a_token_is_kept_until_it_is_nearly_over(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = InteractiveLoginAuthentication().get_authentication_header()
    assert InteractiveLoginAuthentication().get_authentication_header() == first

    ends = AbstractAuthentication.get_token(InteractiveLoginAuthentication()).expires_on
    monkeypatch.setattr(authentication.time, "time", lambda: ends - 299)
    second = InteractiveLoginAuthentication().get_authentication_header()

    assert second != first


def test_a_workspace_logs_in_for_itself_alone_or_as_it_was_told(ws: Workspace) -> None:
    lab = Workspace.create("lab", exist_ok=True)
    text = lab._auth_object.get_authentication_header()["Authorization"].partition(" ")[2]
    mine = InteractiveLoginAuthentication()

    assert Tokens(_root(ws)).check(text).workspace == "lab"
    assert Workspace(workspace_name="lab", auth=mine)._auth_object is mine


def test_a_token_does_not_outlive_its_workspace(ws: Workspace) -> None:
    lab = Workspace.create("lab", exist_ok=True)
    text = lab._auth_object.get_authentication_header()["Authorization"].partition(" ")[2]
    others = len(ws.client.tokens.list()) - 1

    lab.delete()
    Workspace.create("lab")

    with pytest.raises(Refused):
        Tokens(_root(ws)).check(text)
    assert len(ws.client.tokens.list()) == others


def test_a_function_gives_its_own_tokens(ws: Workspace) -> None:
    asked = []

    def give(audience: object) -> str:
        asked.append(audience)
        return "mine"

    auth = TokenAuthentication(give)

    assert auth.get_authentication_header() == {"Authorization": "Bearer mine"}
    assert auth.get_token() == "mine"
    assert asked == [authentication.Audience.AZUREML, authentication.Audience.ARM]
    with pytest.raises(UserErrorException, match="give a function"):
        TokenAuthentication("mine")  # type: ignore[arg-type]


def test_a_token_that_was_handed_over_ends() -> None:
    now = datetime.now(UTC)
    given = [None] * (len(inspect.signature(AzureMLTokenAuthentication.create).parameters) - 4)
    auth = AzureMLTokenAuthentication.create("a", now + timedelta(hours=1), *given)

    assert (auth.token, auth.expiry_time) == ("a", now + timedelta(hours=1))
    assert auth.get_authentication_header() == {"Authorization": "Bearer a"}
    auth.set_token("b", (now - timedelta(seconds=1)).timestamp())
    with pytest.raises(AuthenticationException, match="ended at"):
        auth.get_authentication_header()
    for token, ends in (("", None), (None, None), ("a", "soon")):
        with pytest.raises(AuthenticationException):
            auth.set_token(token, ends)  # type: ignore[arg-type]


def test_a_session_sends_the_header(ws: Workspace) -> None:
    class Session:
        headers: dict[str, str] = {}  # noqa: RUF012

    session = Session()
    auth = InteractiveLoginAuthentication()

    assert auth.signed_session(session) is session
    assert session.headers == auth.get_authentication_header()


def _root(ws: Workspace) -> Path:
    return Path(ws.client.status()["root"])
