"""Reads conda specifications (YAML); errors name line and column."""

from __future__ import annotations

from typing import Any

from jupyter_aml.domain.environment import Conda, read_conda
from jupyter_aml.domain.errors import Invalid

_LONGEST = 1_000_000
_MOST_NODES = 20_000


def conda_yaml(text: str, *, name: str = "the specification") -> dict[str, Any]:
    """Read a conda specification: plain data alone, no tags, no aliases.

    Raises Invalid with line and column where it is no YAML, and naming the entry where it is no
    conda specification. `name` is what the errors call the text. Needs PyYAML.
    """
    data = load_yaml(text, name=name)
    read_conda(data, what=name)
    return dict(data)


def load_yaml(text: str, *, name: str) -> Any:
    """Read YAML of plain data; raises Invalid with line and column."""
    try:
        import yaml
    except ImportError:
        raise Invalid(f"{name}: reading YAML needs PyYAML, which is not installed here") from None
    if len(text) > _LONGEST:
        raise Invalid(f"{name} is longer than {_LONGEST} characters")
    try:
        depth = 0
        for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
            mark = event.start_mark
            if isinstance(event, yaml.AliasEvent):
                raise Invalid(f"{name}, {_at(mark)}: aliases (*{event.anchor}) are not allowed")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if count > _MOST_NODES or depth > 20:
                raise Invalid(f"{name}, {_at(mark)}: too long or too deep for a specification")
        return yaml.load(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        told = " ".join(part for part in (error.context, error.problem) if part)
        raise Invalid(f"{name}, {_at(error.problem_mark)}: {told}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Invalid(f"{name} is not YAML: {error}") from None


def dump_yaml(data: Any) -> str:
    """Return plain data as YAML, keys in their order."""
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, default_flow_style=False, allow_unicode=True))


def conda_of(text: str, *, name: str = "the specification") -> Conda:
    """Read a conda specification straight into what builders need."""
    return read_conda(conda_yaml(text, name=name), what=name)


def _at(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "at its end"
