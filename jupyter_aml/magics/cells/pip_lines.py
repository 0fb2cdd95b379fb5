"""Lines of a cell that install or ask for the retired SDK: its distributions are left out of them.

`!pip install --upgrade azureml-sdk pandas` is meant as `!pip install --upgrade pandas`: the old
SDK would hide ours, and take ipywidgets and others back by years.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from IPython.core.inputtransformer2 import make_tokens_by_line

from jupyter_aml.domain import requirement, retired
from jupyter_aml.domain.requirement import Requirement

Lines = list[str]

_COMMAND = re.compile(
    r"(?<![\w./-])(?:[\w./{}$-]+[ \t]+-m[ \t]+)?"
    r"(?:[\w./-]*?pip3?(?:\.\d+)?|conda|mamba|micromamba)[ \t]+(?:-\S+[ \t]+)*"
    r"(?P<verb>install|show)(?=\s|\Z)"
)
_STARTS = re.compile(r"[ \t]*(?:%(?!%)|!|(?:pip3?|conda|mamba)[ \t]|[\w.]+[ \t]*=[ \t]*[!%])")
_ASSIGNS = re.compile(r"[ \t]*[\w.]+[ \t]*=")
_SHELLS = re.compile(r"%%(bash|sh|script|!)")
_TEXTS = ('"""', "'''")
_OF_CODE = re.compile(r"%%(time|timeit|capture|prun)\b")
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")
_FILE = re.compile(r"\.(txt|ya?ml|whl|zip|gz|in)\Z")
_ENDS = re.compile(r"(&&|\|\|?|;|&|#.*|\d?>.*|&>.*)\Z")
_WITH_VALUE = frozenset(
    (
        "-c", "-f", "-i", "-n", "-p", "-t", "--channel", "--constraint", "--extra-index-url",
        "--find-links", "--index-url", "--name", "--platform", "--prefix", "--proxy", "--python",
        "--python-version", "--retries", "--root", "--target", "--timeout", "--trusted-host",
        "--upgrade-strategy",
    )
)  # fmt: skip
_WITH_LINES = frozenset(("-r", "--requirement"))
_WITH_FILE = frozenset(("-r", "-e", "--file", "--requirement", "--editable"))


@dataclass(frozen=True, slots=True)
class _Mended:
    line: str
    """What is left of the line; empty where nothing of it is to be done."""
    notice: str


@dataclass(frozen=True, slots=True)
class _Words:
    """The words behind the verb, without those of retired distributions."""

    kept: list[str]
    left_out: list[Requirement]
    end: int

    @property
    def missing(self) -> list[str]:
        """The libraries that the retired ones brought, neither there nor asked for."""
        brought = (
            library
            for one in self.left_out
            for library in retired.stand_in(one.name, one.extras).libraries
        )
        asked = {one.key for word in self.kept if (one := _named(word)) is not None}
        return [
            library
            for library in dict.fromkeys(brought)
            if library not in asked and not _is_there(library)
        ]


def transform(lines: Lines) -> Lines:
    """The lines of a cell without retired distributions, and with a notice for each such line."""
    if not any("install" in line or "show" in line for line in lines):
        return lines
    head = next((line for line in lines if line.strip()), "")
    if _SHELLS.match(head):
        return _mended(lines, range(len(lines)), lambda told: f"echo {shlex.quote(told)}")
    if head.startswith("%%") and not _OF_CODE.match(head):
        return lines
    starts = {row for row in _beginnings(lines) if _STARTS.match(lines[row])}
    return _mended(lines, starts, lambda told: f"print({told!r})")


def _beginnings(lines: Lines) -> set[int]:
    """The rows in which a statement begins: others belong to a text or to a line above."""
    # A magic of the cell is no Python, and a sign of a line breaks no text that begins above it.
    rows = ["\n" if line.startswith("%%") else _as_code(line) for line in lines]
    firsts = (tokens[0].start[0] - 1 for tokens in make_tokens_by_line(rows) if tokens)
    return {row for row in firsts if row < len(lines)}


def _as_code(line: str) -> str:
    line = line if line.endswith("\n") else f"{line}\n"
    bare = line.lstrip()
    if not bare.startswith(("!", "%")):
        return line
    # Quotes of a shell line are none of Python's, unless they end a text that begins above it.
    is_odd = any(bare.count(quotes) % 2 for quotes in _TEXTS)
    rest = bare[1:] if is_odd else re.sub(r"[\"'#]", "_", bare[1:])
    return f"{line[: len(line) - len(bare)]}_{rest}"


