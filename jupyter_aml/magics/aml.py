"""`%aml` and `%%aml`: finds the verb, reads its words, and tells mistakes in one line."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    no_var_expand,
    output_can_be_silenced,
)

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.magics import line as lines
from jupyter_aml.magics.compute import Compute
from jupyter_aml.magics.data import Data
from jupyter_aml.magics.env import Env, EnvCell
from jupyter_aml.magics.help import Help
from jupyter_aml.magics.kernel import Kernel
from jupyter_aml.magics.models import Models, Register
from jupyter_aml.magics.run.cancel import Cancel
from jupyter_aml.magics.run.clone import Clone
from jupyter_aml.magics.run.compare import Compare
from jupyter_aml.magics.run.diff import Diff
from jupyter_aml.magics.run.get import Get
from jupyter_aml.magics.run.last import Last
from jupyter_aml.magics.run.logs import Logs
from jupyter_aml.magics.run.ls import Ls
from jupyter_aml.magics.run.metrics import Metrics
from jupyter_aml.magics.run.retry import Retry
from jupyter_aml.magics.run.show import Show
from jupyter_aml.magics.run.submit import Submit
from jupyter_aml.magics.run.submit_file import SubmitFile
from jupyter_aml.magics.run.wait import Wait
from jupyter_aml.magics.session import Session
from jupyter_aml.magics.verb import HelpShown, Verb
from jupyter_aml.magics.verbs import Verbs

_VERBS: tuple[type[Verb], ...] = (
    Submit, SubmitFile, Ls, Show, Logs, Wait, Cancel, Metrics, Get, Compare, Diff, Clone, Retry,
    Last, EnvCell, Env, Kernel, Compute, Register, Models, Data,
)  # fmt: skip


@magics_class
class AmlMagics(Magics):
    """The two magics of one shell."""

    def __init__(self, shell: Any, session: Session) -> None:
        super().__init__(shell)
        self.session = session
        self.verbs = Verbs(*(verb(session) for verb in _VERBS))
        self.verbs.add(Help(session, self.verbs))

    @no_var_expand
    @output_can_be_silenced
    @line_cell_magic
    def aml(self, line: str, cell: str | None = None) -> Any:
        """Tracked experiments: `%%aml submit` sends this cell off, `%aml help` lists the verbs."""
        try:
            return self._do(line, cell)
        except HelpShown:
            return None
        except AmlError as error:
            hint = getattr(error, "hint", None)
            text = f"{error} ({hint})" if hint else str(error)
            raise UsageError(" ".join(text.split())) from None

    def _do(self, line: str, cell: str | None) -> Any:
        if cell is not None:
            line, cell = lines.join_continued(line, cell)
        else:
            # IPython hides the value; what is left is no part of the last word.
            line = line.rstrip().removesuffix(";")
        words = lines.split(line)
        if not words or words[0] in ("-h", "--help"):
            words, cell = ["help"], None
        verb, rest = self.verbs.meant(words, cell=cell is not None)
        self.session.begin()
        asks_help = any(word in ("-h", "--help") for word in rest)
        if not asks_help and verb.takes_cell != (cell is not None):
            raise UsageError(_wrong_sign(verb))
        return verb(verb.parser().read(rest), cell or "")


def _wrong_sign(verb: Verb) -> str:
    if verb.takes_cell:
        return f"write %%aml {verb.name} as the first line of a cell, with the code below it"
    return f"%aml {verb.name} takes one percent sign: it has no cell below it"
