"""A run that was handed to a waiting interpreter is like one that was started: case by case."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.warm import Bench, Case

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="interpreters wait on Linux alone")


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
    "facts of the last lines": Case("import os\n" + FACTS, arguments=("1",)),
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
    "numbers": Case(
        "import numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import Ridge\n"
        "import os, sys, threading, warnings, signal\n"
        "np.random.seed(1)\nx = np.random.rand(50, 3)\nprint(Ridge().fit(x, x[:, 0]).coef_)\n"
        "print(pd.DataFrame(x).describe())\nprint(np.float, pd.DataFrame.append.__name__)\n"
        "print(len(os.listdir('/proc/self/task')), [str(f) for f in warnings.filters])\n"
        "print(sorted(sys.modules), list(os.environ.items()))\n"
        "print([t.name for t in threading.enumerate()])\n"
        "print([repr(signal.getsignal(n)) for n in sorted(signal.valid_signals())])\n"
        "print(sorted(os.listdir('/proc/self/fd')), sys.path, len(sys.meta_path))\n"
    ),
    "plots": Case(
        "import matplotlib\nimport matplotlib.pyplot as plt\nimport os, sys\n"
        "print(matplotlib.get_backend(), matplotlib.get_configdir(), dict(plt.rcParams))\n"
        "plt.plot([1, 2])\nplt.savefig('a.svg', metadata={'Date': None})\n"
        "print(os.path.getsize('a.svg') > 1000)\nos.remove('a.svg')\nprint(sorted(sys.modules))\n"
    ),
    "workers of joblib": Case(
        "from joblib import Parallel, delayed\nimport os\n"
        "def f(x):\n    return x * 2, os.getcwd()\n"
        "print(Parallel(2)(delayed(f)(n) for n in range(4)))\n"
    ),
    "a library that prints": Case("import json\nimport this\nprint(this.s[:4])"),
    "arguments": Case(
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--rate', type=float)\n"
        "print(p.parse_args())", arguments=("--rate", "x"),
    ),
    "variables that are read first": Case(
        "import os\nos.environ['OMP_NUM_THREADS'] = '1'\nimport numpy\n"
        "print(len(os.listdir('/proc/self/task')))"
    ),
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
