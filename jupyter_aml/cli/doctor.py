"""`jupyter aml doctor`: is all there that runs need, and how is it mended?"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor

from jupyter_aml.cli import asking, checking, codes, config
from jupyter_aml.cli.finding import Finding
from jupyter_aml.domain.errors import AmlError
from jupyter_aml.server.headless import HeadlessApp
from jupyter_aml.widgets.plain import clean


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = "It changes nothing and starts nothing. The exit code is 1 if a check fails."
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Look at everything, and print a line for each."""
    found = list(findings(args.root))
    told = [{"name": each.name, "state": each.state, "told": each.told, "mend": each.mend}
            for each in found]  # fmt: skip
    asking.answer(args, told, "\n".join(map(_line, found)))
    return codes.FAULT if any(each.state == "fail" for each in found) else codes.DONE


def findings(root: str | None) -> list[Finding]:
    """All findings, in their order; those of the root only where the settings can be read."""
    try:
        # First, for it says of a file that cannot be read what a reader of all logs as a traceback.
        mistakes = config.unknown()
        settings = HeadlessApp().read([] if root is None else [f"root={root}"])
    except AmlError as error:
        mend = "jupyter aml config tells where it stands; correct it there"
        return [Finding("settings", "fail", str(error), mend)]
    first = Finding("settings", "ok", "can be read")
    if mistakes:
        first = Finding("settings", "warn", "; ".join(mistakes), "correct the name in the file")
    # Some wait for an answer of somebody else.
    with ThreadPoolExecutor(len(checking.CHECKS)) as pool:
        return [first, *pool.map(lambda check: check(settings), checking.CHECKS)]


def _line(found: Finding) -> str:
    line = clean(f"{found.state:<4}  {found.name}: {found.told}").replace("\n", " ")
    return f"{line}\n      mend: {clean(found.mend)}" if found.mend else line
