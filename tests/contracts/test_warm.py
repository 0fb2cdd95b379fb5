"""A run that was handed to a waiting interpreter is like one that was started: case by case."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import BackendJob, Handle, Phase, Sighting
from jupyter_aml.domain import inherited
from jupyter_aml.runtime.runtime import ensure_runtime
from jupyter_aml.testing.compute_contracts import see, within

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="interpreters wait on Linux alone")

_NEVER = threading.Event()


@dataclass(frozen=True)
class Case:
    """A script, and what else its run has."""

    script: str
    files: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = "main.py"
    fields: Mapping[str, Any] = field(default_factory=dict)
    stop: bool = False
    """Stop it once it has said "here"."""


@dataclass(frozen=True)
class Outcome:
    """What is to be seen of a run from outside."""

    log: str
    end: Sighting
    files: Mapping[str, str]


class Bench:
    """Runs cases on one backend."""

    def __init__(self, folder: Path) -> None:
        self.backend, self._folder = LocalBackend(warm=2), folder
        self._path = os.pathsep.join(map(str, ensure_runtime(folder).pythonpath))
        self.python = sys.executable

    def job(self, case: Case) -> BackendJob:
        """A run of its own."""
        run = uuid4().hex
        folder = self._folder / "runs" / run
        for name, text in {case.name: case.script, **case.files}.items():
            path = folder / "work" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        own = {
            **inherited.by_script(os.environ),
            "AML_RUN_DIR": str(folder),
            "AML_RUN_ID": run,
            "AML_ATTEMPT": "1",
            "PYTHONPATH": self._path,
            "PYTHONUNBUFFERED": "1",
            "MPLBACKEND": "Agg",
        }
        command = (self.python, case.name, *case.arguments)
        values: dict[str, Any] = {
            "id": f"{run}.1", "attempt": 1, "folder": folder, "cwd": folder / "work",
            "command": command, "interpreter": self.python,
            "environment": {**own, **case.variables}, "grace": timedelta(seconds=5),
        }  # fmt: skip
        return BackendJob(**{**values, **case.fields})

    def run(self, case: Case) -> tuple[Outcome, tuple[int, int]]:
        """Run it to its end; returns also the pids of shim and script."""
        job = self.job(case)
        return within(self._run(job, stop=case.stop))

    async def _run(self, job: BackendJob, *, stop: bool) -> tuple[Outcome, tuple[int, int]]:
        handle = await self.backend.submit(job)
        if stop:
            async for piece in self.backend.logs(handle):
                if b"here" in piece:
                    break
            await self.backend.stop(handle, grace=timedelta(seconds=1))
        end = await see(self.backend, handle, Phase.GONE)
        await self.backend.forget(handle)
        return _outcome(job, end), _pids(handle)

    def waits_for(self, case: Case) -> tuple[int, int]:
        """The pids of shim and interpreter that wait for such a run."""
        job = self.job(case)
        until(lambda: self.backend.warm.waiting(job) is not None)
        found = self.backend.warm.waiting(job)
        assert found is not None
        return found

    def both(self, case: Case) -> tuple[Outcome, Outcome]:
        """The outcome as it is started, and as it is handed over."""
        cold, _ = self.run(case)
        waiting = self.waits_for(case)
        warm, pids = self.run(case)
        assert pids == waiting
        return cold, warm


def _outcome(job: BackendJob, end: Sighting) -> Outcome:
    run, work = job.folder.name, job.folder / "work"
    files = {
        str(path.relative_to(work)): path.read_text().replace(run, "RUN")
        for path in sorted(work.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    log = (job.folder / "logs" / "std_log.txt").read_text()
    return Outcome(log.replace(run, "RUN"), end, files)


def _pids(handle: Handle) -> tuple[int, int]:
    record = json.loads(Path(handle.data["status"], "pids.1").read_text())
    return record["shim"], record["child"]


def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, with a time limit."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit, "this did not come about within 60 s"
        _NEVER.wait(0.01)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jupyter_aml.compute.warm._CALM", 0.0)
        made = Bench(tmp_path_factory.mktemp("warm"))
        yield made
        made.backend.close()


FACTS = """
import sys, os
import json
before = sorted(os.listdir('/proc/self/fd'))
import builtins, signal, resource, locale, threading, subprocess, gc, warnings, time
main = sys.modules['__main__']
read = lambda name: open('/proc/self/' + name, 'rb').read().decode()
stat = read('stat').rpartition(')')[2].split()
def stream(each):
    return [each.encoding, each.errors, each.line_buffering, each.write_through, each.mode,
            each.fileno(), each.isatty(), type(each.buffer).__name__, each.name, each.newlines]
