"""`jupyter aml az`: what notebooks and courses ask of the retired `az ml`, done here."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking, codes
from jupyter_aml.sdk.exceptions import UserErrorException

_CLOUD = ("account", "config", "configure", "extension", "feature", "group", "login", "logout",
          "provider", "upgrade", "version")  # fmt: skip
"""What prepares the cloud for `az ml`: there is nothing to prepare."""
_ANSWERED = ("get-access-token", "show", "list")
"""What answers with something of the cloud, which nobody has."""
_OURS = {
    "computetarget": "the sidebar lists compute targets, `jupyter aml submit -c` names one",
    "dataset": "`jupyter aml data` does it",
    "datastore": "`jupyter aml data` does it",
    "environment": "`jupyter aml env` does it",
    "experiment": "`jupyter aml ls` lists runs by experiment",
    "model": "`jupyter aml models` and `jupyter aml register` do it",
    "run": "`jupyter aml ls`, `show`, `logs`, `cancel` and `metrics` do it",
}
"""Who does what other commands did."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes: all that follows."""
    parser.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="ml ...",
        help="ml workspace create|show|list|delete, ml folder attach, ml run submit-script",
    )


def run(args: argparse.Namespace) -> int:
    """Do what `az` was told; what only prepares the cloud does nothing and says so."""
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if words[:1] != ["ml"]:
        return _of_the_cloud(words)
    noun = words[1] if len(words) > 1 else ""
    if noun in _OURS and words[1:3] != ["run", "submit-script"]:
        raise UserErrorException(f"az ml {' '.join(words[1:3])}: {_OURS[noun]}")
    # Only now: what the SDK imports is not light.
    from jupyter_aml.cli.az_ml import do

    return do(words[1:])


def _of_the_cloud(words: list[str]) -> int:
    told = f"az {' '.join(words[:2])}".strip()
    if words[:1] in (["--version"], ["-v"]):
        asking.tell("jupyter_aml stands in for the `az ml` of notebooks")
        return codes.DONE
    if words and words[0] in _CLOUD and not set(words[1:3]) & set(_ANSWERED):
        asking.tell(f"{told}: there is no cloud here, so nothing was to be done")
        return codes.DONE
    raise UserErrorException(
        f"{told}: jupyter_aml stands in for `az ml` alone; "
        "an Azure CLI that is installed is found before it"
    )
