"""Lets an interpreter wait for its script, with what that is going to import imported already.

Copied beside `start.py`, which calls it where the shim has started an interpreter ahead of its run:
so it waits within its own start, and what comes after is Python's own way of running a script. It
imports nothing of this package by name and runs on Python 3.10. Whatever it cannot vouch for it
refuses, by its end: the shim then starts the script anew.

    shim -> here   how many names differ from run to run, these names, import statements
    here -> shim   "ready", how many of the statements were taken, pid; or "unfit", how many might
                   be taken if no more are given, and why
    shim -> here   how many words, the command, working folder, log, NAME=VALUE...
    here -> shim   "set", seconds of user and system; or "unfit", -1 and why
    shim -> here   one byte: go

Each message is its length in eight bytes and fields that end with a zero byte.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

WORD = "AML_WARM"
"""Holds the two descriptors, and room for the variables that `ps` shall show."""

_PR_SET_MM, _PR_SET_MM_MAP = 35, 14
_HARMLESS = ("distutils-precedence.pth", "_virtualenv.pth")
"""Files with code that is run at the start of Python and asks for nothing of a run."""


class Unfit(Exception):
    """Why the script must be started anew."""

    taken = -1
    """How many imports might be made ahead nevertheless; -1 for none, and not even to wait."""


def wait(known: set[str]) -> None:
    """Return as the interpreter of a run whose script begins next; else end this process.

    `known` are the modules from before this one, which leaves no other behind.
    """
    for name in set(sys.modules) - known:
        del sys.modules[name]
    word = os.environ.pop(WORD)
    source, sink = (int(number) for number in word.split(",")[:2])
    try:
        ahead = _Ahead(_message(source), known)
        _answer(sink, "ready", str(ahead.taken), str(os.getpid()))
        ahead.take_on(_message(source), sink)
    except BaseException as error:
        why = str(error) if isinstance(error, Unfit) else f"{type(error).__name__}: {error}"
        _answer(sink, "unfit", str(getattr(error, "taken", -1)), why)
        os._exit(0)
    if os.read(source, 1) != b"g":
        os._exit(0)
    os.close(source)
    os.close(sink)


class _Ahead:
    """What was imported before the run came, and on what that depends."""

    def __init__(self, told: list[str], known: set[str]) -> None:
        count = int(told[0])
        self._differing, statements = frozenset(told[1 : count + 1]), told[count + 1 :]
        _need_plain_start()
        self._own = _Own()
        self._variables = dict(os.environ)
        self._path = list(sys.path)
        self._known = known | set(sys.modules)
        self._places = tuple(f"{place}{os.sep}" for place in _places())
        self.taken = 0
        self._captured: list[tuple[Any, str]] = []
        self._changes: dict[str, str] = {}
        self._import(statements)
        self._stamps = dict(_stamps(self._new()))

    def take_on(self, told: list[str], sink: int) -> None:
        """Be as if started with that command, in that folder, with those variables."""
        count = int(told[0])
        command, (cwd, log), pairs = (
            told[1 : count + 1],
            told[count + 1 : count + 3],
            told[count + 3 :],
        )
        self._check_variables(dict(pair.split("=", 1) for pair in pairs))
        os.chdir(cwd)
        self._check_shadows(command[1])
        if any(_stamp(path) != stamp for path, stamp in self._stamps.items()):
            raise Unfit("what was imported has changed since")
        fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        os.close(fd)
        for name, value in (pair.split("=", 1) for pair in pairs):
            if name in self._differing:
                os.environ[name] = value
        first = 3 if command[1] == "-m" else 2
        sys.argv[1:] = command[first:]
        sys.orig_argv[:] = command
        for module, name in self._captured:
            setattr(module, name, os.getcwd())
        _begin_clock()
        self._own.move_script()
        self._own.show(command, pairs)
        _forget_peak()
        _answer(sink, "set", *_used())

    def _import(self, statements: list[str]) -> None:
        """Execute them, up to the first whose module is not installed."""
        main, argv, sys.argv = sys.modules["__main__"], sys.argv, _Arguments(sys.argv)
        # The type of the one object that all modules share: what they ask for is noted.
        os.environ.__class__ = _Variables
        main.__class__ = _Main
        try:
            # The names of warnings and of frames are as if the script itself imported them.
            names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
            for statement in statements:
                if not self._is_installed(statement.split()[1].partition(".")[0]):
                    break
                exec(compile(statement, "<ahead>", "exec", dont_inherit=True), names)
                self._check()
                self.taken += 1
        except BaseException as error:
            why = Unfit(str(error) if isinstance(error, Unfit) else f"{statement}: {error!r}")
            why.taken = self.taken
            raise why from None
        finally:
            main.__class__ = type(sys)
            os.environ.__class__ = os._Environ
            sys.argv = argv

    def _is_installed(self, name: str) -> bool:
        """Whether a module comes with Python, from its packages or from us, and no other way."""
        if name in sys.builtin_module_names:
            return True
        for finder in sys.meta_path:
            find_spec = getattr(finder, "find_spec", None)
            spec = None if find_spec is None else find_spec(name, None)
            if spec is not None:
                return spec.origin == "frozen" or self._is_inside(spec.origin)
        return False

    def _is_inside(self, origin: str | None) -> bool:
        return origin is not None and origin.startswith(self._places)

    def _new(self) -> list[str]:
        return [name for name in list(sys.modules) if name not in self._known]

    def _check(self) -> None:
        """Raise Unfit where an import has left more than modules."""
        if _Arguments.is_asked or _Main.is_asked:
            raise Unfit("an import asks for the arguments or for the script")
        asked = _Variables.asked & self._differing
        if asked:
            raise Unfit(f"an import asks for {', '.join(sorted(asked))}")
        if sys.path != self._path:
            raise Unfit("an import changes the path")
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if os.fstat(1).st_size:
            raise Unfit("an import prints something")
        if len(sys._current_frames()) > 1:
            raise Unfit("an import starts a thread")
        for name in self._new():
            spec = getattr(sys.modules[name], "__spec__", None)
            origin = getattr(spec, "origin", None)
            if origin not in (None, "built-in", "frozen") and not self._is_inside(origin):
                raise Unfit(f"{name} is installed elsewhere: {origin}")
        self._captured = list(self._of_folder())
        self._check_changes()

    def _check_changes(self) -> None:
        # Not asked for one by one: that is noted.
        raw: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]
        now = {os.fsdecode(name): os.fsdecode(value) for name, value in raw.items()}
        self._changes = {name: now[name] for name in now if self._variables.get(name) != now[name]}
        if self._variables.keys() - now.keys() or self._changes.keys() & self._differing:
            raise Unfit("an import changes variables of the run")

    def _of_folder(self) -> Iterator[tuple[Any, str]]:
        """The names of modules that are the working folder; raises Unfit for what is made of it."""
        here = os.getcwd()
        for name in self._new():
            module = sys.modules[name]
            for key, value in list(getattr(module, "__dict__", {}).items()):
                is_path = type(value) is str or type(value).__module__ == "pathlib"
                if is_path and here in str(value):
                    if value != here:
                        raise Unfit(f"{name}.{key} holds the working folder")
                    yield module, key

    def _check_variables(self, variables: dict[str, str]) -> None:
        if list(variables) != list(self._variables):
            raise Unfit("the run has other variables")
        for name, value in variables.items():
            if name not in self._differing and self._variables[name] != value:
                raise Unfit(f"{name} has another value")

    def _check_shadows(self, script: str) -> None:
        """Raise Unfit where the folder of the script has a module of a name that was imported."""
        folder = "." if script == "-m" else os.path.dirname(os.path.realpath(script))
        taken = {name.partition(".")[0] for name in self._new()}
        for name in os.listdir(folder):
            stem = name.partition(".")[0]
            if stem in taken or name.endswith((".dist-info", ".egg-info", ".egg-link")):
                raise Unfit(f"{name} stands before what was imported")


class _Variables(os._Environ):  # type: ignore[type-arg]
    """The variables, which note what they are asked for."""

    asked: set[str] = set()  # noqa: RUF012

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)  # type: ignore[no-any-return]


class _Main(type(sys)):  # type: ignore[misc]
    """The main module, which notes that somebody asks what it is."""

    is_asked = False

    def __getattribute__(self, name: str) -> Any:
        if name not in ("__class__", "__dict__"):
            _Main.is_asked = True
        return super().__getattribute__(name)


class _Arguments(list):  # type: ignore[type-arg]
    """The arguments, which note that somebody reads them."""

    is_asked = False

    def __getitem__(self, index: Any) -> Any:
        _Arguments.is_asked = True
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[Any]:
        _Arguments.is_asked = True
        return super().__iter__()


class _Own:
    """What this process cannot say of itself by plain means: its memory, and what `ps` shows."""

    def __init__(self) -> None:
        before = set(sys.modules)
        import ctypes

        # Who imports these later has them of its own.
        for name in set(sys.modules) - before:
            del sys.modules[name]
        self._c, self._python = ctypes.CDLL(None), ctypes.pythonapi
        self._c.sbrk.restype = self._python._Py_GetConfig.restype = ctypes.c_void_p
        self._number, self._small = ctypes.c_ulong, ctypes.c_int
        fields = _fields()
        # Numbered as the system does; the first one here is its third.
        self._code = [int(fields[number - 3]) for number in (26, 27, 45, 46, 47)]
        self._stack, begin = int(fields[28 - 3]), int(fields[50 - 3])
        with open("/proc/self/environ", "rb") as file:
            variables = b"\0" + file.read()
        before_it, found, rest = variables.partition(f"\0{WORD}=".encode())
        if not found:
            raise Unfit("its own variables cannot be seen")
        self._room_at, self._room = begin + len(before_it), rest.find(b"\0")
        self._set(*(int(fields[number - 3]) for number in (48, 49, 50, 51)))
        self._script_at, self._script = self._find_script() if sys.argv[0] != "-m" else (0, "")

    def move_script(self) -> None:
        """Let Python look for its script in the working folder; that is where it was started."""
        if self._script_at:
            now, room = (
                _wide(f"{os.getcwd()}/{self._script}"),
                len(_wide(self._here + self._script)),
            )
            if len(now) > room:
                raise Unfit("the path of the script is too long")
            self._write(self._script_at, now)

    def show(self, command: list[str], pairs: list[str]) -> None:
        """Have the system show this command line and these variables."""
        words, variables = (
            b"".join(os.fsencode(each) + b"\0" for each in some) for some in (command, pairs)
        )
        if len(words) + len(variables) > self._room:
            raise Unfit("its command and variables are too long")
        self._write(self._room_at, words + variables)
        middle = self._room_at + len(words)
        self._set(self._room_at, middle, middle, middle + len(variables))

    def _find_script(self) -> tuple[int, str]:
        """Where Python keeps the path that it made of the script, and its part below this folder.

        It is one of the texts to which Python's own configuration points.
        """
        self._here = f"{os.getcwd()}/"
        config, size = self._python._Py_GetConfig(), 8
        wanted = _wide(self._here + sys.argv[0].removeprefix("./"))
        pointers = self._read(config, 1024)
        for at in range(0, len(pointers) - size + 1, size):
            place = int.from_bytes(pointers[at : at + size], sys.byteorder)
            if place and self._read(place, len(wanted)) == wanted:
                return place, sys.argv[0].removeprefix("./")
        raise Unfit("this Python does not show where it keeps the name of its script")

    def _set(self, *places: int) -> None:
        numbers = (*self._code, self._c.sbrk(0), self._stack, *places, 0)
        asked = b"".join(number.to_bytes(8, sys.byteorder) for number in numbers)
        asked += (0).to_bytes(4, sys.byteorder) + b"\xff" * 4
        words = map(self._number, (_PR_SET_MM_MAP, len(asked), 0))
        which, size, rest = words
        if self._c.prctl(self._small(_PR_SET_MM), which, asked, size, rest):
            raise Unfit("this system does not let a process change what ps shows of it")

    def _read(self, place: int, size: int) -> bytes:
        """Some of the own memory; less where there is none."""
        fd = os.open("/proc/self/mem", os.O_RDONLY)
        try:
            return os.pread(fd, size, place)
        except (OSError, OverflowError):
            return b""
        finally:
            os.close(fd)

    def _write(self, place: int, data: bytes) -> None:
        fd = os.open("/proc/self/mem", os.O_RDWR)
        try:
            os.pwrite(fd, data, place)
        finally:
            os.close(fd)


def _fields() -> list[bytes]:
    with open("/proc/self/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()


def _wide(text: str) -> bytes:
    """A text as C keeps it, with its end."""
    return b"".join(ord(letter).to_bytes(4, sys.byteorder) for letter in f"{text}\0")


def _need_plain_start() -> None:
    """Raise Unfit where more than packages has a say in how Python starts."""
    if sys.implementation.name != "cpython" or sys.platform != "linux":
        raise Unfit("only CPython on Linux waits")
    site = sys.modules["site"]
    if site.ENABLE_USER_SITE and any(
        os.path.exists(f"{place}/usercustomize.py") for place in sys.path
    ):
        raise Unfit("there is a usercustomize, which comes later")
    for place in _site_folders():
        for name in os.listdir(place) if os.path.isdir(place) else ():
            if name.endswith(".pth") and name not in _HARMLESS and "-nspkg" not in name:
                with open(f"{place}/{name}", "rb") as file:
                    lines = file.read().splitlines()
                if any(line.startswith((b"import ", b"import\t")) for line in lines):
                    raise Unfit(f"{name} is run when Python starts")


def _site_folders() -> list[str]:
    site = sys.modules["site"]
    own = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [*site.getsitepackages(), *own]


def _places() -> Iterator[str]:
    """The folders of Python's own modules, of its packages and of what we bring."""
    here = os.path.dirname(os.path.abspath(__file__))
    library = os.path.dirname(os.path.abspath(os.__file__))
    yield from (here, os.path.join(os.path.dirname(here), "lib"), library, *_site_folders())
    yield os.path.join(sys.base_exec_prefix, "lib", os.path.basename(library))


