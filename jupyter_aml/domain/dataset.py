"""What a data set is: where its files lie, how they are read, and what is done with the rows.

A definition names its sources and its steps; nothing is read before somebody asks for rows. The
first step says how files become rows (`{"do": "read", "form": "delimited", ...}`), the others
what is kept of them, in this order.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from jupyter_aml.domain import expression
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean

Kind = Literal["tabular", "file"]
KINDS = ("tabular", "file")

_LONGEST_NAME = 200
"""In bytes: a folder has this name, and its files have more."""
_MOST_STEPS, _MOST_SOURCES = 500, 100_000

_ANY_READ = {"partition", "paths"}
FORMS: Mapping[str, frozenset[str]] = {
    "files": frozenset({"partition"}),
    "delimited": frozenset(
        {*_ANY_READ, "separator", "header", "encoding", "multiline", "infer", "blank", "types"}
    ),
    "parquet": frozenset({*_ANY_READ, "types"}),
    "lines": frozenset({*_ANY_READ, "types", "encoding", "broken"}),
    "sql": frozenset({"query", "timeout", "types"}),
}
"""How files become rows, with what may be said of each: texts (`delimited`), columns (`parquet`),
a JSON object a line (`lines`), a query (`sql`), or not at all (`files`)."""

STEPS: Mapping[str, frozenset[str]] = {
    "keep": frozenset({"columns"}),
    "drop": frozenset({"columns"}),
    "filter": frozenset({"where"}),
    "skip": frozenset({"count"}),
    "take": frozenset({"count"}),
    "sample": frozenset({"probability", "seed"}),
    "split": frozenset({"from", "to", "seed"}),
    "timestamps": frozenset({"fine", "coarse"}),
    "write": frozenset({"form", "separator"}),
}
"""What may be done with rows or files after that."""


_KEY = re.compile(
    r"([?&](?:sig|signature|token|key|api_?key|password|secret|x-amz-[a-z-]+|awsaccesskeyid)=)[^&#]+",
    re.IGNORECASE,
)


def without_keys(address: str) -> str:
    """An address as it is shown: what lets somebody in is left out of its query."""
    return _KEY.sub(r"\1***", address)


@dataclass(frozen=True, slots=True)
class Source:
    """A path or glob on a datastore; without one a URL, or an absolute path on this machine."""

    path: str
    datastore: str | None = None

    def __str__(self) -> str:
        shown = without_keys(self.path)
        return shown if self.datastore is None else f"{self.datastore}/{shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What lay behind a version when it was registered; the list of them is kept apart.

    `digest` is of names, sizes and contents, `seen` of names, sizes and times, which costs no
    reading; `changed` is the newest of their times, ISO 8601 in UTC.
    """

    count: int
    size: int
    digest: str
    seen: str
    changed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A definition. Make it by `read` where it comes from elsewhere."""

    kind: Kind
    sources: tuple[Source, ...]
    steps: tuple[Mapping[str, Any], ...]
    name: str = ""
    version: str | None = None
    description: str = ""
    files: Files | None = None

    @property
    def label(self) -> str:
        """How people call it: `name:version`, the name, or what it is made of."""
        if not self.name:
            return f"of {self.sources[0]}" + (" and more" if len(self.sources) > 1 else "")
        return self.name if self.version is None else f"{self.name}:{self.version}"

    @property
    def content_id(self) -> str:
        """An id that follows from the definition, for what is not registered."""
        said = json.dumps(self.to_json(), sort_keys=True).encode()
        return str(UUID(bytes=hashlib.sha256(said).digest()[:16], version=5))

    @property
    def reading(self) -> Mapping[str, Any]:
        """The step that says how files become rows."""
        return self.steps[0]

    @property
    def timestamps(self) -> tuple[str | None, str | None]:
        """The columns of exact and of rough times."""
        for step in reversed(self.steps):
            if step["do"] == "timestamps":
                return step.get("fine"), step.get("coarse")
        return None, None

    def then(self, **step: Any) -> Dataset:
        """The same with one step more; it is no version of any name any longer."""
        return replace(
            self, steps=(*self.steps, step), name="", version=None, description="", files=None
        )

    def with_version(self, version: str) -> Dataset:
        """The same definition as a version of its name."""
        return replace(self, version=version)

    def means(self, other: Dataset) -> bool:
        """Whether both define the same rows, whatever lies behind them."""
        return (self.kind, self.sources, [*self.steps]) == (
            other.kind, other.sources, [*other.steps],
        )  # fmt: skip

    def same_as(self, other: Dataset) -> bool:
        """Whether both define the same rows of the same files, whatever their versions."""
        digests = [each.files.digest if each.files else None for each in (self, other)]
        return self.means(other) and digests[0] == digests[1]

    def to_json(self) -> dict[str, Any]:
        """The JSON form, which `read` reads."""
        files = self.files
        told = None if files is None else {
            "count": files.count, "size": files.size, "digest": files.digest,
            "seen": files.seen, "changed": files.changed,
        }  # fmt: skip
        return {
            "name": self.name,
            "version": self.version,
            "kind": self.kind,
            "description": self.description,
            "sources": [{"datastore": each.datastore, "path": each.path} for each in self.sources],
            "steps": [dict(step) for step in self.steps],
            "files": told,
        }


def dataset_name(text: object) -> str:
    """Return `text` as the name of a data set, or raise Invalid.

    SDK v1 took spaces, and people have alphabets; what no folder can be called is refused.
    """
    name = unicodedata.normalize("NFC", text) if isinstance(text, str) else ""
    is_fit = (
        name == name.strip()
        and name[:1] not in ("", ".", "-")
        and not any(one in "/\\" or unicodedata.category(one)[0] == "C" for one in name)
        and len(name.encode()) <= _LONGEST_NAME
    )
    if not is_fit:
        shown = text[:80] if isinstance(text, str) else text
        raise Invalid(
            f"{shown!r} cannot be the name of a data set: use any letters, digits, spaces and "
            f"signs but '/' and '\\', not beginning with '.' or '-', at most {_LONGEST_NAME} bytes"
        )
    return name


def read(data: Any) -> Dataset:
    """Read the JSON form; raises Invalid that names what is wrong."""
    if not isinstance(data, Mapping):
        raise Invalid(f"data set: expected an object, got {type(data).__name__}")
    kind = data.get("kind")
    if kind not in KINDS:
        raise Invalid(f"data set: kind must be 'tabular' or 'file', not {kind!r}")
    name, version = data.get("name") or "", data.get("version")
    return Dataset(
        kind=kind,
        sources=_sources(data.get("sources")),
        steps=_steps(kind, data.get("steps")),
        name=dataset_name(name) if name else "",
        version=None if version is None else str(version),
        description=_text("description", data.get("description") or ""),
        files=_files(data.get("files")),
    )


def _sources(found: Any) -> tuple[Source, ...]:
    if not isinstance(found, Sequence) or isinstance(found, str) or not found:
        raise Invalid("data set: sources must be a list that names at least one path")
    if len(found) > _MOST_SOURCES:
        raise Invalid(f"data set: {len(found)} paths are more than {_MOST_SOURCES}: use a glob")
    return tuple(_source(each) for each in found)


def _source(found: Any) -> Source:
    if not isinstance(found, Mapping):
        raise Invalid("data set: each of its sources must be an object with a path")
    path, datastore = _text("path", found.get("path")), found.get("datastore")
    if "\0" in path:
        raise Invalid(f"data set: the path {path[:80]!r} holds a NUL")
    if datastore is None:
        return Source(path)
    # Looked at here, and not only where it is opened: it is stored, and shown to others.
    if ".." in path.replace("\\", "/").split("/"):
        raise Invalid(f"data set: the path {path[:80]!r} climbs out of its datastore")
    return Source(path.lstrip("/"), _text("datastore", datastore))


def _steps(kind: str, found: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(found, Sequence) or isinstance(found, str) or not found:
        raise Invalid("data set: steps must be a list that begins with how its files are read")
    if len(found) > _MOST_STEPS:
        raise Invalid(f"data set: {len(found)} steps are more than {_MOST_STEPS}")
    first = found[0] if isinstance(found[0], Mapping) else {}
    form = first.get("form")
    if first.get("do") != "read" or not isinstance(form, str) or form not in FORMS:
        raise Invalid(f"data set: the first step must read one of {', '.join(FORMS)}")
    if (form == "files") != (kind == "file") and not _is_written(found):
        raise Invalid(f"data set: a {kind} data set cannot be read as {form!r}")
    _only(first, FORMS[form] | {"do", "form"})
    return (dict(first), *(_step(each) for each in found[1:]))


def _is_written(found: Sequence[Any]) -> bool:
    """Whether rows become files again."""
    return isinstance(found[-1], Mapping) and any(
        isinstance(each, Mapping) and each.get("do") == "write" for each in found
    )


def _step(found: Any) -> Mapping[str, Any]:
    known = STEPS.get(str(found.get("do"))) if isinstance(found, Mapping) else None
    if known is None:
        raise Invalid(f"data set: {found!r:.80} is no step; there is: {', '.join(STEPS)}")
    _only(found, known | {"do"})
    match found["do"]:
        case "keep" | "drop":
            _texts("columns", found.get("columns"))
        case "filter":
            expression.check(found.get("where"))
        case "skip" | "take":
            count = found.get("count")
            if type(count) is not int or count < 0:
                raise Invalid(f"data set: count must be a whole number from 0 on, not {count!r}")
        case "sample" | "split":
            _random(found)
    return dict(found)


def _random(step: Mapping[str, Any]) -> None:
    for name in ("probability", "from", "to"):
        share: Any = step.get(name)
        if name in step and (type(share) not in (int, float) or not 0 <= share <= 1):
            raise Invalid(f"data set: {name} must be a number from 0 to 1, not {share!r}")
    if type(step.get("seed")) is not int:
        raise Invalid(f"data set: the seed must be a whole number, not {step.get('seed')!r}")


def _only(step: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in step:
        if key not in known:
            raise Invalid(f"data set: {key!r} is not known here{did_you_mean(str(key), known)}")


def _files(found: Any) -> Files | None:
    if found is None:
        return None
    try:
        return Files(
            count=int(found["count"]), size=int(found["size"]), digest=str(found["digest"]),
            seen=str(found["seen"]), changed=found.get("changed"),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Invalid("data set: files is not what the engine wrote") from None


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(f"data set: {name} must be a text, not {type(value).__name__}")
    return value


def _texts(name: str, value: Any) -> None:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise Invalid(f"data set: {name} must be a list of texts")


def read_label(text: str) -> tuple[str, str | None]:
    """Take `NAME` or `NAME:VERSION` apart; raises Invalid for what cannot be a name."""
    name, colon, version = text.rpartition(":")
    if colon and (version.isdecimal() or version == "latest"):
        return dataset_name(name), None if version == "latest" else version
    return dataset_name(text), None
