"""`jupyter aml kernel`: environments as kernels of notebooks, from the shell."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking
from jupyter_aml.client.kernels import id_of, meant, need_stoppable, whole_log
from jupyter_aml.domain.environment import read_label
from jupyter_aml.widgets import environments


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what each takes."""
    verbs = asking.Verbs(parser)
    verbs.add("ls", _ls, "list the kernels that were made of environments")
    add = verbs.add("add", _add, "make an environment a kernel that notebooks can choose")
    add.add_argument("environment", metavar="NAME[:VERSION]", help="without a version the newest")
    add.add_argument(
        "--compute", metavar="TARGET", help="where it runs: local (default), docker, or a target"
    )
    add.add_argument("--name", help="how the kernel is called")
    remove = verbs.add("rm", _remove, "take a kernel out of the choice of notebooks")
    remove.add_argument("kernel", metavar="KERNEL", help="as `ls` lists it in the first column")
    verbs.add("running", _running, "list the kernels on compute targets that wait or run")
    for name, do, told in (
        ("stop", _stop, "end a kernel on a compute target, or give one up that waits"),
        ("log", _log, "print what a kernel on a compute target wrote outside of cells"),
    ):
        verb = verbs.add(name, do, told)
        verb.add_argument("kernel", metavar="KERNEL", help="its id, or the beginning of it")


def run(args: argparse.Namespace) -> int:
    """Do what the inner verb says."""
    return int(args.do(args))


def _ls(args: argparse.Namespace) -> int:
    found = asking.workspace(args).client.kernels.list()["specs"]
    rows = [environments.spec_row(each) for each in found]
    nothing = "no kernels of environments"
    asking.answer(args, found, asking.table(environments.SPEC_HEADS, rows, nothing))
    return 0


def _add(args: argparse.Namespace) -> int:
    name, version = read_label(args.environment)
    space = asking.workspace(args)
    asked = {"workspace": space.name, "environment": name, "version": version,
             "compute": args.compute, "name": args.name}  # fmt: skip
    made = space.client.kernels.add({k: v for k, v in asked.items() if v is not None})
    asking.answer(args, made, made["spec"])
    return 0


def _remove(args: argparse.Namespace) -> int:
    asking.workspace(args).client.kernels.remove(args.kernel)
    asking.answer(args, {"spec": args.kernel}, f"removed {args.kernel}")
    return 0


def _running(args: argparse.Namespace) -> int:
    found = asking.workspace(args).client.target_kernels.list()
    rows = [(each["id"], *environments.target_row(each)) for each in found]
    heads = ("Id", *environments.RUNNING_HEADS)
    asking.answer(args, found, asking.table(heads, rows, "no kernel waits or runs on a target"))
    return 0


def _stop(args: argparse.Namespace) -> int:
    kernels = asking.workspace(args).client.target_kernels
    kernel = meant(kernels.list(), args.kernel)
    need_stoppable(kernel)
    kernels.end(kernel["id"])
    asking.answer(args, {"id": kernel["id"]}, f"stopped {kernel['id']}")
    return 0


def _log(args: argparse.Namespace) -> int:
    kernels = asking.workspace(args).client.target_kernels
    text = whole_log(kernels, id_of(kernels, args.kernel))
    asking.answer(args, {"log": text}, text.rstrip("\n"))
    return 0
