"""`jupyter aml submit`: send a script or a notebook off as a tracked run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jupyter_aml.cli import asking, codes, following
from jupyter_aml.cli.words import WORDS
from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk._submit import options, sending
from jupyter_aml.sdk.core import Experiment, Run, ScriptRunConfig

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
    options.declare(
        parser,
        WORDS,
        parameter="`--K V` behind a script's arguments, a value of a notebook's parameters, a "
        "variable of a script from stdin",
    )
    rest = parser.add_mutually_exclusive_group()
    rest.add_argument("--wait", action="store_true", help="wait for the end")
    rest.add_argument("--follow", action="store_true", help="wait, and print what it prints")
    rest.add_argument("--detach", action="store_true", help="go on at once (the default)")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="[EXPERIMENT] SCRIPT [ARGS...]",
        help=argparse.SUPPRESS)  # fmt: skip
    parser.set_defaults(parser=parser)


def run(args: argparse.Namespace) -> int:
    """Send it, and where that is asked wait for its end."""
    named = sending.read(args, args.parser)
    late = sending.late(named.arguments, options.OURS)
    if late and named.script != sending.STDIN:
        asking.tell(sending.told_late(late, named.script))
    config, code = _config(named, args)
    space = asking.workspace(args)
    name = ids.experiment_name(named.experiment or _named_after(named.script))
    environment = sending.environment(args, space, name)
    if environment is not None:
        config.run_config.environment = environment
    note = sending.missing_note(config, code, space)
    if note:
        asking.tell(note)
    sending.apply(config, args)
    target = Experiment(space, name)
    told = {"display_name": args.name, "description": args.desc, "origin": _NOWHERE}
    tags = sending.unique(args.tag, "-t")
    if args.dry_run:
        found = target.dry_run(config, tags=tags, **told)
        asking.answer(args, found, sending.plan(found))
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


def _config(named: sending.Named, args: argparse.Namespace) -> tuple[ScriptRunConfig, str]:
    """What is to be sent, and its Python."""
    if named.script != sending.STDIN:
        return sending.config(named, args), sending.code_of(named, args)
    if named.arguments:
        raise Invalid(
            f"{named.arguments[0]} stands behind `-`, and a script from stdin has no arguments: "
            "write options before the `-`, and give it parameters with -p"
        )
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("what came on stdin is not text in UTF-8") from None
    if not text.strip():
        raise Invalid("nothing came on stdin: write the script there")
    config = ScriptRunConfig.from_cell(
        text, parameters=sending.unique(args.param, "-p"), include=args.include, line_offset=0,
        source_directory=args.source,
    )  # fmt: skip
    return config, text


def _named_after(script: str) -> str:
    if script == sending.STDIN:
        return ids.experiment_of(f"{Path.cwd().name}.", otherwise="shell")
    return ids.experiment_of(script, otherwise="script")
