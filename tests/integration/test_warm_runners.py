"""Interpreters that wait: who is handed over, what ends them, and that nothing is run twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute import proc, warm_folder
from jupyter_aml.compute.protocol import Handle, Phase
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.shim import shim
from jupyter_aml.testing.compute_contracts import see, within
from tests.warm import Bench, Case, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="interpreters wait on Linux alone")

PLAIN = Case("import json\nprint('first')")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("jupyter_aml.compute.warm._CALM", 0.0)
    made = Bench(tmp_path)
    yield made
    made.backend.close()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bench, Path]]:
    """A bench with an environment of its own, and the folder of its packages; `own` is in there."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = tmp_path / "env" / "lib" / version / "site-packages"
    (packages / "own").mkdir()
    (packages / "own" / "__init__.py").write_text("value = 'as it was'\n")
    monkeypatch.setattr("jupyter_aml.compute.warm._CALM", 0.0)
    made = Bench(tmp_path, str(tmp_path / "env" / "bin" / "python"))
    yield made, packages
    made.backend.close()


OWN = Case("import own\nprint(own.value)")

# ---- who is handed over -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (Case("import json\nprint('other end')"), "other end"),
        (Case("import json\nimport csv\nprint(csv.__name__)"), "csv"),
        (Case("import json\nprint(1)", arguments=("a", "b")), "1"),
        (Case("import json\nimport helper", {"helper.py": "print('beside')"}), "beside"),
        (Case("import json\nimport os\nprint(os.environ['AML_RUN_ID'])"), "RUN"),
    ],
)
def test_a_run_that_begins_the_same_way_is_handed_over(case: Case, says: str, bench: Bench) -> None:
    bench.run(PLAIN)
    waiting = bench.waits_for(PLAIN)

    outcome, pids = bench.run(case)

    assert outcome.log.strip() == says
    assert pids == waiting


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (replace(PLAIN, name="train.py"), "first"),
        (replace(PLAIN, variables={"OMP_NUM_THREADS": "1"}), "first"),
        (replace(PLAIN, variables={"MPLBACKEND": "svg"}), "first"),
        (replace(PLAIN, variables={"PYTHONUNBUFFERED": "0"}), "first"),
        (replace(PLAIN, variables={"HIDDEN": "***"}), "No such file or directory"),
        (replace(PLAIN, files={"json.py": "print('mine')"}), "mine\nfirst"),
        (replace(PLAIN, files={"json/__init__.py": "print('mine')"}), "mine\nfirst"),
        (replace(PLAIN, files={"x.egg-info/a": ""}), "first"),
        (Case("print('before')\nimport json"), "before"),
        (Case("import csv\nprint('csv')"), "csv"),
        (Case("import os\nos.environ['A'] = 'b'\nimport json\nprint('set')"), "set"),
        (Case("import json\nif"), "SyntaxError: invalid syntax"),
        (replace(PLAIN, fields={"limits": Limits(memory=1 << 30)}), "first"),
        (replace(PLAIN, fields={"interpreter": None}), "first"),
    ],
)
def test_a_run_that_differs_is_started_as_if_nothing_waited(
    case: Case, says: str, bench: Bench
) -> None:
    bench.run(PLAIN)
    waiting = bench.waits_for(PLAIN)

    if "HIDDEN" in case.variables:
        job = bench.job(case)
        end = within(_end(bench, job))
        assert says in str(end.why)
        return
    outcome, (_, child) = bench.run(case)

    assert outcome.log.strip().endswith(says)
    assert child != waiting[1]


async def _end(bench: Bench, job: Any) -> Any:
    return await see(bench.backend, await bench.backend.submit(job), Phase.GONE)


def test_a_module_beside_the_script_stands_before_what_a_library_imports(
    library: tuple[Bench, Path],
) -> None:
    bench, packages = library
    (packages / "own" / "__init__.py").write_text("import colorsys\nvalue = colorsys.__file__\n")
    bench.run(OWN)
    waiting = bench.waits_for(OWN)

    outcome, (_, child) = bench.run(replace(OWN, files={"colorsys.py": ""}))

    assert outcome.log.strip().endswith("work/colorsys.py")
    assert child != waiting[1]


