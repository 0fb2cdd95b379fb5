"""Makes a run of a script or notebook that a line names, and says what would be sent."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_aml.domain.environment import read_label
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.sdk._core.files import text_of
from jupyter_aml.sdk._submit import command_line, modules
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.core.script_run_config import ScriptRunConfig
from jupyter_aml.sdk.core.workspace import Workspace
from jupyter_aml.sdk.notebooks import notebook_config
from jupyter_aml.widgets.plain import clean, size
from jupyter_aml.wire.contents import WireDryRun

STDIN = "-"
_SHOWN_FILES = 20
_SCRIPTS = (".py", ".sh", ".ipynb")


@dataclass(frozen=True, slots=True)
class Named:
    """What a line names: [EXPERIMENT] SCRIPT [ARGS...]."""

    experiment: str | None
    script: str
    arguments: Sequence[str]


def names_a_file(word: str, source: str | None = None) -> bool:
    """Whether the word is a script or notebook, and not the name of an experiment."""
    path = Path(source or ".", word)
    return word == STDIN or path.suffix in _SCRIPTS or path.is_file() or "/" in word


def read(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Named:
    """Read `args.words`; options between experiment and script come into `args`.

    Raises Invalid, or leaves the parser's error, where no script is named.
    """
    words: list[str] = args.words
    if words[:1] == ["--"]:
        words = words[1:]
    experiment = None
    if words and not names_a_file(words[0], args.source):
        experiment, args.words = words[0], []
        words = parser.parse_args(words[1:], args).words
    if words:
        return Named(experiment, words[0], words[1:])
    if args.source is not None:
        return Named(experiment, command_line.only_script(args.source), [])
    if experiment is None:
        parser.error("name a script or notebook, or a folder with --source")
    if Path(experiment).expanduser().is_dir():
        raise Invalid(
            f"{experiment} is a folder: name its script, and send it with --source {experiment}"
        )
    raise Invalid(f"there is no script or notebook {experiment!r} in {Path.cwd()}")


def config(named: Named, args: argparse.Namespace) -> ScriptRunConfig:
    """The configuration of a script or notebook with its parameters; raises Invalid."""
    parameters = unique(args.param, "-p")
    if Path(named.script).suffix == ".ipynb":
        return _notebook(named, args, parameters)
    if Path(named.script).suffix != ".py":
        raise Invalid(
            f"{named.script!r} is no Python script and no notebook: "
            "its name must end in .py or .ipynb"
        )
    return command_line.Script(
        named.script, named.arguments, source=args.source, include=args.include,
        parameters=parameters,
    )  # fmt: skip


def _notebook(
    named: Named, args: argparse.Namespace, parameters: Mapping[str, Any]
) -> ScriptRunConfig:
    if named.arguments:
        raise Invalid(
            f"{named.arguments[0]} stands behind {named.script}, and a notebook has no arguments: "
            "write options before it, and give it parameters with -p"
        )
    if args.include:
        raise Invalid("--include goes with scripts and cells; send a notebook's folder by --source")
    path = Path(args.source or ".", named.script)
    return notebook_config(path, parameters, source_directory=args.source)


def environment(
    args: argparse.Namespace, workspace: Workspace, experiment: str
) -> Environment | None:
    """The environment that the options ask for, checked; None without any. Raises Invalid."""
    check_one(args)
    if args.env is not None:
        return Environment.get(workspace, *read_label(args.env))
    name = environment_name(experiment)
    if args.env_file is not None:
        return checked(command_line.of_file(args.env_file, name), workspace)
    if args.pip or args.conda:
        made = command_line.of_packages(name, pip=args.pip, conda=args.conda)
        return checked(made, workspace)
    return None


def environment_name(experiment: str) -> str:
    """How the environment is called that an experiment's line describes."""
    return f"{experiment[:250]}-env"


def check_one(args: argparse.Namespace) -> None:
    """Raise Invalid where several options say all of the environment."""
    given = {
        "-e": args.env is not None,
        "--pip": bool(args.pip),
        "--conda": bool(args.conda),
        "--env-file": args.env_file is not None,
        "--auto-env": getattr(args, "auto_env", False),
    }
    said = [option for option, is_given in given.items() if is_given]
    if len(said) > 1 and said != ["--pip", "--conda"]:
        raise Invalid(
            f"{' and '.join(said)} exclude each other: each says all of the environment "
            "(only --pip and --conda go together)"
        )


def checked(made: Environment, workspace: Workspace) -> Environment:
    """Return it, or raise Invalid: a slip of the pen is neither a failed run nor a version."""
    asked = {"workspace": workspace.name, "definition": made._to_json()}
    mistakes = workspace.client.environments.check(asked)["mistakes"]
    if mistakes:
        raise Invalid("; ".join(clean(each["message"]) for each in mistakes))
    return made


def apply(config: ScriptRunConfig, args: argparse.Namespace) -> None:
    """Put the target and the limits of the line into the configuration; raises Invalid."""
    config.run_config.target = args.compute
    asked = {name: getattr(args, name) for name in ("cpus", "memory", "gpus", "processes")}
    given = {name: value for name, value in asked.items() if value is not None}
    if given:
        config.run_config.limits = Limits.from_json(given, what="--").to_json()
    if args.priority is not None:
        config.run_config.priority = args.priority
    if args.timeout is not None:
        config.max_run_duration_seconds = args.timeout.total_seconds()


def code_of(named: Named, args: argparse.Namespace) -> str:
    """The Python of the script that goes; empty for a notebook, and for what is no text."""
    if Path(named.script).suffix != ".py":
        return ""
    try:
        path = Path(args.source or ".", named.script).expanduser()
        return text_of(path)
    except Invalid:
        return ""


def missing_note(config: ScriptRunConfig, code: str, workspace: Workspace) -> str:
    """Say which modules come from `PYTHONPATH` and will be missed; empty where none will."""
    found = modules.of_pythonpath(code)
    if not found or workspace.client.status().get("keepsPythonpath"):
        return ""
    source = config.request()["source"]
    sent = [*source.get("files", ()), *source.get("include", ())]
    if "directory" in source:
        sent += [path.name for path in Path(source["directory"]).iterdir()]
    return modules.note(found, sent=sent)


def unique(pairs: Sequence[tuple[str, Any]], option: str) -> dict[str, Any]:
    """What was given as `K=V`, by key; raises Invalid for a key that is given twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Invalid(f"{option} {key}=... is given twice")
        found[key] = value
    return found


def late(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """The options of ours that stand behind the script, and so are its own."""
    return [word for word in words if word in options]


def told_late(late: Sequence[str], script: str) -> str:
    """Say that options of ours came too late."""
    return (
        f"{' '.join(late)} goes to {script}, as all that stands behind it: "
        "options of submit stand before it"
    )


def plan(dry: WireDryRun) -> str:
    """What a dry run found, as text."""
    files = dry["files"]
    rows = [
        f"Nothing was sent. It would go to {dry['target']!r}: {dry['reason']}",
        f"Priority: {dry['priority']}",
        f"Command: {' '.join(dry['command'])}",
        f"Files ({len(files)}, {size(dry['totalSize'])}):",
        *(f"  {file['path']}  {size(file['size'])}" for file in files[:_SHOWN_FILES]),
    ]
    if len(files) > _SHOWN_FILES:
        rows.append(f"  and {len(files) - _SHOWN_FILES} more")
    # Each note says for itself what was left out, and how to send it all the same.
    return "\n".join([*rows, *dry["excluded"][:_SHOWN_FILES]])
