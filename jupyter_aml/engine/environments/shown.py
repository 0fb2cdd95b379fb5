"""An environment as the server tells it: what is registered, and how far its build is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from jupyter_aml.domain import secrets, specification
from jupyter_aml.domain.environment import Definition
from jupyter_aml.engine.environments.book import Registered
from jupyter_aml.engine.environments.builds import BuildState
from jupyter_aml.environments.protocol import Kind
from jupyter_aml.wire.environments import WireEnvironment


def shown(
    found: Registered, state: BuildState, *, kind: Kind, versions: Sequence[str], runs: int
) -> WireEnvironment:
    """One version of an environment, with all versions of its name and the number of its runs."""
    definition, built = found.definition, state.environment
    notes = [found.note] if found.note else []
    return {
        "workspace": found.workspace,
        "name": found.name,
        "version": found.version,
        "versions": list(versions),
        "kind": kind,
        "curated": definition.is_curated,
        "createdAt": found.created_at,
        "definition": secrets.hidden_of(definition.data),
        "specification": _specification(definition),
        "state": state.state,
        "reason": state.reason,
        "key": None if built is None else built.key,
        "size": None if built is None else built.size,
        "builtAt": state.built_at,
        "warnings": [*notes, *(() if built is None else built.warnings)],
        "runs": runs,
    }


@lru_cache(maxsize=1000)
def _specification(definition: Definition) -> str:
    conda = definition.data["python"]["condaDependencies"]
    return "" if conda is None else specification.dump_yaml(conda)
