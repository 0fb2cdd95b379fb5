"""`%aml register`: a file of a run as a model."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb, unique
from jupyter_aml.sdk.core.model import Model


class Register(Verb):
    """Register a file or folder of a run as the next version of a model, and return it."""

    name = "register"
    usage = "RUN FILE --model NAME [-t K=V] [--property K=V] [--framework F] [--alias A]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        parser.name_run()
        add("file", type=parser.text, metavar="FILE", help="such as outputs/model.pkl")
        add("--model", type=parser.text, metavar="NAME", required=True, help="the model's name")
        add("-t", "--tag", type=parser.pair, action="append", default=[], metavar="K=V",
            help="a tag")  # fmt: skip
        add("--property", type=parser.pair, action="append", default=[], metavar="K=V",
            help="a property, which stays what it is")  # fmt: skip
        add("--description", type=parser.text, metavar="TEXT", help="what it is about")
        add("--framework", type=parser.text, metavar="F", help="such as ScikitLearn or Onnx")
        add("--alias", type=parser.text, metavar="A", help="a name for this version")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs."""
        return [] if before else self.session.run_names()

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Models and frameworks."""
        if name == "model":
            return [each["name"] for each in self.session.cache.get().models]
        if name == "framework":
            return [value for key, value in vars(Model.Framework).items() if key.isupper()]
        return []

    def __call__(self, args: Namespace, cell: str) -> Model:
        """Register it."""
        run = self.session.find(args.run)
        model = run.register_model(
            args.model,
            args.file,
            tags=unique(args.tag, "-t"),
            properties=unique(args.property, "--property"),
            description=args.description,
            model_framework=args.framework,
        )
        if args.alias is not None:
            model.set_alias(args.alias)
        self.session.cache.refresh()
        return model
