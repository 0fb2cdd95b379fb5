"""The engine as its clients see it: every call of `docs/reference/http.md`, by noun."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_aml.client.compute import Compute
from jupyter_aml.client.datasets import Datasets
from jupyter_aml.client.datastores import Datastores, Secrets
from jupyter_aml.client.door import Door
from jupyter_aml.client.environments import Environments, Kernels
from jupyter_aml.client.kernels import TargetKernels
from jupyter_aml.client.models import Models
from jupyter_aml.client.patience import LONGEST
from jupyter_aml.client.runs import Runs
from jupyter_aml.client.tokens import Tokens
from jupyter_aml.client.transport import Address, Transport
from jupyter_aml.client.workspaces import Experiments, Workspaces

if TYPE_CHECKING:
    from jupyter_aml.wire.protocol import WireStatus


class Client:
    """Speaks to one engine; raises the errors of `domain.errors` that it answers."""

    def __init__(
        self,
        address: Address,
        find_again: Callable[[], Address] | None = None,
        *,
        longest: float = LONGEST,
    ) -> None:
        self._transport = Transport(address, find_again, longest=longest)
        self._door = door = Door(self._transport)
        self.workspaces, self.experiments = Workspaces(door), Experiments(door)
        self.runs, self.compute = Runs(door), Compute(door)
        self.tokens = Tokens(door)
        self.environments, self.kernels = Environments(door), Kernels(door)
        self.target_kernels = TargetKernels(door)
        self.datasets, self.models = Datasets(door), Models(door)
        self.datastores, self.secrets = Datastores(door), Secrets(door)

    @property
    def address(self) -> Address:
        """Where the engine answers."""
        return self._transport.address

    def close(self) -> None:
        """Close this thread's connection."""
        self._transport.close()

    @functools.cached_property
    def is_elsewhere(self) -> bool:
        """Whether the engine is on a machine whose files are not those of this one.

        It is the same where its root is seen here, and is called what the engine calls it.
        """
        if self.address.url is None:
            return False
        status = self.status()
        try:
            told = json.loads(Path(status["root"], "root.json").read_bytes())
            return bool(told["token"] != status.get("rootId"))
        except (OSError, ValueError, KeyError, TypeError):
            return True

    def status(self) -> WireStatus:
        """Who answers, and which protocol it speaks."""
        answer: WireStatus = self._door.get("status")
        return answer