@pytest.mark.parametrize(
    "change",
    ["edit", "replace", "another package", "a path file", "its metadata", "the interpreter"],
)
def test_what_was_imported_must_be_as_it_was(change: str, library: tuple[Bench, Path]) -> None:
    bench, packages = library
    file = packages / "own" / "__init__.py"
    bench.run(OWN)
    waiting = bench.waits_for(OWN)

    match change:
        case "edit":
            with file.open("r+") as opened:
                opened.write("value = 'new, new'  # and longer\n")
        case "replace":
            (packages / "new.py").write_text("value = 'new'\n")
            os.replace(packages / "new.py", file)
        case "another package":
            (packages / "other").mkdir()
        case "a path file":
            (packages / "some.pth").write_text("/nowhere\n")
        case "its metadata":
            (packages / "own-1.0.dist-info").mkdir()
        case "the interpreter":
            os.utime(packages.parents[2] / "pyvenv.cfg")
    outcome, (_, child) = bench.run(OWN)

    assert outcome.log.strip() == ("new, new" if change == "edit" else "new") or (
        change not in ("edit", "replace") and outcome.log.strip() == "as it was"
    )
    assert child != waiting[1]


@pytest.mark.parametrize(
    "content",
    [
        "print('hello')",
        "import warnings; warnings.warn('old', DeprecationWarning, stacklevel=2)",
        "import sys; sys.argv[0]",
        "import os; os.environ['AML_RUN_ID']",
        "import os; dict(os.environ)",
        "import os; os.environ['AML_RUN_ID'] = 'x'",
        "import sys; sys.path.insert(0, 'x')",
        "import os; FOLDER = os.getcwd() + '/x'",
        "import threading, time; threading.Thread(target=time.sleep, args=(0.2,)).start()",
        "import __main__; __main__.__dict__.get('x'); __main__.__name__",
        "raise ImportError('not here')",
        "import sys; sys.exit(3)",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_a_library_that_looks_at_the_run_is_not_imported_ahead(
    content: str, library: tuple[Bench, Path]
) -> None:
    bench, packages = library
    case = Case("import json\nimport own\nprint('end')")
    (packages / "own" / "__init__.py").write_text(content)
    cold, _ = bench.run(case)
    if "kill" in content:
        # It has ended in the middle, so nobody knows how far it might get.
        case = replace(case, script="import csv\n")

    waiting = bench.waits_for(case)
    warm, pids = bench.run(case)

    assert pids == waiting
    if "kill" not in content:
        assert (warm.log, warm.end.exit_code) == (cold.log, cold.end.exit_code)


def test_a_library_that_is_installed_in_place_is_not_imported_ahead(
    library: tuple[Bench, Path], tmp_path: Path
) -> None:
    bench, packages = library
    place = tmp_path / "place"
    place.mkdir()
    (place / "mine.py").write_text("value = 1\n")
    (packages / "mine.pth").write_text(f"{place}\n")
    case = Case("import mine\nprint(mine.value)")
    bench.run(case)
    waiting = bench.waits_for(case)
    (place / "mine.py").write_text("value = 2 + 2\n")

    outcome, pids = bench.run(case)

    assert outcome.log == "4\n"
    assert pids == waiting


def test_nothing_waits_where_a_path_file_runs_code(library: tuple[Bench, Path]) -> None:
    bench, packages = library
    (packages / "some.pth").write_text("import os; os.environ['X'] = 'y'\n")
    case = Case("import os\nprint(os.environ['X'])")

    for _ in range(3):
        outcome, _ = bench.run(case)
        assert outcome.log == "y\n"

    assert bench.backend.warm.waiting(bench.job(case)) is None


def test_what_an_import_sets_is_set(library: tuple[Bench, Path]) -> None:
    bench, packages = library
    (packages / "own" / "__init__.py").write_text("import os; os.environ.setdefault('KMP', '1')")
    case = Case("import own, os\nprint(os.environ['KMP'], os.popen('echo $KMP').read())")

    cold, warm = bench.both(case)

    assert warm.log == cold.log == "1 1\n\n"


def test_the_record_counts_what_the_run_takes(library: tuple[Bench, Path]) -> None:
    bench, packages = library
    busy = "import time\nwhile time.process_time() < 1: pass\nx = b'1' * (300 << 20)\ndel x\n"
    (packages / "own" / "__init__.py").write_text(busy)

    cold, warm = bench.both(Case("import own"))

    assert cold.end.resources["userSeconds"] + cold.end.resources["systemSeconds"] >= 0.9
    assert warm.end.resources["userSeconds"] + warm.end.resources["systemSeconds"] < 0.5
    assert warm.end.resources["maxRssKb"] < 200_000 < cold.end.resources["maxRssKb"]


# ---- what ends them ------------------------------------------------------------------------------


@pytest.mark.parametrize("victim", ["shim", "interpreter", "both"])
def test_who_was_killed_while_waiting_is_not_missed(victim: str, bench: Bench) -> None:
    bench.run(PLAIN)
    waiting = bench.waits_for(PLAIN)

    for pid in {"shim": waiting[:1], "interpreter": waiting[1:], "both": waiting}[victim]:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(lives, waiting)))
    outcome, (_, child) = bench.run(PLAIN)

    assert outcome.log == "first\n"
    assert child not in waiting