def _stamps(modules: Iterable[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """By what is seen whether modules, packages or Python itself have changed."""
    paths = {os.path.realpath(sys.executable), os.path.join(sys.prefix, "pyvenv.cfg"), *sys.path}
    for place in _site_folders():
        names = os.listdir(place) if os.path.isdir(place) else []
        paths.update(os.path.join(place, name) for name in names if name.endswith(".pth"))
    for name in modules:
        spec = getattr(sys.modules[name], "__spec__", None)
        origin = getattr(spec, "origin", None)
        if origin not in (None, "built-in", "frozen"):
            paths.add(origin)
    for path in paths:
        yield path, _stamp(path)


def _stamp(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _used() -> tuple[str, str]:
    """Seconds of user and system so far, the sum of them exactly."""
    times, time = os.times(), sys.modules.get("time")
    total = times.user + times.system if time is None else time.process_time()
    return repr(max(0.0, total - times.system)), repr(times.system)


def _begin_clock() -> None:
    """Let the times that logging tells count from now on."""
    logging: Any = sys.modules.get("logging")
    time = sys.modules.get("time")
    if logging is not None and time is not None:
        is_whole = isinstance(logging._startTime, int)
        logging._startTime = time.time_ns() if is_whole else time.time()


def _forget_peak() -> None:
    """Let the peak of memory count from now on, where the system can."""
    try:
        with open("/proc/self/clear_refs", "wb") as file:
            file.write(b"5")
    except OSError:
        pass


def _message(source: int) -> list[str]:
    """The next message; without one, the end."""
    size = int.from_bytes(_read(source, 8), "big")
    return [os.fsdecode(field) for field in _read(source, size).split(b"\0")[:-1]]


def _read(source: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(source, size - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


def _answer(sink: int, *fields: str) -> None:
    data = b"".join(os.fsencode(field) + b"\0" for field in fields)
    try:
        os.write(sink, len(data).to_bytes(8, "big") + data)
    except OSError:
        os._exit(0)
