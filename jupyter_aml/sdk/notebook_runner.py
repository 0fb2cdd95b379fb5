"""Runs a notebook as a script: parameters go in, the executed notebook is kept as an output.

    python -m jupyter_aml.sdk.notebook_runner TRAIN.ipynb

The kernel is this very interpreter. Parameters of the run are set in a cell of their own, after the
one that has the tag `parameters` (at the top where none has it). What cells print goes to the log,
and after each cell `outputs/TRAIN.ipynb` is written anew. A cell that fails ends the run, and one
that exits, as by `sys.exit(0)` or `quit()`, ends it with its code. A notebook in a subfolder runs
there; `outputs/` and `logs/` beside it are the run's.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from typing import Any

PARAMETERS = "parameters"
INJECTED = "injected-parameters"
OUTPUTS = "outputs"
_OF_THE_RUN = (OUTPUTS, "logs")
LISTENING = "jupyter_aml.sdk._kernel_output"
_LAST_WORDS = 16_000

_PLACE = re.compile(r"(?:Cell|Input) In ?\[(\d+)\],? (?:line (\d+)|in <cell line: (\d+)>)")
_ASKS_TO_EXIT = "UserWarning: To exit: use 'exit', 'quit', or Ctrl-D."
"""What IPython tells people who type `sys.exit()`."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def main(path: str) -> int:
    """Run the notebook; return the exit code."""
    for name in ("nbclient", "nbformat", "ipykernel"):
        if find_spec(name) is None:
            print(_missing(name), file=sys.stderr)
            return 1
    nbclient: Any = import_module("nbclient")
    nbformat: Any = import_module("nbformat")
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        print(f"{path} is not a notebook: {_first_line(error)}", file=sys.stderr)
        return 1
    language = _language(notebook)
    if language != "python":
        print(f"{path} is a notebook of {language}; only Python runs here", file=sys.stderr)
        return 1
    inject(notebook, parameters())
    return _execute(notebook, path, nbclient, nbformat)


