"""`jupyter aml register`: a file of a run as a model."""

from __future__ import annotations

import argparse

from jupyter_aml.cli import asking, codes
from jupyter_aml.sdk._submit import command_line, sending
from jupyter_aml.sdk.core.model import Model


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    asking.options(parser)
    asking.name_run(parser)
    parser.add_argument("file", metavar="FILE", help="a file or folder, as outputs/model.pkl")
    describe(parser)


def describe(parser: argparse.ArgumentParser) -> None:
    """Declare what can be said of a model that is registered."""
    add = parser.add_argument
    add("--model", metavar="NAME", required=True, help="the model's name")
    add("-t", "--tag", action="append", default=[], metavar="K=V", help="a tag")
    add("--property", action="append", default=[], metavar="K=V", help="a property")
    add("--description", metavar="TEXT", help="what it is about")
    add("--framework", metavar="F", help="such as ScikitLearn or Onnx")
    add("--framework-version", metavar="V", help="its version")
    add("--alias", metavar="A", help="a name for this version, such as champion")


def said(args: argparse.Namespace) -> dict[str, object]:
    """What was said of it."""
    return {
        "tags": sending.unique([command_line.pair(text) for text in args.tag], "-t"),
        "properties": sending.unique(
            [command_line.pair(text) for text in args.property], "--property"
        ),
        "description": args.description,
        "model_framework": args.framework,
        "model_framework_version": args.framework_version,
    }


def answer(args: argparse.Namespace, model: Model) -> int:
    """Give it its alias, and print its id."""
    if args.alias is not None:
        model.set_alias(args.alias)
    asking.answer(args, model._seen, model.id)
    return codes.DONE


def run(args: argparse.Namespace) -> int:
    """Register it."""
    model = asking.one(args).register_model(args.model, args.file, **said(args))  # type: ignore[arg-type]
    return answer(args, model)
