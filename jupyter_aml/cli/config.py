"""`jupyter aml config`: the settings, where each comes from, and one of them written."""

from __future__ import annotations

import argparse
import ast
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import (
    ConfigFileNotFound,
    JSONFileConfigLoader,
    PyFileConfigLoader,
)

from jupyter_aml.cli import asking, codes
from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.domain.near import near
from jupyter_aml.sdk._core.files import json_of
from jupyter_aml.server.config import AmlConfig
from jupyter_aml.server.headless import CONFIG_FILES, HeadlessApp

_SECTION = "AmlConfig"
_OWN = "jupyter_aml_config.json"
_HEADS = ("Setting", "Value", "From")
_DEFAULT = "default"
_EPILOG = """\
  jupyter aml config
  jupyter aml config get max_runs
  jupyter aml config set max_runs 4

What is set reaches an engine when it is started the next time.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.usage = "%(prog)s [--json] [get NAME | set NAME VALUE]"
    parser.epilog = _EPILOG
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("words", nargs="*", metavar="get NAME | set NAME VALUE")
    parser.set_defaults(parser=parser, several="words")


def run(args: argparse.Namespace) -> int:
    """List all, print one, or write one."""
    words: list[str] = args.words
    match words:
        case []:
            return _list(args)
        case ["get", name]:
            each = settings(given_root=args.root)[known(name)]
            asking.answer(args, each, str(each["value"]))
        case ["set", name, text]:
            path = write(known(name), text)
            asking.answer(args, {"file": str(path)}, f"{name} is written to {path}")
        case _:
            args.parser.error("say `get NAME`, `set NAME VALUE`, or nothing for a list")
    return codes.DONE


def _list(args: argparse.Namespace) -> int:
    found, mistakes = settings(given_root=args.root), unknown()
    rows = [[name, str(each["value"]), each["from"]] for name, each in found.items()]
    if args.json:
        asking.answer(args, {"settings": found, "mistakes": mistakes}, "")
    else:
        asking.answer(args, found, asking.table(_HEADS, rows, ""))
        for mistake in mistakes:
            asking.tell(f"warning: {mistake}")
    return codes.DONE


def settings(*, given_root: str | None = None) -> dict[str, dict[str, Any]]:
    """Every setting: value, default, whence it comes, what it is for; raises Invalid."""
    said: dict[str, tuple[Any, str]] = {}
    for path, section in files():
        said.update({name: (value, path) for name, value in section.items()})
    plain = AmlConfig()
    found: dict[str, dict[str, Any]] = {}
    for name, trait in AmlConfig.class_traits(config=True).items():
        default = getattr(plain, name)
        value, whence = said.get(name, (default, _DEFAULT))
        if name == "root" and whence == _DEFAULT and os.environ.get("AML_ROOT"):
            whence = "--root" if given_root else "AML_ROOT"
        # A file of Python may hold what is not text, number or truth.
        shown = value if isinstance(value, str | int | float | bool) else str(value)
        found[name] = {"value": shown, "default": default, "from": whence, "help": trait.help}
    return found


def files() -> list[tuple[str, Mapping[str, Any]]]:
    """What each configuration file says of jupyter_aml, the last word last."""
    found = []
    for name in CONFIG_FILES:
        for folder in reversed(HeadlessApp().config_file_paths):
            for loader in (PyFileConfigLoader, JSONFileConfigLoader):
                suffix = "py" if loader is PyFileConfigLoader else "json"
                path = Path(folder, f"{name}.{suffix}")
                section = _section(loader(path.name, path=str(path.parent)), path)
                if section:
                    found.append((str(path), section))
    return found


def _section(loader: Any, path: Path) -> Mapping[str, Any]:
    try:
        config: Config = loader.load_config()
    except ConfigFileNotFound:
        return {}
    except Exception as error:
        # A file of Python may raise whatever it likes.
        raise Invalid(f"{path} cannot be read: {type(error).__name__}: {error}") from None
    section: Mapping[str, Any] = config.get(_SECTION, {})
    return section


def unknown() -> list[str]:
    """Names in configuration files that are no settings, each as a sentence."""
    told = []
    for path, section in files():
        for name in section:
            if name not in AmlConfig.class_traits(config=True):
                told.append(f"{path}: there is no setting {_SECTION}.{name}{_near(name)}")
    return told


def known(name: str) -> str:
    """The name of a setting, with or without `AmlConfig.`; raises Invalid."""
    short = name.removeprefix(f"{_SECTION}.")
    if short not in AmlConfig.class_traits(config=True):
        raise Invalid(f"there is no setting {name!r}{_near(short)}")
    return short


def write(name: str, text: str) -> Path:
    """Set it in the user's own file, whole or not at all; raises Invalid for a wrong value."""
    value = _value(name, text)
    path = Path(HeadlessApp().config_dir) / _OWN
    try:
        held = json_of(path) if path.exists() else {}
        if not isinstance(held, dict) or not isinstance(held.get(_SECTION, {}), dict):
            raise ValueError("expected an object")
    except (Invalid, ValueError) as error:
        raise Invalid(f"{path} cannot be read, and is left as it is: {error}") from None
    held.setdefault(_SECTION, {})[name] = value
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A database's URL may hold a password.
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(held, file, indent=2)
        unfinished.replace(path)
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _value(name: str, text: str) -> Any:
    default = getattr(AmlConfig(), name)
    value: Any = text
    if not isinstance(default, str):
        try:
            value = ast.literal_eval(
                text.strip().capitalize() if default in (True, False) else text
            )
        except (ValueError, SyntaxError):
            value = text
    try:
        AmlConfig(**{name: value}).settings()
    except TraitError as error:
        raise Invalid(str(error)) from None
    return value


def _near(name: str) -> str:
    close = near(name, AmlConfig.class_traits(config=True), 2)
    return f"; did you mean {' or '.join(close)}?" if close else " (jupyter aml config lists all)"