def test_one_that_is_killed_while_it_imports_is_not_missed(library: tuple[Bench, Path]) -> None:
    bench, packages = library
    mark = packages / "mark"
    slow = f"""
import os, time
with open({str(mark)!r}, "a+") as file:
    file.write(f"{{os.getpid()}} ")
    file.flush()
    file.seek(0)
    if len(file.read().split()) == 2:
        time.sleep(60)
"""
    (packages / "own" / "__init__.py").write_text(slow)
    case = Case("import own\nprint('first')")
    bench.run(case)
    until(lambda: len(mark.read_text().split()) == 2)
    pid = int(mark.read_text().split()[1])

    os.kill(pid, signal.SIGKILL)
    outcome, _ = bench.run(case)

    assert outcome.log == "first\n"
    until(lambda: not lives(pid))


def test_an_interpreter_that_does_not_answer_is_replaced(bench: Bench) -> None:
    bench.run(PLAIN)
    waiting = bench.waits_for(PLAIN)
    os.kill(waiting[1], signal.SIGSTOP)

    outcome, (guard, child) = bench.run(PLAIN)

    assert outcome.log == "first\n"
    assert (guard, outcome.end.exit_code) == (waiting[0], 0)
    assert child != waiting[1] and not lives(waiting[1])


def test_a_shim_that_is_killed_with_a_run_on_its_way_has_started_nothing(bench: Bench) -> None:
    bench.run(PLAIN)
    waiting = bench.waits_for(PLAIN)
    os.kill(waiting[0], signal.SIGSTOP)

    async def run() -> Any:
        handle = await bench.backend.submit(bench.job(PLAIN))
        os.kill(waiting[0], signal.SIGKILL)
        return await see(bench.backend, handle, Phase.GONE)

    assert within(run()).never_started
    until(lambda: not any(map(lives, waiting)))


def test_a_shim_that_is_killed_later_leaves_a_run_that_can_be_ended(bench: Bench) -> None:
    case = replace(PLAIN, script="import json\nprint('here')\nimport time\ntime.sleep(60)")
    bench.run(replace(case, stop=True))
    waiting = bench.waits_for(case)

    async def run() -> Handle:
        handle = await bench.backend.submit(bench.job(case))
        async for piece in bench.backend.logs(handle):
            if b"here" in piece:
                break
        os.kill(waiting[0], signal.SIGKILL)
        await see(bench.backend, handle, Phase.LOST)
        (Path(handle.data["status"]) / "pids.1").unlink()
        await bench.backend.stop(handle, grace=bench.job(case).grace)
        return handle

    within(run())
    assert not lives(waiting[1])


def test_nobody_waits_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run(PLAIN)
    waiting = bench.waits_for(PLAIN)
    monkeypatch.setattr("jupyter_aml.compute.warm._IDLE", 0.0)

    bench.run(replace(PLAIN, name="other.py"))

    until(lambda: not any(map(lives, waiting)))


