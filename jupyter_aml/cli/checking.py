"""What `jupyter aml doctor` looks at: one function a check, each of which changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from jupyter_aml import containers
from jupyter_aml._version import __version__
from jupyter_aml.cli.checking_secrets import secrets
from jupyter_aml.cli.checking_vault import vault
from jupyter_aml.cli.finding import Finding
from jupyter_aml.client import running
from jupyter_aml.compute.proc import is_alive
from jupyter_aml.domain.errors import AmlError, Unreachable
from jupyter_aml.domain.identity import Origin
from jupyter_aml.engine import identity
from jupyter_aml.engine.settings import Settings
from jupyter_aml.environments.conda import client as conda_client
from jupyter_aml.server import holder
from jupyter_aml.store import schema
from jupyter_aml.widgets.plain import size

_NETWORK = ("nfs", "cifs", "smb", "afs", "fuse.sshfs", "lustre", "9p", "gpfs", "beegfs")
_LITTLE, _TOO_LITTLE = 5_000_000_000, 300_000_000
_PATIENCE = 3.0
_PYPI = "https://pypi.org/simple"


def root(settings: Settings) -> Finding:
    """The folder of runs is there, writable, and nobody else's to read."""
    path = settings.root
    if not path.exists():
        return Finding("root", "ok", f"{path} is not there yet; the first run makes it")
    if not path.is_dir():
        return Finding("root", "fail", f"{path} is no folder", "set AML_ROOT to a folder")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        mend = f"chown it to you, or set AML_ROOT to a folder of yours: {path}"
        return Finding("root", "fail", f"{path} cannot be written by you", mend)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        told = f"{path} can be entered by other users of this machine (mode {mode:04o})"
        return Finding("root", "warn", told, f"chmod 700 {path}")
    found, known = identity.identify(path)
    if found is Origin.COPIED:
        told = f"{path} is a copy of {known.copy_of}; the first engine makes it a root of its own"
        return Finding("root", "ok", told)
    told = "" if known.copy_of is None else f", once a copy of {known.copy_of}"
    return Finding("root", "ok", f"{path}{told}")


def filesystem(settings: Settings) -> Finding:
    """SQLite's locks cannot be relied on over a network."""
    path = _existing(settings.root)
    kind = _kind_of(path)
    on_network = kind is not None and kind.startswith(_NETWORK)
    if on_network and settings.database is None:
        mend = "jupyter aml config set database /a/local/folder/aml.db, or the URL of PostgreSQL"
        told = f"{path} lies on {kind}, and the database in it"
        return Finding("file system", "fail", told, mend)
    if on_network:
        return Finding("file system", "ok", f"{path} lies on {kind}, the database elsewhere")
    return Finding("file system", "ok", kind or "local")


def disk(settings: Settings) -> Finding:
    """There is room for runs."""
    free = shutil.disk_usage(_existing(settings.root)).free
    told = f"{size(free)} free"
    mend = "jupyter aml prune --older-than 30d --environments, or set AML_ROOT to a larger disk"
    if free < _TOO_LITTLE:
        return Finding("disk", "fail", told, mend)
    return Finding("disk", "warn", told, mend) if free < _LITTLE else Finding("disk", "ok", told)


def engine(settings: Settings) -> Finding:
    """Who holds the root answers, in this version."""
    held = holder.read(settings.root)
    try:
        client = running(settings.root)
    except Unreachable:
        client = None  # It is told below, with its process.
    if client is not None:
        with closing(client):
            told = client.status()
        said = f"process {told['pid']} ({told['kind']}, version {told['version']}) answers"
        if told["version"] != __version__:
            mend = "end it, or restart your Jupyter server; the next one is of this version"
            return Finding("engine", "warn", f"{said}; this is version {__version__}", mend)
        return Finding("engine", "ok", said)
    if held is not None and is_alive(held.pid, held.start):
        mend = f"see {settings.root / 'engine.log'}; if it hangs, end it: kill {held.pid}"
        return Finding("engine", "fail", f"{held} holds the root and does not answer", mend)
    if _is_locked(settings.root / "engine.lock"):
        mend = f"find it with: fuser {settings.root / 'engine.lock'}"
        return Finding("engine", "fail", "an unknown process holds the lock of the root", mend)
    left = ", the last one was ended hard; its runs are found again" if held is not None else ""
    return Finding("engine", "ok", f"none runs{left}; one is started when it is needed")


def database(settings: Settings) -> Finding:
    """The index can be read, and is none of a newer version."""
    if settings.database and "://" in settings.database:
        return Finding("database", "ok", "a server's; the engine says whether it can be reached")
    path = Path(settings.database or settings.root / "aml.db")
    if not path.exists():
        return Finding("database", "ok", f"{path} is not there yet; the engine makes it")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as opened:
            found = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        mend = f"move {path} away and run: jupyter aml reindex"
        return Finding("database", "fail", f"{path} cannot be read: {error}", mend)
    number = int(found[0]) if found and str(found[0]).isdecimal() else 0
    told = f"{path}, schema {number}"
    if number > schema.VERSION:
        mend = "pip install --upgrade jupyter-aml"
        return Finding("database", "fail", f"{told}; this version knows {schema.VERSION}", mend)
    return Finding("database", "ok", told)


def docker(settings: Settings) -> Finding:
    """Containers can be run."""
    try:
        client = containers.connect(settings.docker_url)
    except AmlError as error:
        return Finding("docker", "warn", f"no runs in containers: {error}")
    with closing(client):
        return Finding("docker", "ok", f"version {client.version().get('Version', 'unknown')}")


