"""What a run takes of its machine, from the kernel's counters to the chart."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_aml.engine.feed.system import SystemFolder
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.shim import sampling
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="what is measured stands in /proc"),
]

NVML = """
typedef struct { unsigned gpu, memory; } busy_t;
typedef struct { unsigned long long total, free, used; } memory_t;
static int numbers[2] = {0, 1};
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned n, int **handle) { *handle = &numbers[n]; return 0; }
int nvmlDeviceGetName(int *handle, char *name, unsigned size) {
    name[0] = 'N'; name[1] = '0' + *handle; name[2] = 0; return 0;
}
int nvmlDeviceGetUtilizationRates(int *handle, busy_t *busy) {
    busy->gpu = 40 + *handle; busy->memory = 7; return 0;
}
int nvmlDeviceGetMemoryInfo(int *handle, memory_t *memory) {
    memory->total = 80ULL << 30; memory->free = 60ULL << 30; memory->used = 20ULL << 30; return 0;
}
"""
TWO_GPUS = ["gpu 0", "gpu 0 memory", "gpu 1", "gpu 1 memory"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def nvml(tmp_path: Path) -> Path:
    """A folder with a library that knows two GPUs, as NVIDIA's would."""
    if shutil.which("gcc") is None:
        pytest.skip("no C compiler on this machine")
    (tmp_path / "nvml.c").write_text(NVML)
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "nvml.c"], check=True)
    return tmp_path


WORKING = """
import multiprocessing, os, time

def work():
    held = bytearray(80_000_000)
    while True:
        pass

child = multiprocessing.Process(target=work, daemon=True)
child.start()
samples = os.environ["AML_RUN_DIR"] + "/system"
while not os.path.isdir(samples) or os.path.getsize(samples + "/" + os.listdir(samples)[0]) == 0:
    time.sleep(0.02)
"""


async def test_a_run_is_measured_with_its_children_and_its_gpus(aml_root: Path, nvml: Path) -> None:
    async with an_engine(aml_root) as engine:
        job = {"environmentVariables": {"LD_LIBRARY_PATH": str(nvml)}}
        run = await ended(engine, (await submit(engine, asked(WORKING, job=job)))["runId"])
        told = await engine.runs.metrics(run["runId"], source="system")
        logged = await engine.runs.metrics(run["runId"])

    last = {name: series["last"] for name, series in told["series"].items()}
    assert list(last) == [
        "cpu", "memory", "disk read", "disk write", "network in", "network out", *TWO_GPUS,
    ]  # fmt: skip
    # The other tests want the machine, too: less than a core is left to the child.
    assert 5 < last["cpu"] < 150
    assert last["memory"] > 80_000_000
    assert (last["gpu 1"], last["gpu 1 memory"]) == (41, 20 << 30)
    assert told["series"]["cpu"]["t"][0] < time.time()
    assert (run["status"], run["metrics"], logged["series"]) == ("Completed", {}, {})


@pytest.mark.parametrize(("wish", "threads"), [("1", 2), ("0", 1)])
async def test_a_run_may_wish_not_to_be_measured(aml_root: Path, wish: str, threads: int) -> None:
    # The shim feels its pulse once all that it does meanwhile has begun.
    script = (
        "import os, time\n"
        "while not os.path.exists(os.environ['AML_RUN_DIR'] + '/status/pulse'): time.sleep(0.01)\n"
        "print(len(os.listdir(f'/proc/{os.getppid()}/task')))"
    )
    async with an_engine(aml_root) as engine:
        job = {"environmentVariables": {"AML_SYSTEM_METRICS": wish}}
        run = await ended(engine, (await submit(engine, asked(script, job=job)))["runId"])

    assert int(folder_of(aml_root, run).console.read_text()) == threads


@pytest.mark.parametrize(
    ("visible", "names"),
    [(None, TWO_GPUS), ("1", TWO_GPUS[2:]), ("", []), ("-1", []), ("GPU-0a1b", TWO_GPUS)],
)
def test_only_gpus_that_the_run_may_use_are_measured(
    visible: str | None, names: list[str], nvml: Path
) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import sampling; "
        "print([name for gpu in sampling.gpus() for name in gpu.sample()])"
    )
    variables = {"LD_LIBRARY_PATH": str(nvml)}
    if visible is not None:
        variables["CUDA_VISIBLE_DEVICES"] = visible
    command = [sys.executable, "-I", "-S", "-c", code, os.path.dirname(sampling.__file__)]

    said = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)

    assert said.stdout.strip() == repr(names)


COUNTING = """
import itertools, os, resource, subprocess, sys, types
sys.path.insert(0, sys.argv[1])
import sampling

clock = itertools.count()
sampling.time = types.SimpleNamespace(monotonic=lambda: float(next(clock)))
sampler = sampling.Sampler(os.getpid())
busy = "import time\\nwhile time.process_time() < 0.4: pass"
subprocess.run([sys.executable, "-I", "-S", "-c", busy], check=True)
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
print(sampler.sample()["cpu"] / 100, spent.ru_utime + spent.ru_stime)
"""


def test_work_of_children_that_have_ended_is_counted() -> None:
    # In a process that has no other children.
    command = [sys.executable, "-I", "-S", "-c", COUNTING, os.path.dirname(sampling.__file__)]

    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    measured, spent = map(float, said.split())
    # The kernel tells of each process in hundredths.
    assert measured == pytest.approx(spent, abs=0.05)
    assert spent > 0.4


def test_a_dear_sample_and_an_old_run_are_taken_more_seldom() -> None:
    assert sampling.pause(age=10, cost=0.001) == sampling.RATE
    assert sampling.pause(age=3600, cost=0.001) == 12
    assert sampling.pause(age=86_400, cost=0.001) == sampling.SLOWEST
    assert sampling.pause(age=10, cost=2.0) == 2.0 / sampling.SHARE


def test_a_full_disk_costs_samples_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = os.write, [1_000, 30, 1_000, -1, 1_000]

    def write(fd: int, data: bytes) -> int:
        most = left.pop(0)
        if most < 0:
            raise OSError(28, "No space left on device")
        return real(fd, data[:most])

    writer = sampling.Writer(str(tmp_path / "system"))
    monkeypatch.setattr(sampling.os, "write", write)
    for number in range(5):
        writer.write({"cpu": float(number), "memory": 100})
    monkeypatch.undo()

    batch = read_all(SystemFolder(tmp_path).metrics)
    assert list(batch.series["cpu"].value) == [0.0, 2.0, 4.0]
    assert batch.torn == 1
