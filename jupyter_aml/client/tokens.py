"""What can be asked of tokens for plain HTTP clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_aml.client.door import Door
from jupyter_aml.client.transport import quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.tokens import WireIssuedToken, WireToken


class Tokens:
    """Calls about tokens."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def issue(self, **asked: Any) -> WireIssuedToken:
        """Make a token of `name`, `workspace` (all), `verbs` (both), `seconds` (an hour)."""
        answer: WireIssuedToken = self._door.post("tokens", asked)
        return answer

    def list(self) -> list[WireToken]:
        """The tokens that are good, without what makes them such."""
        answer: list[WireToken] = self._door.get("tokens")
        return answer

    def revoke(self, token_id: str) -> None:
        """Let a token be good no longer; raises NotFound."""
        self._door.delete(f"tokens/{quoted(token_id)}")
