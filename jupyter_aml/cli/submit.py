"""`jupyter aml submit`: send a script off as a tracked run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_aml.cli import asking, codes, following
from jupyter_aml.domain import ids
from jupyter_aml.domain.environment import read_label
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk._submit import command_line
from jupyter_aml.sdk.core import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.widgets.plain import size
from jupyter_aml.wire.contents import WireDryRun

_SHOWN_FILES = 20
_SCRIPTS = (".py", ".sh")
_OURS = ("--wait", "--follow", "--detach", "--if-changed", "--dry-run")
"""Options that few scripts have, and that are easily written too late."""
_EPILOG = """\
SCRIPT is sent alone, or with the folder of --source, in which it is then looked for; `-` reads it
from stdin. What stands behind SCRIPT are its own arguments. EXPERIMENT is, without one, the
script's name. The id of the run is printed on stdout, all else on stderr.

  jupyter aml submit train.py --rate 0.1
  jupyter aml submit digits -p rate=0.1 -t stage=test --wait --source . train.py
  run=$(jupyter aml submit -e sklearn digits train.py) && jupyter aml logs -f $run
  echo 'print(rate)' | jupyter aml submit -p rate=0.1 trial -

With --wait and --follow the exit code is 0 for Completed, 3 for Failed, 4 for Canceled.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.usage = "%(prog)s [options] [EXPERIMENT] SCRIPT [ARGS...]"
    parser.epilog = _EPILOG
    asking.options(parser)
    add = parser.add_argument
    add("-n", "--name", help="a name for the run")
    add("-d", "--desc", default="", metavar="TEXT", help="what it is about")
    pair, parameter = _type(command_line.pair), _type(command_line.parameter)
    add("-t", "--tag", type=pair, action="append", default=[], metavar="K=V", help="a tag")
    add("-c", "--compute", default="local", metavar="TARGET", help="where it runs")
    add(
        "-p",
        "--param",
        type=parameter,
        action="append",
        default=[],
        metavar="K=V",
        help="a parameter: `--K V` behind the script's arguments, a variable of a script "
        "from stdin; repeatable",
    )
    add(
        "--include",
        action="append",
        default=[],
        metavar="GLOB",
        help="files to send along, below the current folder; repeatable",
    )
    add("--source", metavar="DIR", help="a folder to send along, in which the script lies")
    add("-e", "--env", metavar="NAME[:VERSION]", help="a registered environment to run in")
    add("--pip", action="append", default=[], metavar="'A B==2'", help="an environment of these")
    add("--conda", action="append", default=[], metavar="'python=3.11 A'", help="conda packages")
    add("--env-file", metavar="FILE", help="a conda specification (.yml) or requirements (.txt)")
    add("--timeout", type=_type(command_line.span), metavar="2h", help="90s, 30m, 2h or 1d")
    rest = parser.add_mutually_exclusive_group()
    rest.add_argument("--wait", action="store_true", help="wait for the end")
    rest.add_argument("--follow", action="store_true", help="wait, and print what it prints")
    rest.add_argument("--detach", action="store_true", help="go on at once (the default)")
    add("--if-changed", action="store_true", help="take the newest completed run if nothing is new")
    add("--dry-run", action="store_true", help="say what would be sent, and send nothing")
    add("words", nargs=argparse.REMAINDER, metavar="[EXPERIMENT] SCRIPT [ARGS...]",
        help=argparse.SUPPRESS)  # fmt: skip
    parser.set_defaults(parser=parser)


def run(args: argparse.Namespace) -> int:
    """Send it, and where that is asked wait for its end."""
    args, experiment, script, words = _read(args)
    late = [word for word in words if word in _OURS]
    if late and script != "-":
        asking.tell(
            f"{' '.join(late)} goes to {script}, as all that stands behind it: "
            "options of submit stand before it"
        )
    config = _config(args, script, words)
    space = asking.workspace(args)
    name = ids.experiment_name(experiment or _named_after(args, script))
    environment = _environment(args, space, name)
    if environment is not None:
        config.run_config.environment = environment
    config.run_config.target = args.compute
    if args.timeout is not None:
        config.max_run_duration_seconds = args.timeout.total_seconds()
    target = Experiment(space, name)
    told = {"display_name": args.name, "description": args.desc, "origin": _NOWHERE}
    tags = _unique(args.tag, "-t")
    if args.dry_run:
        found = target.dry_run(config, tags=tags, **told)
        asking.answer(args, found, _plan(found))
        return codes.DONE
    sent = target.submit(config, tags=tags, if_changed=args.if_changed, **told)
    return _told(args, sent)