def test_only_so_many_wait(bench: Bench) -> None:
    cases = [replace(PLAIN, name=f"main{n}.py") for n in range(3)]
    for case in cases:
        bench.run(case)
        last = bench.waits_for(case)

    jobs = [bench.job(case) for case in cases]
    assert bench.backend.warm.waiting(jobs[0]) is None
    assert bench.backend.warm.waiting(jobs[2]) == last


def test_all_end_with_the_backend(bench: Bench) -> None:
    bench.run(PLAIN)
    waiting = bench.waits_for(PLAIN)

    bench.backend.close()

    assert not any(map(lives, waiting))


HOLDER = """
import os, sys, time
from pathlib import Path
from tests.warm import Bench, Case
import jupyter_aml.compute.warm as warm
from jupyter_aml.testing.compute_contracts import within
warm._CALM = 0.0
bench = Bench(Path(sys.argv[1]))
case = Case(sys.argv[2])
bench.run(case)
print(*bench.waits_for(case), flush=True)
if sys.argv[3] == "hand over":
    os.unlink(Path(sys.argv[1]) / "gate")
    handle = within(bench.backend.submit(bench.job(case)))
    print(handle.data["status"], flush=True)
time.sleep(600)
"""


@contextmanager
def held(
    folder: Path, script: str, moment: str
) -> Iterator[tuple[subprocess.Popen[str], tuple[int, int]]]:
    """A process with a backend, for whose next run somebody waits."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder, script, moment], stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        try:
            guard, child = map(int, holder.stdout.readline().split())
            yield holder, (guard, child)
        finally:
            holder.kill()


def test_who_waits_ends_with_an_engine_that_is_killed(tmp_path: Path) -> None:
    with held(tmp_path, PLAIN.script, "wait") as (holder, waiting):
        assert all(map(lives, waiting))

        holder.kill()

        until(lambda: not any(map(lives, waiting)))


def test_a_run_goes_on_when_the_engine_is_killed(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = f"import os\nimport time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\n"
    gate.touch()
    with held(tmp_path, script, "hand over") as (holder, waiting):
        assert holder.stdout is not None
        status = Path(holder.stdout.readline().strip())
        holder.kill()
        until((status / "pids.1").exists)
    assert not (status / "exit.1").exists()
    gate.touch()
    until((status / "exit.1").exists)

    pids = json.loads((status / "pids.1").read_text())
    assert (pids["shim"], pids["child"]) == waiting
    assert json.loads((status / "exit.1").read_text())["code"] == 0
    until(lambda: not any(map(lives, waiting)))


def test_the_next_engine_removes_the_folder_of_one_that_was_killed_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    monkeypatch.setenv("TMPDIR", str(rooms))
    monkeypatch.setattr("tempfile.tempdir", str(rooms))
    monkeypatch.setattr("jupyter_aml.compute.warm._CALM", 0.0)
    for each in ("living", "killed", "next"):
        (tmp_path / each).mkdir()
    with held(tmp_path / "living", PLAIN.script, "wait") as (_, waiting):
        (living,) = rooms.iterdir()
        with held(tmp_path / "killed", PLAIN.script, "wait") as (holder, left):
            (killed,) = {*rooms.iterdir()} - {living}
            holder.kill()
            until(lambda: not any(map(lives, left)))
        assert killed.exists()

        bench = Bench(tmp_path / "next")
        bench.run(PLAIN)
        bench.waits_for(PLAIN)
        (own,) = {*rooms.iterdir()} - {living}
        bench.backend.close()

        assert own != killed
        assert [*rooms.iterdir()] == [living]
        assert all(map(lives, waiting))


def test_a_folder_stays_while_somebody_is_in_it_whose_engine_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    room, link = tmp_path / "aml-warm-left", tmp_path / "aml-warm-link"
    (room / "_").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    link.symlink_to(tmp_path / "other")
    with subprocess.Popen(["cat"], cwd=room / "_", stdin=subprocess.PIPE) as lodger:
        warm_folder.sweep()
        assert room.exists()
        lodger.kill()

    warm_folder.sweep()

    assert not room.exists()
    assert link.is_symlink() and (tmp_path / "other").exists()


def lives(pid: int) -> bool:
    return proc.is_alive(pid, shim.start_of(pid))
