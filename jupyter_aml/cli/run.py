"""`jupyter aml run SCRIPT`: Python as it is, where `azureml` answers; nothing is tracked."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.runtime.runtime import ensure_runtime, with_alias

_EPILOG = """\
This Python starts SCRIPT, or the module behind -m, as it always does. `import azureml.core` means
jupyter_aml there, and in the processes that the script starts, unless the real one is installed.
What SCRIPT submits is tracked; SCRIPT itself is not: `jupyter aml submit` does that.

  jupyter aml run train.py --rate 0.1
  python -m jupyter_aml run -m package.train
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.usage = "%(prog)s SCRIPT [ARGS...] | -m MODULE [ARGS...]"
    parser.epilog = _EPILOG
    parser.add_argument("-m", action="store_true", dest="is_module", help="run a module")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="SCRIPT [ARGS...]",
        help=argparse.SUPPRESS)  # fmt: skip


def run(args: argparse.Namespace) -> NoReturn:
    """Become the script's process."""
    if not args.words:
        raise Invalid("name the script that shall be run, or -m and a module")
    if not args.is_module and not os.path.exists(args.words[0]):
        raise Invalid(f"there is no script {args.words[0]!r}")
    alias = _alias(args)
    os.environ["PYTHONPATH"] = with_alias(alias, os.environ.get("PYTHONPATH", ""))
    option = ["-m"] if args.is_module else []
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *option, *args.words])


def _alias(args: argparse.Namespace) -> Path:
    from jupyter_aml.server import headless, holder

    root = headless.HeadlessApp().read([f"root={args.root}"] if args.root else []).root
    holder.own(root)
    return ensure_runtime(root).pythonpath[1]