_NOWHERE = {"notebook": None, "cellId": None, "executionCount": None}


def _told(args: argparse.Namespace, sent: Run) -> int:
    seen = sent.seen
    label = f"{seen['experiment']} #{seen['number']}"
    if args.if_changed and seen["endedAt"] is not None:
        asking.tell(f"{label}: nothing has changed since; no new run was sent")
    elif not args.json:
        asking.tell(f"{label} is sent")
    if not (args.wait or args.follow):
        asking.answer(args, seen, seen["runId"])
        return codes.DONE
    if not args.json:
        print(seen["runId"], file=sys.stderr if args.follow else sys.stdout, flush=True)
    ended = following.until_ended(sent, prints=args.follow and not args.json)
    asking.tell(following.sentence(ended))
    if args.json:
        asking.answer(args, ended, "")
    return codes.of([ended])


def _read(args: argparse.Namespace) -> tuple[argparse.Namespace, str | None, str, list[str]]:
    """The line as options, experiment, script and its arguments."""
    words: list[str] = args.words
    if words[:1] == ["--"]:
        words = words[1:]
    experiment = None
    if words and not _is_script(words[0], args.source):
        experiment, args.words = words[0], []
        # Options may stand between the experiment and the script too.
        args = args.parser.parse_args(words[1:], args)
        words = args.words
    if words:
        return args, experiment, words[0], words[1:]
    if args.source is not None:
        return args, experiment, command_line.only_script(args.source), []
    if experiment is None:
        args.parser.error("name a script, `-` for one on stdin, or a folder with --source")
    raise Invalid(f"there is no script {experiment!r} in {Path.cwd()}")


def _is_script(word: str, source: str | None) -> bool:
    path = Path(source or ".", word)
    return word == "-" or path.suffix in _SCRIPTS or path.is_file() or "/" in word


def _config(args: argparse.Namespace, script: str, words: list[str]) -> ScriptRunConfig:
    parameters = _unique(args.param, "-p")
    if script != "-":
        if Path(script).suffix != ".py":
            raise Invalid(f"{script!r} is no Python script: its name must end in .py")
        return command_line.Script(
            script, words, source=args.source, include=args.include, parameters=parameters
        )
    if words:
        raise Invalid(
            f"{words[0]} stands behind `-`, and a script from stdin has no arguments: "
            "write options before the `-`, and give it parameters with -p"
        )
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("what came on stdin is not text in UTF-8") from None
    if not text.strip():
        raise Invalid("nothing came on stdin: write the script there")
    return ScriptRunConfig.from_cell(
        text, parameters=parameters, include=args.include, line_offset=0,
        source_directory=args.source,
    )  # fmt: skip


def _environment(args: argparse.Namespace, space: Workspace, experiment: str) -> Environment | None:
    said = [name for name, value in (("-e", args.env), ("--env-file", args.env_file),
            ("--pip or --conda", args.pip or args.conda)) if value]  # fmt: skip
    if len(said) > 1:
        raise Invalid(f"{' and '.join(said)} exclude each other: each says all of the environment")
    if not said:
        return None
    if args.env is not None:
        return Environment.get(space, *read_label(args.env))
    name = f"{experiment[:250]}-env"
    if args.env_file is not None:
        made = command_line.of_file(args.env_file, name)
    else:
        made = command_line.of_packages(name, pip=args.pip, conda=args.conda)
    asked = {"workspace": space.name, "definition": made._to_json()}
    mistakes = space.client.environments.check(asked)["mistakes"]
    if mistakes:
        raise Invalid("; ".join(each["message"] for each in mistakes))
    return made


def _named_after(args: argparse.Namespace, script: str) -> str:
    if script == "-":
        return Path.cwd().name or "shell"
    return Path(script).stem


def _unique(pairs: list[tuple[str, Any]], option: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"{option} {twice} is given twice")
    return found


def _type(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return partial(_typed, read)


def _typed(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except Invalid as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _plan(dry: WireDryRun) -> str:
    files = dry["files"]
    rows = [
        f"Nothing was sent. It would go to {dry['target']!r}: {dry['reason']}",
        f"Command: {' '.join(dry['command'])}",
        f"Files ({len(files)}, {size(dry['totalSize'])}):",
        *(f"  {file['path']}  {size(file['size'])}" for file in files[:_SHOWN_FILES]),
    ]
    if len(files) > _SHOWN_FILES:
        rows.append(f"  and {len(files) - _SHOWN_FILES} more")
    return "\n".join([*rows, *dry["excluded"][:_SHOWN_FILES]])