def uv(settings: Settings) -> Finding:
    """Environments of the Python index can be built."""
    try:
        from uv import find_uv_bin

        return Finding("uv", "ok", find_uv_bin())
    except (ImportError, FileNotFoundError):
        return Finding("uv", "fail", "no environments can be built", "pip install uv")


def conda(settings: Settings) -> Finding:
    """Conda environments can be built."""
    try:
        found = conda_client.find(settings.conda_client)
    except AmlError as error:
        return Finding("conda", "fail", str(error), "jupyter aml config set conda_client ''")
    if found is not None:
        return Finding("conda", "ok", found)
    try:
        return Finding("conda", "ok", f"py-rattler {version('py-rattler')}")
    except PackageNotFoundError:
        told = "no conda client: conda packages are taken from the Python index where it has them"
        return Finding("conda", "warn", told, "pip install 'jupyter-aml[conda]'")


def node(settings: Settings) -> Finding:
    """Node.js, which only a build of the extension from source needs."""
    found = shutil.which("node")
    told = found or "not there; only needed to build the extension from source"
    return Finding("node", "ok", told)


def index(settings: Settings) -> Finding:
    """The package index that is configured answers."""
    # Without the password, which an error would repeat: that somebody answers is enough.
    shown = _without_secret(_index_url())
    mend = "check the network and proxy, or set UV_DEFAULT_INDEX to the index of your house"
    try:
        request = urllib.request.Request(f"{shown.rstrip('/')}/pip/", method="HEAD")
        with urllib.request.urlopen(request, timeout=_PATIENCE):
            return Finding("package index", "ok", shown)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403, 407):
            # uv and pip may know a password that stands in no configuration file.
            return Finding("package index", "ok", f"{shown} answers, and asks for a password")
        return Finding("package index", "warn", f"{shown} answers {error.code}", mend)
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        return Finding("package index", "warn", f"{shown} does not answer: {why}", mend)


def lab(settings: Settings) -> Finding:
    """The extensions of server and page are there and enabled."""
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    if not any(Path(path, "jupyter-aml").is_dir() for path in jupyter_path("labextensions")):
        mend = f"{sys.executable} -m pip install --force-reinstall jupyter-aml"
        return Finding("lab extension", "fail", "it is not installed for this Python", mend)
    for path in jupyter_config_path():
        page = Path(path, "labconfig", "page_config.json")
        try:
            if re.search(r'"disabledExtensions".*"jupyter-aml"\s*(:\s*true|[,\]])',
                         page.read_text(encoding="utf-8"), re.DOTALL):  # fmt: skip
                mend = "jupyter labextension enable jupyter-aml"
                return Finding("lab extension", "fail", f"disabled in {page}", mend)
        except (OSError, UnicodeDecodeError):
            continue  # Not there, or not ours to judge.
    if not any(
        Path(path, "jupyter_server_config.d", "jupyter_aml.json").is_file()
        for path in jupyter_config_path()
    ):
        mend = "jupyter server extension enable jupyter_aml"
        return Finding("lab extension", "warn", "the server's part is not enabled", mend)
    return Finding("lab extension", "ok", "installed and enabled")


def alias(settings: Settings) -> Finding:
    """No real azureml stands in the way of ours."""
    try:
        real = version("azureml-core")
    except PackageNotFoundError:
        place = _azureml_of_others(settings.root)
        if place is None:
            return Finding("azureml", "ok", "`import azureml.core` means jupyter_aml")
        told = f"`import azureml` means {place}"
        mend = "take it away or rename it, or import jupyter_aml.sdk.core in place of azureml.core"
        return Finding("azureml", "warn", told, mend)
    told = f"azureml-core {real} is installed here: `import azureml.core` means that one"
    mend = "pip uninstall azureml-core, or import jupyter_aml.sdk.core in place of azureml.core"
    return Finding("azureml", "warn", told, mend)


def _azureml_of_others(root: Path) -> str | None:
    """A module or package `azureml` that goes before ours; runs of the root have a stand-in."""
    path = [entry for entry in sys.path if not Path(entry).resolve().is_relative_to(root.resolve())]
    found = PathFinder.find_spec("azureml", path)
    if found is None:
        return None
    if found.origin is not None:
        return found.origin
    # A mere folder of that name does not count.
    places = found.submodule_search_locations or ()
    return next((place for place in places if any(Path(place).rglob("*.py"))), None)


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    root, filesystem, disk, engine, database, secrets, vault, docker, uv, conda, node, index, lab,
    alias,
)  # fmt: skip


# ---- the machine ----------------------------------------------------------------------------


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _kind_of(path: Path) -> str | None:
    """The kind of file system at a path; None where the system does not tell."""
    try:
        rows = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    best, kind = "", None
    for place, found in (row.split()[1:3] for row in rows):
        place = place.replace("\\040", " ")
        if path.resolve().is_relative_to(place) and len(place) >= len(best):
            best, kind = place, found
    return kind


def _is_locked(path: Path) -> bool:
    import fcntl

    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _index_url() -> str:
    from jupyter_aml.environments.pip import settings as pip_settings

    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if os.environ.get(name):
            # uv lets an index have a name: `house=https://...`.
            return re.sub(r"^[\w.-]+=(?=https?:)", "", os.environ[name])
    return next(iter(pip_settings.told("index-url")), _PYPI)


def _without_secret(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
