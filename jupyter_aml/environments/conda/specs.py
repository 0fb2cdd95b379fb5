"""Channels and requirements of a conda specification: what they may say, and how they read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from jupyter_aml.domain.environment import Conda
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments import requirements

DEFAULT_CHANNEL = "conda-forge"

_CHANNEL = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*", re.ASCII)
_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SPEC = re.compile(
    r"(?:(?P<channel>\S+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*"
    r"(?P<rest>[^\[\]]*?)\s*(?:\[(?P<keys>[^\[\]]*)\])?"
)
_KEY = re.compile(r"""\s*(\w+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^,'"]*))\s*(?:,|\Z)""")
_VERSION = re.compile(r"[\w.*+!<>=~,|()-]*", re.ASCII)
_BUILD = re.compile(r"[\w.*+-]*", re.ASCII)
_KEYS = ("version", "build", "build_number", "subdir", "md5", "sha256")
_TOKEN = re.compile(r"(/t/)[^/\s]+")


@dataclass(frozen=True, slots=True)
class Spec:
    """A conda requirement taken apart; `version` is as conda writes it, empty for any."""

    name: str
    version: str = ""
    build: str = ""
    channel: str = ""
    others: tuple[str, ...] = ()
    """What else it asks for, such as `subdir=noarch`."""


def check(conda: Conda, *, own: Iterable[str], allow_sources: bool) -> tuple[str, ...]:
    """Return the channels of a definition; raises Invalid naming what may not be asked for.

    A URL brings packages from elsewhere, as one in a requirement does: it is refused unless it
    is among `own`, the channels of this server, or `allow_sources`.
    """
    named = channels(conda.channels)
    required = (read(text).channel for text in conda.packages)
    if not allow_sources:
        _refuse_elsewhere((*named, *required), own)
    return named


def channels(wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the channels as names and URLs without doubles; raises Invalid for other text."""
    return tuple(dict.fromkeys(_channel(text) for text in wanted if text != "nodefaults"))


def spelled_out(names: Iterable[str]) -> tuple[str, ...]:
    """The channels with the URLs that `defaults` stands for, which only conda's clients know."""
    several = (_DEFAULTS if name == "defaults" else (name,) for name in names)
    return tuple(dict.fromkeys(url for urls in several for url in urls))


def masked(text: str) -> str:
    """The text with passwords and tokens of the URLs in it hidden."""
    return _TOKEN.sub(r"\1***", requirements.masked(text))


def read(text: str) -> Spec:
    """Take a requirement apart; raises Invalid for what is none or names a file or URL."""
    if any(ord(letter) < 32 for letter in text):
        raise Invalid(f"{text!r} is not a conda requirement: it holds a control character")
    found = _SPEC.fullmatch(text.strip())
    if found is None or "://" in text.partition("::")[2]:
        raise Invalid(f"{masked(text)!r} is not a conda requirement, such as numpy>=1.26")
    keys = _keys(found["keys"] or "", text)
    version, build = _version_and_build(found["rest"])
    version, build = keys.pop("version", version).replace(" ", ""), keys.pop("build", build)
    if not _VERSION.fullmatch(version) or not _BUILD.fullmatch(build):
        raise Invalid(f"{text!r} is not a conda requirement: {version or build!r} is no version")
    return Spec(
        name=found["name"].lower(),
        version=version,
        build=build,
        channel=_channel(found["channel"]) if found["channel"] else "",
        others=tuple(f"{key}={value}" for key, value in keys.items()),
    )


def _refuse_elsewhere(wanted: Iterable[str], own: Iterable[str]) -> None:
    taken = {channel.rstrip("/") for channel in own}
    for channel in wanted:
        if "://" in channel and channel.rstrip("/") not in taken:
            raise Invalid(
                f"the conda channel {masked(channel)} is none of AmlConfig.conda_channels; an "
                "administrator may add it there, or allow all by AmlConfig.allow_package_sources"
            )


def _channel(text: str) -> str:
    if any(ord(letter) < 33 for letter in text):
        raise Invalid(f"{masked(text)!r} is not a conda channel: it holds a space or control sign")
    if _CHANNEL.fullmatch(text):
        return text
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        raise Invalid(f"{masked(text)!r} is not a conda channel: it is no URL") from None
    if url.scheme == "file" and not host and url.path.startswith("/"):
        return text
    if (url.scheme == "https" and host) or (url.scheme == "http" and host in _LOCAL):
        return text
    raise Invalid(
        f"{masked(text)!r} is not a conda channel: give a name such as conda-forge, "
        "or a URL that begins with https:// or file:///"
    )


def _keys(text: str, whole: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    place = 0
    while place < len(text):
        found = _KEY.match(text, place)
        if found is None or found[1] not in _KEYS:
            raise Invalid(f"{whole!r}: in brackets a conda requirement may have {', '.join(_KEYS)}")
        keys[found[1]] = (found[2] or found[3] or found[4] or "").strip()
        place = found.end()
    return keys


def _version_and_build(text: str) -> tuple[str, str]:
    joined = re.sub(r"\s*([<>=!~,|]+)\s*", r"\1", text)
    version, _, build = joined.partition(" ")
    exact = re.fullmatch(r"(={0,2})([^=<>!~,|]+)=([^=]+)", version)
    if exact is not None and not build:
        # `=1.2=build` names the version to the letter, other than `=1.2` alone.
        return f"=={exact[2]}", exact[3]
    return version, build.strip()