def _mended(lines: Lines, starts: Container[int], notice: Callable[[str], str]) -> Lines:
    made: Lines = []
    row = 0
    while row < len(lines):
        end = row + 1
        while lines[end - 1].rstrip("\n").endswith("\\") and end < len(lines):
            end += 1
        whole = "".join(lines[row:end])
        mended = _without_retired(whole) if row in starts else None
        if mended is None:
            made += lines[row:end]
        else:
            indent = whole[: len(whole) - len(whole.lstrip())]
            made.append(f"{indent}{notice(mended.notice)}\n")
            made += [mended.line] if mended.line else []
        row = end
    return made


def _without_retired(line: str) -> _Mended | None:
    """The line without retired distributions; None where it names none of them."""
    flat = line.replace("\\\n", " ").rstrip("\n")
    parts: list[str] = []
    told: list[str] = []
    place, asks = 0, False
    for found in _COMMAND.finditer(flat):
        words = _words(flat, found.end())
        if not words.left_out or found.start() < place:
            continue
        installs = found["verb"] == "install"
        wanted = [*words.kept, *(words.missing if installs else ())]
        parts += [flat[place : found.start()], _command(found[0], wanted)]
        told.append(_told(words) if installs else _shown(words))
        place, asks = words.end, asks or _asks(wanted)
    if not told:
        return None
    rest = "".join([*parts, flat[place:]]).rstrip()
    # What else stands in a line of the shell is done, and a variable that it sets is set.
    goes_on = re.search("&&|[|;]", rest) if "!" in rest else None
    is_empty = not asks and not goes_on and not _ASSIGNS.match(flat)
    return _Mended("" if is_empty else f"{rest}\n", f"jupyter_aml: {'; '.join(told)}")


def _command(begin: str, wanted: list[str]) -> str:
    return " ".join([begin, *wanted]) if _asks(wanted) else "true"


def _told(words: _Words) -> str:
    return retired.told([one.name for one in words.left_out], words.missing)


def _shown(words: _Words) -> str:
    """What is said where somebody asks whether they are installed."""
    names = [*dict.fromkeys(one.name for one in words.left_out)]
    missing = f"; `pip install {' '.join(names)}` brings {', '.join(words.missing)}"
    return f"stands in for {', '.join(names)}" + (missing if words.missing else "")


def _words(flat: str, start: int) -> _Words:
    """What stands behind the verb, up to the sign that ends the command."""
    kept: list[str] = []
    left_out: list[Requirement] = []
    end, before = start, ""
    for found in _WORD.finditer(flat, start):
        word = found[0].removesuffix(";")
        if _ENDS.match(found[0]):
            break
        asked = _named(word)
        if before in _WITH_LINES:
            file, ours = _file_without_retired(word)
            kept.append(file)
            left_out += ours
        elif asked is not None and retired.is_retired(asked.name) and before not in _WITH_VALUE:
            left_out.append(asked)
        else:
            kept.append(word)
        end, before = found.start() + len(word), word
        if word != found[0]:
            break
    return _Words(kept, left_out, end)


def _file_without_retired(word: str) -> tuple[str, list[Requirement]]:
    """A file of requirements like the one named, without retired distributions, and those.

    The file itself where it cannot be read, names none, or leads to others beside it.
    """
    path = Path(word.strip("\"'"))
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return word, []
    asked = [_named(line.partition("#")[0].strip()) for line in lines]
    ours = [one for one in asked if one is not None and retired.is_retired(one.name)]
    if not ours or any(line.lstrip().startswith(("-r", "-c", "-e", "--", ".")) for line in lines):
        return word, []
    kept = [f"{line}\n" for line, one in zip(lines, asked, strict=True) if one not in ours]
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="aml-", suffix=f"-{path.name}", delete=False
    ) as file:
        file.writelines(kept)
    return shlex.quote(file.name), ours


def _named(word: str) -> Requirement | None:
    bare = word.strip("\"'")
    if bare.startswith("-") or _FILE.search(bare):
        return None
    return requirement.read(bare)


def _is_there(distribution: str) -> bool:
    try:
        version(distribution)
        return True
    except PackageNotFoundError:
        return False


def _asks(words: Iterable[str]) -> bool:
    """Whether the words of an install name something to install."""
    before = ""
    for word in words:
        if before in _WITH_FILE or (not word.startswith("-") and before not in _WITH_VALUE):
            return True
        before = word
    return False
