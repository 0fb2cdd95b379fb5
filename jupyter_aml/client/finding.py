"""The way to the engine: what the environment names, else the root's socket, else a new one."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from jupyter_aml.client.client import Client
from jupyter_aml.client.patience import SAY_AFTER, Silent, say
from jupyter_aml.client.transport import Address
from jupyter_aml.domain.errors import AmlError, Refused, StorageFailed, Unreachable
from jupyter_aml.domain.identity import is_of
from jupyter_aml.domain.inherited import PAGE
from jupyter_aml.runfolder import trust
from jupyter_aml.wire.protocol import WireStatus

_PATIENCE = 20.0
_LOOK = 0.02


def default_root() -> Path:
    """`AML_ROOT`, else the folder `aml` where Jupyter keeps its data."""
    given = os.environ.get("AML_ROOT")
    if given:
        return Path(given).expanduser().absolute()
    return _jupyter_data() / "aml"


def find(root: str | os.PathLike[str] | None = None) -> Client:
    """Return a client of the engine that holds the root, starting one where none does.

    Raises Unreachable with what the engine said last, or where it does not answer (its process is
    stopped, say), and StorageFailed for a root that cannot be used. Inside a run that was given a
    way (`AML_URL`, `AML_SOCKET`), it is that way. The client looks for the engine again, or
    starts it again, when it has gone meanwhile.
    """
    given = _from_environment() if root is None else None
    if given is not None and given.url is not None:
        return Client(given)
    place = default_root() if root is None else Path(root).absolute()
    return Client(given or _address(place), lambda: _address(place))


def _address(root: Path) -> Address:
    return _answering(root) or _start(root)


def running(root: str | os.PathLike[str] | None = None) -> Client | None:
    """Return a client of the engine that answers now, where one does; never starts one."""
    given = _from_environment() if root is None else None
    if given is not None:
        return Client(given)
    address = _answering(default_root() if root is None else Path(root).absolute())
    return None if address is None else Client(address)


def _from_environment() -> Address | None:
    url = os.environ.get("AML_URL")
    if url:
        return Address(url=url, token=os.environ.get("AML_TOKEN"))
    path = os.environ.get("AML_SOCKET")
    # An engine that has moved since is found by the root again.
    root = os.environ.get("AML_ROOT")
    address = Address(socket=path, root=root)
    told = _answer(address) if path else None
    if told is None or (root is not None and _is_another(told, Path(root))):
        return None
    return address


def _answering(root: Path) -> Address | None:
    """Where the engine is that the root names, if it answers."""
    try:
        told = json.loads((root / "engine.json").read_bytes())
        here = root.stat()
        said = is_of(told, here.st_dev, here.st_ino)
        socket = _moved(root, Path(told["socket"])) if said else str(told["socket"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if said is False:
        return None  # Of the root that this one was copied from.
    address = Address(socket=socket, root=str(root))
    answer = _answer(address)
    if answer is None or (said is None and _is_another(answer, root)):
        return None
    return address


def _moved(root: Path, socket: Path) -> str:
    """Where the socket of a root's engine is now: with the root, which may have been moved."""
    return str(root / socket.name if socket.name == "engine.sock" else socket)


def _is_another(told: WireStatus, root: Path) -> bool:
    """Whether an engine that answers holds another root than the one that is meant.

    In a container, which sees the socket alone, nobody can say.
    """
    try:
        return not os.path.samefile(told["root"], root.expanduser())
    except (OSError, KeyError):
        return False


def _answer(address: Address) -> WireStatus | None:
    """What the engine there says; raises Silent where one listens and says nothing."""
    client = Client(address, longest=_PATIENCE)
    try:
        return client.status()
    except (Silent, Refused):
        raise
    except AmlError:
        return None
    finally:
        client.close()


def _start(root: Path) -> Address:
    """Start an engine of its own session; of two started at once one finds the lock taken."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        trust.check_owner(root)
        log = open(root / "engine.log", "ab", opener=_no_link)  # noqa: SIM115
    except OSError as error:
        raise StorageFailed(
            f"cannot use the root {root}: {error.strerror}: {error.filename}; "
            "make it writable, or set AML_ROOT to another folder"
        ) from error
    with log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_aml.cli", "--root", str(root), "serve"],
            env=_clean(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # It outlives this process; should it end before, somebody must take its exit code.
    threading.Thread(target=process.wait, name="aml-engine", daemon=True).start()
    atexit.register(_let_go, process)
    return _wait(root, process)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Leave an engine that goes on to itself; Popen would warn of it at the very end."""
    if process.returncode is None:
        process.returncode = 0


def _wait(root: Path, process: subprocess.Popen[bytes]) -> Address:
    """Wait for its answer, as long as it comes on: one that opens a large root says how far it is.

    Raises Unreachable where it ended, or said nothing for too long.
    """
    begun = heard = time.monotonic()
    size, has_said = _size(root), False
    while time.monotonic() - heard < _PATIENCE:
        if not has_said and time.monotonic() - begun > SAY_AFTER:
            has_said = True
            say(f"waiting for the engine of {root} to start (process {process.pid})")
        address = _answering(root)
        if address is not None:
            return address
        if process.poll() not in (None, 0):
            raise Unreachable(f"the engine of {root} could not be started: {_last_line(root)}")
        if (now := _size(root)) != size:
            size, heard = now, time.monotonic()
        time.sleep(_LOOK)
    raise Unreachable(
        f"no engine answered for {root} within {_PATIENCE:g} s; see {root / 'engine.log'}"
    )


def _size(root: Path) -> int:
    try:
        return (root / "engine.log").stat().st_size
    except OSError:
        return 0


def _clean() -> dict[str, str]:
    """The variables of this process less those that speak of one run or one kernel."""
    of_a_run: tuple[str, ...] = ("AML_RUN_", "AML_ROOT_ID", "AML_ATTEMPT")
    if "AML_RUN_ID" in os.environ:
        of_a_run = (*of_a_run, "MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_")
    # The engine may outlive the Jupyter server whose page this process knows.
    left_out = (*of_a_run, PAGE, "AML_SOCKET", "AML_TOKEN", "AML_URL", "JPY_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def _last_line(root: Path) -> str:
    try:
        lines = (root / "engine.log").read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return "it left no log"
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _jupyter_data() -> Path:
    """Where Jupyter keeps its data, found without importing it."""
    given = os.environ.get("JUPYTER_DATA_DIR")
    if given:
        return Path(given).expanduser().absolute()
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Jupyter"
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else home / ".local" / "share") / "jupyter"
