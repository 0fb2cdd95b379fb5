"""What the verbs that open a root by themselves take: settings above those of the files."""

from __future__ import annotations

import argparse
import os


def add(parser: argparse.ArgumentParser) -> None:
    """Declare `--set`."""
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of AmlConfig, above those of the configuration files (repeatable)",
    )


def given(args: argparse.Namespace) -> list[str]:
    """The settings of the command line as NAME=VALUE, the root among them."""
    root = [f"root={os.path.abspath(args.root)}"] if args.root else []
    return [*root, *args.settings]
