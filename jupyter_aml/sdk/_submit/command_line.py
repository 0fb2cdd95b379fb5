"""Words of a command line as what a run is sent with: values, times, environments, a script."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from keyword import iskeyword
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk._core.files import text_of
from jupyter_aml.sdk._core.given import parameters as checked
from jupyter_aml.sdk._submit import modules
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.core.script_run_config import ScriptRunConfig

_AROUND_A_SIGN = re.compile(r"\s*(===|[=!<>~]=|[<>=,])\s*")
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhd]?)\Z")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=3650)


def pair(text: str) -> tuple[str, str]:
    """Read `K=V`; raises Invalid."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise Invalid(f"{text!r} is not of the form KEY=VALUE")
    return key, value


def parameter(text: str) -> tuple[str, Any]:
    """Read `K=V` with a value that is a Python literal, where JSON can hold it, else text."""
    key, value = pair(text)
    if not key.isidentifier() or iskeyword(key):
        raise Invalid(f"-p {text}: {key!r} cannot be a name; use letters, digits and '_'")
    try:
        found = ast.literal_eval(value)
        return key, json.loads(json.dumps(found, allow_nan=False))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return key, value


def span(text: str) -> timedelta:
    """Read a time limit such as `90`, `90s`, `30m`, `2h` or `1d`; raises Invalid."""
    found = _SPAN.match(text.strip().lower())
    given = timedelta(seconds=float(found[1]) * _UNITS[found[2]]) if found else timedelta()
    if not timedelta() < given <= _LONGEST:
        raise Invalid(f"{text!r} is not a time limit: write 90s, 30m, 2h or 1d")
    return given


def requirements(text: str) -> list[str]:
    """The requirements of one word of the line; one with a marker or a URL stands alone."""
    if ";" in text or "@" in text:
        return [text.strip()]
    return _AROUND_A_SIGN.sub(r"\1", text).split()


def of_packages(name: str, *, pip: Sequence[str], conda: Sequence[str]) -> Environment:
    """An environment of packages, with the Python of this process unless conda names one."""
    made = Environment(name)
    made.python.conda_dependencies = CondaDependencies.create(
        pip_packages=[each for text in pip for each in requirements(text)],
        conda_packages=[each for text in conda for each in requirements(text)],
        python_version=f"{sys.version_info[0]}.{sys.version_info[1]}",
    )
    return made


def of_file(given: str, name: str) -> Environment:
    """An environment of a conda specification or of requirements; raises Invalid."""
    path = Path(given).expanduser()
    if not path.is_file():
        raise Invalid(f"there is no file {given!r} for --env-file in {Path.cwd()}")
    kind = path.suffix.lower()
    if kind in (".yml", ".yaml"):
        return Environment.from_conda_specification(name, path)
    if kind == ".txt":
        return Environment.from_pip_requirements(name, path)
    raise Invalid(
        f"--env-file {given!r}: give a conda specification (.yml, .yaml) or requirements (.txt)"
    )


class Script(ScriptRunConfig):
    """A script with its parameters behind its arguments, as `--name value`.

    It goes with the `source` folder, or alone; `include` are globs of files to send along.
    """

    def __init__(
        self,
        script: str,
        arguments: Sequence[str],
        *,
        source: str | None,
        include: Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """Raises Invalid where there is no such script, or it needs more than is sent."""
        self._include, self._parameters = list(include), checked(parameters)
        path = Path(script).expanduser()
        self._text = None if source is not None else _read(path)
        folder, name = (source, script) if source is not None else (str(path.parent), path.name)
        words = [*arguments]
        for key, value in self._parameters.items():
            words += [f"--{key}", value if isinstance(value, str) else json.dumps(value)]
        super().__init__(folder, name, words, **more)
        if self._text is not None and not include:
            _check_beside(path, self._text)

    def request(self, otherwise: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The part of the body of POST /aml/runs that this configuration decides."""
        return {**super().request(otherwise), "parameters": self._parameters}

    def _source(self) -> dict[str, Any]:
        source: dict[str, Any] = super()._source()
        if self._text is not None:
            source = {"files": {str(self.script): self._text}}
        if self._include:
            source.update(include=self._include, base=str(Path().absolute()))
        return source


def only_script(source: str) -> str:
    """The script of a folder where none is named; raises Invalid where that is not clear."""
    there = sorted(path.name for path in Path(source).glob("*.py"))
    if len(there) == 1:
        return there[0]
    for name in ("main.py", "__main__.py"):
        if name in there:
            return name
    listed = f": {', '.join(there[:5])}" if there else ""
    raise Invalid(f"name the script of {source!r} that is to run{listed}")


def _read(path: Path) -> str:
    try:
        return text_of(path)
    except Invalid as error:
        cure = "; send its folder with --source" if path.is_file() else ""
        raise Invalid(f"{error}{cure}") from None


def _check_beside(path: Path, code: str) -> None:
    """Say before it runs that a module beside the script would not be there."""
    beside = modules.beside(path, code)
    if beside:
        raise Invalid(
            f"{path.name} imports {', '.join(map(repr, beside))} from its folder, which is not "
            f"sent: send it with --source {path.parent} {path.name}, or name files with --include"
        )
