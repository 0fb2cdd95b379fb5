"""`%aml models`: list models."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.widgets import models
from jupyter_aml.wire.models import WireModel


class Ls(Verb):
    """List the newest version of each model, or all versions of one."""

    name = "models ls"
    usage = "[--name NAME] [--tag K[=V]] [--run RUN] [--all] [--limit N]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        add("--name", type=parser.text, metavar="NAME", help="all versions of this model")
        add(
            "--tag", type=parser.text, metavar="K[=V]", action="append", default=[],
            help="only models that have this tag",
        )  # fmt: skip
        add("--run", type=parser.text, metavar="RUN", help="only models that this run registered")
        add("--all", action="store_true", help="all versions of all models")
        add("--limit", type=parser.count, metavar="N", default=50, help="how many; default: 50")

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Models and runs."""
        if name == "name":
            return [each["name"] for each in self.session.cache.get().models]
        return self.session.run_names() if name == "run" else []

    def __call__(self, args: Namespace, cell: str) -> Table[WireModel]:
        """Return the table, whose items are the models as the engine tells them."""
        workspace = self.session.workspace
        is_narrow = args.all or args.name is not None or args.run is not None
        page = workspace.client.models.page(
            workspace.name,
            name=args.name,
            tag=args.tag or None,
            run=None if args.run is None else self.session.find(args.run).id,
            newest=None if is_narrow else 1,
            limit=min(args.limit, 10_000),
        )
        hidden = page["total"] - len(page["models"])
        rest = f"and {hidden} more (--limit N shows them)" if hidden else ""
        rows = [models.row(each) for each in page["models"]]
        return Table(page["models"], models.HEADS, rows, nothing="no models", rest=rest)
