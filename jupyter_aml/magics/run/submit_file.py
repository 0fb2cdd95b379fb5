"""`%aml submit`: run a script or a notebook of the folder as a tracked experiment."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.magics.run.sends import Sends, declare_showing
from jupyter_aml.magics.verb import Parser
from jupyter_aml.sdk._submit import options, sending
from jupyter_aml.sdk.core import Run


class SubmitFile(Sends):
    """Run a script or a notebook as a tracked experiment and go on at once.

    SCRIPT is a .py or .ipynb file, sent alone or with the folder of --source, in which it is
    then looked for. What stands behind it are its own arguments; options stand before it.
    A parameter is `--K V` behind the arguments of a script, and a value of a notebook's cell
    with the tag `parameters`. EXPERIMENT is, without one, the name of the file.
    """

    name = "submit"
    usage = "[options] [EXPERIMENT] SCRIPT [ARGS...]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        options.declare(
            parser,
            parser,
            parameter="`--K V` behind a script's arguments, a value of a notebook's parameters",
        )
        declare_showing(parser)
        parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Scripts and notebooks, and the experiments that there are."""
        if any(sending.names_a_file(each) for each in before):
            return []
        above, slash, begun = word.rpartition("/")
        there = Path(above or ".").glob(f"{begun}*") if "*" not in begun else ()
        files = [above + slash + path.name for path in there if path.suffix in (".py", ".ipynb")]
        return [*sorted(files), *super().complete(word, before)]

    def __call__(self, args: Namespace, cell: str) -> Run | None:
        """Send the file and return its Run."""
        parser = self.parser()
        named = self._named(args, parser)
        words = [parser.text(word) for word in named.arguments]
        self._tell_late(words, named.script)
        named = sending.Named(named.experiment, parser.text(named.script), words)
        given = named.experiment or ids.experiment_of(named.script, otherwise="script")
        experiment = ids.experiment_name(parser.text(given))
        config = sending.config(named, args)
        environment = sending.environment(args, self.session.workspace, experiment)
        if environment is not None:
            config.run_config.environment = environment
        code = sending.code_of(named, args)
        self.note(sending.missing_note(config, code, self.session.workspace))
        return self.send(config, args, experiment, "")

    def _named(self, args: Namespace, parser: Parser) -> sending.Named:
        try:
            return sending.read(args, parser)
        except Invalid as error:
            cure = "to send a cell, write %%aml submit as its first line, with the code below it"
            raise Invalid(f"{error}; {cure}") from None

    def _tell_late(self, words: list[str], script: str) -> None:
        late = sending.late(words, [*options.OURS, "-o", "--out", "--show"])
        if late:
            self.note(sending.told_late(late, script))