facts = {
    'argv': sys.argv, 'orig_argv': sys.orig_argv, 'path': sys.path, 'flags': str(sys.flags),
    'executable': sys.executable, 'prefix': [sys.prefix, sys.base_prefix, sys.exec_prefix],
    'file': __file__, 'name': __name__, 'spec': repr(__spec__), 'package': repr(__package__),
    'cached': repr(globals().get('__cached__')), 'doc': __doc__,
    'loader': type(__loader__).__name__, 'builtins': __builtins__ is builtins,
    'names': sorted(set(vars(main))), 'main': main.__dict__ is globals(),
    'main type': [type(main).__name__, type(main).__module__],
    'environ': list(os.environ.items()), 'environ type': repr(type(os.environ)),
    'seen': read('environ').split('\\0'), 'line': read('cmdline').split('\\0'),
    'title': read('comm'), 'cwd': os.getcwd(), 'stdin': [sys.stdin.read(), stream(sys.stdin)],
    'stdout': stream(sys.stdout), 'stderr': stream(sys.stderr), 'fds': before,
    'fd links': [os.readlink('/proc/self/fd/' + n) for n in '012'],
    'umask': os.umask(0o22), 'nice': os.nice(0), 'policy': os.sched_getscheduler(0),
    'limits': [resource.getrlimit(n) for n in range(16)],
    'handlers': [repr(signal.getsignal(n)) for n in sorted(signal.valid_signals())],
    'mask': repr(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    'leads': [os.getpid() == os.getsid(0), os.getpid() == os.getpgrp()],
    'parent': open('/proc/%d/comm' % os.getppid()).read(), 'oom': read('oom_score_adj'),
    'locale': [locale.getlocale(), locale.getpreferredencoding()],
    'fs': [sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()],
    'threads': [t.name for t in threading.enumerate()],
    'os threads': len(os.listdir('/proc/self/task')),
    'gc': [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()],
    'warnings': [str(f) for f in warnings.filters], 'recursion': sys.getrecursionlimit(),
    'hooks': [sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__,
              sys.gettrace() is None, sys.getprofile() is None,
              sys.unraisablehook is sys.__unraisablehook__],
    'meta': [type(f).__name__ if not isinstance(f, type) else f.__name__ for f in sys.meta_path],
    'frames': [sys._getframe().f_back is None, sys._getframe().f_code.co_filename],
    'child': subprocess.run([sys.executable, '-c', 'import os, sys; print(list(os.environ.items()),'
        'sys.path, os.getcwd(), sorted(os.listdir("/proc/self/fd")))'], capture_output=True,
        text=True).stdout,
    'env': subprocess.run(['/usr/bin/env'], capture_output=True, text=True).stdout,
    'modules': sorted(sys.modules), 'affinity': sorted(os.sched_getaffinity(0)),
    'tracing': 'tracemalloc' in sys.modules, 'stack': sys.flags.dev_mode,
}
for name, fact in facts.items():
    print(name, json.dumps(fact))
"""

CASES = {
    "facts": Case(FACTS, arguments=("--x", "a b", "", "ü=1", "*")),
    "facts with a variable": Case(FACTS, variables={"MY_NAME": "1", "OMP_NUM_THREADS": "1"}),
    "facts of a script in a folder": Case(FACTS, name="src/train.py"),
    "facts with buffers": Case(FACTS, variables={"PYTHONUNBUFFERED": ""}),
    "facts in another locale": Case(FACTS, variables={"LC_ALL": "C", "PYTHONUTF8": "0"}),
    "nothing": Case(""),
    "exit with a number": Case("import sys\nsys.exit(7)"),
    "exit with a text": Case("import sys\nsys.exit('that was it')"),
    "exit without a word": Case("raise SystemExit"),
    "exit at once": Case("import os\nprint('x')\nos._exit(9)"),
    "an exception": Case("import json\ndef f():\n    json.loads('{')\nf()\n"),
    "an exception with a cause": Case(
        "def f():\n    try:\n        1 / 0\n    except ZeroDivisionError as e:\n"
        "        raise ValueError('ü') from e\nf()"
    ),
    "an error of syntax": Case("import json\nif True\n    pass\n"),
    "bytes that are no text": Case("import json\nx = '\x00'\n"),
    "an import that fails": Case("import json\nimport no_such_module_of_ours\n"),
    "the stack": Case(
        "import traceback, sys, inspect, faulthandler\ntraceback.print_stack()\n"
        "print(len(inspect.stack()))\nfaulthandler.dump_traceback(all_threads=False)\n"
    ),
    "warnings": Case(
        "import warnings\nwarnings.warn('one')\nwarnings.warn('two', DeprecationWarning)\n"
        "def f():\n    warnings.warn('three', stacklevel=5)\nf()\n"
    ),
    "order at the end": Case(
        "import atexit, logging, threading, time\natexit.register(print, 'first')\n"
        "atexit.register(print, 'second')\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()\n"
        "class A:\n    def __del__(self): print('deleted')\na = A()\nprint('end')\n"
    ),
    "logging": Case(
        "import logging\nprint(logging.root.handlers, logging.root.level)\n"
        "logging.warning('plain')\nlogging.basicConfig(level=10, force=True, "
        "format='%(message)s %(filename)s %(lineno)d %(process)d'.replace('%(process)d', ''))\n"
        "logging.info('told')\nr = logging.LogRecord('a', 10, 'b', 1, 'c', (), None)\n"
        "print(r.relativeCreated < 5000)\n"
    ),
    "stopped": Case(
        "import signal, sys, time\nprint('here')\ntime.sleep(60)\n", stop=True
    ),
    "stopped, and tidying up": Case(
        "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(print('tidy') or 5))\n"
        "print('here')\ntime.sleep(60)\n", stop=True,
    ),
    "stopped, and deaf": Case(
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('here')\ntime.sleep(60)\n",
        stop=True,
    ),
    "out of time": Case(
        "import time\ntime.sleep(60)", fields={"timeout": timedelta(seconds=0.5)}
    ),
    "killed": Case("import os\nos.kill(os.getpid(), 9)"),
    "aborted": Case("import os\nos.abort()"),
    "multiprocessing": Case(
        "import multiprocessing as mp\nimport os, sys\n"
        "def f(x):\n    return x * x, os.getcwd(), __name__, sys.argv\n"
        "if __name__ == '__main__':\n"
        "    for kind in ('fork', 'spawn', 'forkserver'):\n"
        "        with mp.get_context(kind).Pool(2) as pool:\n"
        "            print(kind, pool.map(f, [1, 2, 3]))\n"
        "    print(mp.process.ORIGINAL_DIR)\n", arguments=("a",),
    ),
    "executor": Case(
        "import concurrent.futures\nimport os\ndef f(x):\n    return x + 1\n"
        "if __name__ == '__main__':\n"
        "    with concurrent.futures.ProcessPoolExecutor(2) as pool:\n"
        "        print(list(pool.map(f, range(3))))\n"
    ),
    "left behind": Case(
        "import subprocess\nsubprocess.Popen(['sleep', '60'], start_new_session=True)\nprint('x')"
    ),
    "no script any more": Case("import os\nos.remove(__file__)\nraise ValueError('gone')"),
    "files": Case(
        "import os\nos.makedirs('outputs')\nopen('outputs/a.txt', 'w').write('ü')\n"
        "open('main.py', 'a').write('# changed')\n"
    ),
    "a module beside it": Case("import json\nimport helper\nprint(helper.f())",
                               {"helper.py": "def f():\n    return __file__\n"}),
    "a package beside it": Case(
        "from tools import one\nprint(one.x, one.__file__)",
        {"tools/__init__.py": "", "tools/one.py": "x = 1"}, name="src/run.py",
    ),
    "pickles": Case(
        "import pickle\nclass A:\n    pass\na = pickle.loads(pickle.dumps(A()))\n"
        "print(type(a).__module__, type(a) is A)"
    ),
    "data classes": Case(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from typing import get_type_hints\n@dataclass\nclass A:\n    x: int = 1\n"
        "print(A(), get_type_hints(A), A.__module__)"
    ),
    "ctypes": Case(
        "import ctypes, struct\nprint(ctypes.CDLL(None).getpid() > 1, struct.pack('<I', 1))\n"
        "print(ctypes.POINTER(ctypes.c_int) is ctypes.POINTER(ctypes.c_int))"
    ),
    "asyncio": Case(
        "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    p = await "
        "asyncio.create_subprocess_exec('echo', 'hi')\n    print(await p.wait())\nasyncio.run(f())"
    ),
    "much output": Case(
        "import sys\nfor n in range(20000):\n    print(n)\n    print(-n, file=sys.stderr)"
    ),
    "azureml": Case(
        "from azureml.core import Run\nimport azureml\nrun = Run.get_context()\nprint(run.id)\n"
        "run.log('x', 1)\nprint(azureml.__file__)"
    ),
    "a run of its own words": Case("import runpy\nprint(runpy.run_path('other.py')['x'])",
                                   {"other.py": "x = __name__, __file__"}),
    "input": Case("import sys\ntry:\n    input('?')\nexcept EOFError as e:\n    print(repr(e))"),
    "interrupted": Case("import os, signal\nos.kill(os.getpid(), signal.SIGINT)"),
    "recursion": Case("import json\ndef f():\n    f()\nf()"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_run_is_the_same_cold_and_warm(name: str, bench: Bench) -> None:
    cold, warm = bench.both(CASES[name])

    assert warm.log.splitlines() == cold.log.splitlines()
    assert warm.files == cold.files
    assert (warm.end.exit_code, warm.end.why) == (cold.end.exit_code, cold.end.why)
