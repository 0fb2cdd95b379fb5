"""Environments that are built on the machines of targets which have no files of this one."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from jupyter_aml.compute.protocol import Packages
from jupyter_aml.compute.target import Target
from jupyter_aml.domain.compute import MachinePython
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.environments.builds import Listen, notes
from jupyter_aml.engine.root import write_json
from jupyter_aml.environments.pip.recipes import Recipe, Recipes
from jupyter_aml.environments.protocol import Materialised, Wish


class Abroad:
    """Resolves here, and has the target build what was resolved, once for its hash."""

    def __init__(self, folder: Path, *, strict: bool, allow_sources: bool) -> None:
        """`folder` keeps what was resolved: an environment that is there is not resolved again."""
        self._folder, self._strict = folder, strict
        self._recipes = Recipes(strict=strict, allow_sources=allow_sources)

    async def ensure(self, target: Target, wish: Wish, listen: Listen) -> Materialised:
        """Return the environment on the machine of a target, built where it is not there.

        Waits while the machine does not answer. Raises Invalid where it cannot be built.
        """
        _check(wish.definition, target.name)
        noted = notes(wish, strict=self._strict)
        build = _Heard(listen)
        there = await target.python(build.say)
        kept = self._folder / f"{_digest(wish, there)}.json"
        recipe = await asyncio.to_thread(_read, kept)
        interpreter = None
        if recipe is not None:
            interpreter = await target.find_environment(recipe.key, build.say)
        if recipe is None or interpreter is None:
            recipe = await self._recipes.of(wish, there, build)
            interpreter = await target.build_environment(_packages(recipe, there), build)
            await asyncio.to_thread(write_json, kept, asdict(recipe))
        return Materialised(
            kind="pip",
            interpreter=interpreter,
            elsewhere=True,
            variables={"VIRTUAL_ENV": str(Path(interpreter).parent.parent)},
            lock=recipe.lock,
            warnings=(*noted, *recipe.warnings),
        )


class _Heard:
    """Passes on what a build says."""

    def __init__(self, listen: Listen) -> None:
        self._listen = listen

    def say(self, line: str) -> None:
        """Pass it on."""
        self._listen("say", line)

    def log(self, text: str) -> None:
        """Pass it on."""
        self._listen("log", text)


def _check(definition: Definition, target: str) -> None:
    """Raise Invalid for an environment that only this machine can build."""
    if definition.wants_docker:
        raise Invalid(
            f"environment {definition.label} is an image, and no image runs on {target!r}, a "
            "machine over SSH: name its packages without a docker section, or take a target with "
            "Docker"
        )
    if definition.base_conda_environment:
        raise Invalid(
            f"environment {definition.label} is the conda environment "
            f"{definition.base_conda_environment!r} of this machine, which is not on {target!r}: "
            "name its interpreter there by user_managed_dependencies and interpreter_path"
        )
    if definition.conda.packages:
        names = ", ".join(definition.conda.packages)
        raise Invalid(
            f"environment {definition.label} has conda packages ({names}), and {target!r}, a "
            "machine of its own, builds those of pip alone: name them under pip, or name an "
            "interpreter of that machine by user_managed_dependencies and interpreter_path"
        )


def _packages(recipe: Recipe, there: MachinePython) -> Packages:
    return Packages(
        key=recipe.key,
        python=there.path,
        requirements=recipe.file,
        count=len(recipe.packages),
        has_pip="pip" in recipe.packages,
    )


def _digest(wish: Wish, there: MachinePython) -> str:
    text = json.dumps([wish.digest, asdict(there)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _read(path: Path) -> Recipe | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Recipe(
            key=told["key"],
            lock=told["lock"],
            options=tuple(told["options"]),
            warnings=tuple(told["warnings"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