def inject(notebook: Any, values: dict[str, Any]) -> None:
    """Put a cell with these values after the one tagged `parameters`, or at the top."""
    nbformat: Any = import_module("nbformat")
    notebook.cells = [cell for cell in notebook.cells if INJECTED not in _tags(cell)]
    if not values:
        return
    lines = [f"{name} = {literal(value)}" for name, value in values.items()]
    # `id` would be a field too many in notebooks of the formats before 4.5.
    cell = nbformat.v4.new_code_cell(
        "\n".join(["# Parameters", *lines]), metadata={"tags": [INJECTED]}
    )
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        del cell["id"]
    tagged = [i for i, each in enumerate(notebook.cells) if PARAMETERS in _tags(each)]
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def literal(value: Any) -> str:
    """The JSON value as Python writes it down."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        items = (f"{key!r}: {literal(each)}" for key, each in value.items())
        return f"{{{', '.join(items)}}}"
    return repr(value)


def parameters() -> dict[str, Any]:
    """The parameters that the run that this process is was sent with."""
    folder = os.environ.get("AML_RUN_DIR")
    if folder is None:
        return {}
    with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    # An earlier attempt may have logged some.
    logged = run.get("loggedParameters", ())
    return {name: value for name, value in run["parameters"].items() if name not in logged}


class _Exit(Exception):
    """A cell has asked for the end, as `sys.exit` and `quit` do."""


def _execute(notebook: Any, path: str, nbclient: Any, nbformat: Any) -> int:
    folder = _folder(path)
    client = _client(nbclient, nbformat)(notebook, path, folder)
    client.save()
    # The kernel passes on what its children print; from its own streams it would come twice.
    with tempfile.TemporaryFile() as last_words:
        try:
            streams = {"stdout": last_words, "stderr": last_words}
            asyncio.run(client.async_execute(**streams))
        except _Exit as end:
            return _exit_code(str(end))
        except nbclient.exceptions.CellExecutionError:
            _say_failure(path, client.talk.number, client.talk.failure)
            return 1
        except nbclient.exceptions.DeadKernelError:
            _say_last_words(last_words, client.talk.said)
            print(f"the kernel died in cell [{client.talk.number}] of {path}", file=sys.stderr)
            return 1
        finally:
            client.save()
    return 0


def _folder(path: str) -> str:
    """Where the notebook runs: in its own folder, whose `outputs` and `logs` are the run's."""
    top = os.getcwd()
    folder = os.path.dirname(os.path.abspath(path))
    for name in _OF_THE_RUN if folder != top else ():
        own, of_the_run = os.path.join(folder, name), os.path.join(top, name)
        if os.path.isdir(own) and not os.path.islink(own):
            shutil.copytree(own, of_the_run, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(own)
        if not os.path.lexists(own):
            os.makedirs(of_the_run, exist_ok=True)
            os.symlink(os.path.relpath(of_the_run, folder), own)
    return folder


def _exit_code(said: str) -> int:
    """The exit code that `sys.exit` was told, as Python makes it of its argument."""
    if said in ("", "None", "0"):
        return 0
    try:
        return int(said) & 0xFF
    except ValueError:
        print(said, file=sys.stderr, flush=True)
        return 1


def _say_last_words(kept: Any, said: str) -> None:
    """Print what the kernel wrote just before it died and could not pass on any more."""
    size = kept.seek(0, os.SEEK_END)
    kept.seek(max(0, size - _LAST_WORDS))
    for line in kept.read().decode("utf-8", "replace").splitlines():
        if line.strip() and line not in said:
            print(line, file=sys.stderr, flush=True)


class _Talk:
    """What the cells say, passed on to the log, and how the last of them failed."""

    def __init__(self) -> None:
        self.number = 0
        self.failure: dict[str, Any] = {}
        self.said = ""
        """All that was passed on, of which the end is kept."""

    def begin(self, number: int) -> None:
        """Take note of the code cell that is run now."""
        self.number, self.failure = number, {}

    def hear(self, kind: str, content: Any) -> None:
        """Pass on a message of the kernel."""
        if kind == "stream":
            if _ASKS_TO_EXIT in content["text"]:
                return
            self.said = (self.said + content["text"])[-_LAST_WORDS:]
            stream = sys.stderr if content["name"] == "stderr" else sys.stdout
            print(content["text"], end="", file=stream, flush=True)
        elif kind in ("display_data", "execute_result"):
            print(content["data"].get("text/plain", ""), flush=True)
        elif kind == "error" and content["ename"] != "SystemExit":
            self.failure = dict(content)
            print("\n".join(content["traceback"]), file=sys.stderr, flush=True)

    def end(self, reply: dict[str, Any]) -> None:
        """Raise _Exit after a cell that exits; remember how one failed."""
        if reply.get("status") == "error":
            # A magic may fail without telling of an error on the other channel.
            self.failure = {**reply, **self.failure}
            if reply.get("ename") == "SystemExit":
                raise _Exit(reply.get("evalue") or "")
        if any(each.get("source") == "ask_exit" for each in reply.get("payload") or ()):
            raise _Exit("")


def _this_interpreter() -> Any:
    """What finds the kernel, which is this interpreter whatever the notebook names."""
    specs: Any = import_module("jupyter_client.kernelspec")

    class ThisInterpreter(specs.KernelSpecManager):  # type: ignore[misc]
        def get_kernel_spec(self, kernel_name: str) -> Any:
            words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            # What a kernel says of itself is not what the notebook says.
            words += ["--log-level=ERROR", f"--ext={LISTENING}"]
            return specs.KernelSpec(argv=words, display_name="Python", language="python")

    return ThisInterpreter()


def _client(nbclient: Any, nbformat: Any) -> Any:
    """The class of the client; nbclient may be missing where this module is imported."""

    class Client(nbclient.NotebookClient):  # type: ignore[misc]
        """Hears what cells say, and keeps the notebook as it is after each of them."""

        def __init__(self, notebook: Any, path: str, folder: str) -> None:
            here = {"metadata": {"path": folder}}
            super().__init__(notebook, timeout=None, kernel_name="python3", resources=here)
            self.kept = os.path.join(OUTPUTS, os.path.basename(path))
            self.talk = _Talk()
            self.on_cell_executed = self._end_of_cell

        def create_kernel_manager(self) -> Any:
            manager = super().create_kernel_manager()
            manager.kernel_spec_manager = _this_interpreter()
            return manager

        async def async_execute_cell(
            self,
            cell: Any,
            cell_index: int,
            execution_count: int | None = None,
            store_history: bool = True,
        ) -> Any:
            if cell.cell_type == "code" and cell.source.strip():
                self.talk.begin(self.code_cells_executed + 1)
            try:
                return await super().async_execute_cell(
                    cell, cell_index, execution_count=execution_count, store_history=store_history
                )
            finally:
                self.save()

        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            self.talk.hear(msg["msg_type"], msg["content"])
            return super().process_message(msg, cell, cell_index)

        def save(self) -> None:
            """Write the notebook, whole or not at all."""
            os.makedirs(OUTPUTS, exist_ok=True)
            draft = f"{self.kept}.part"
            with open(draft, "w", encoding="utf-8") as file:
                nbformat.write(self.nb, file)
            os.replace(draft, self.kept)

        def _end_of_cell(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
            self.talk.end(execute_reply["content"] if execute_reply else {})

    return Client


def _say_failure(path: str, number: int, failure: dict[str, Any]) -> None:
    """Tell of the failure as Python does, in the words that are looked for at the end of a log."""
    name = failure.get("ename") or "Error"
    said = str(failure.get("evalue") or "").strip()
    print("Traceback (most recent call last):", file=sys.stderr)
    line = _line(failure.get("traceback") or [], number)
    if line is not None:
        print(f'  File "{path}", line {line}, in cell [{number}]', file=sys.stderr)
    colon = ": " if said else ""
    print(f"{name}{colon}{said} (in cell [{number}])", file=sys.stderr, flush=True)


def _line(traceback: list[str], number: int) -> int | None:
    """The line of the cell itself, whatever it has called."""
    for found in _PLACE.finditer(_COLOUR.sub("", "\n".join(traceback))):
        if int(found[1]) == number:
            return int(found[2] or found[3])
    return None


def _language(notebook: Any) -> str:
    told = notebook.metadata
    spec, info = told.get("kernelspec", {}), told.get("language_info", {})
    return str(spec.get("language") or info.get("name") or "python").lower()


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _missing(name: str) -> str:
    return f"no {name} to run notebooks with: {sys.executable} -m pip install nbclient ipykernel"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
