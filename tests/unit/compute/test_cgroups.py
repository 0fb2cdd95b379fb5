"""Where control groups are made, and what is written into them, on systems of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_aml.compute import cgroups
from jupyter_aml.compute.cgroups import Hierarchy
from jupyter_aml.domain.run_limits import Limits

MB = 1 << 20
V2 = ("memory.max", "memory.swap.max", "pids.max", "cpu.max", "cgroup.procs")
V1 = (
    "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "pids.max", "cpu.cfs_quota_us",
    "cpu.cfs_period_us", "cgroup.procs",
)  # fmt: skip
LIMITS = Limits(cpus=1.5, memory=64 * MB, processes=500)


class Machine:
    """A folder that looks to us like /proc/self and the groups of a kernel."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proc, self.groups = folder / "proc", folder / "groups"
        self.proc.mkdir()
        self.files: tuple[str, ...] = ()
        make, remove = Path.mkdir, Path.rmdir

        def mkdir(path: Path, *args: int, **kwargs: bool) -> None:
            make(path, *args, **kwargs)
            for name in self.files if path.is_relative_to(self.groups) else ():
                (path / name).touch()

        def rmdir(path: Path) -> None:
            for each in path.iterdir():
                each.unlink()
            remove(path)

        monkeypatch.setattr(Path, "mkdir", mkdir)
        monkeypatch.setattr(Path, "rmdir", rmdir)

    def mounts(self, *lines: str) -> None:
        text = "".join(f"31 23 0:28 {line}\n" for line in lines)
        (self.proc / "mountinfo").write_text(text.replace("@", str(self.groups)))

    def own(self, *lines: str) -> None:
        (self.proc / "cgroup").write_text("".join(f"{line}\n" for line in lines))

    def group(self, path: str, **texts: str) -> Path:
        folder = self.groups / path
        folder.mkdir(parents=True)
        for name in ("cgroup.procs", "cgroup.type"):
            (folder / name).touch()
        for name, text in texts.items():
            (folder / name.replace("__", ".")).write_text(text)
        return folder

    def found(self) -> tuple[Hierarchy, ...]:
        return cgroups.hierarchies(self.proc)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_group_of_version_2_is_made_beside_that_of_the_server(machine: Machine) -> None:
    machine.mounts("/ @ rw shared:4 - cgroup2 cgroup2 rw,nsdelegate")
    machine.own("0::/user.slice/app.slice/jupyter.scope")
    home = machine.group("user.slice/app.slice/jupyter.scope", memory__max="max\n")
    (home.parent / "cgroup.procs").touch()
    machine.files = V2

    (found,) = machine.found()

    assert (found.folder, found.home, found.version) == (home.parent, home, 2)
    assert found.controllers == {"memory", "pids", "cpu"}


@pytest.mark.parametrize("limit", [{"memory__max": "1073741824\n"}, {"cpu__max": "50000 100000"}])
def test_no_job_gets_out_of_the_limits_of_its_server(
    machine: Machine, limit: dict[str, str]
) -> None:
    machine.mounts("/ @ rw - cgroup2 cgroup2 rw")
    machine.own("0::/system.slice/jupyter.service")
    home = machine.group("system.slice/jupyter.service", **limit)
    (home.parent / "cgroup.procs").touch()
    machine.files = V2

    assert machine.found() == ()


def test_groups_of_version_1_are_made_below_that_of_the_server(machine: Machine) -> None:
    machine.mounts(
        "/ @/memory rw - cgroup cgroup rw,memory",
        "/ @/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
        "/ @/pids rw - cgroup cgroup rw,pids",
        "/ @/unified rw - cgroup2 cgroup2 rw",
    )
    machine.own("4:memory:/user", "3:pids:/", "2:cpu,cpuacct:/user", "1:name=systemd:/", "0::/")
    homes = [machine.group(name) for name in ("memory/user", "cpu,cpuacct/user", "pids")]
    machine.files = V1

    found = machine.found()

    assert {each.folder for each in found} == set(homes)
    assert all(each.version == 1 and each.home == each.folder for each in found)


def test_in_a_container_the_root_of_the_mount_is_ours(machine: Machine) -> None:
    machine.mounts("/docker/abc @/memory rw - cgroup cgroup rw,memory")
    machine.own("4:memory:/docker/abc")
    home = machine.group("memory")
    machine.files = V1

    assert [each.folder for each in machine.found()] == [home]


@pytest.mark.parametrize("path", ["/docker/abcdef", "/elsewhere", "/docker/abc/../x"])
def test_a_group_that_no_mount_shows_is_none(machine: Machine, path: str) -> None:
    machine.mounts("/docker/abc @/memory rw - cgroup cgroup rw,memory")
    machine.own(f"4:memory:{path}")
    machine.group("memory")
    machine.files = V1

    assert machine.found() == ()


def test_a_system_without_groups_has_none(tmp_path: Path) -> None:
    assert cgroups.hierarchies(tmp_path) == ()


def test_what_is_written_into_a_group_of_version_2(machine: Machine) -> None:
    home, machine.files = machine.group("here"), V2
    where = Hierarchy(home, home, frozenset({"memory", "pids", "cpu"}), 2)

    group = cgroups.make("aml-job", LIMITS, [where])

    told = {file.name: file.read_text() for file in group.folders[0].iterdir()}
    assert told == {
        "memory.max": str(64 * MB), "memory.swap.max": "0", "pids.max": "500",
        "cpu.max": "150000 100000", "cgroup.procs": "",
    }  # fmt: skip


def test_what_is_written_into_groups_of_version_1(machine: Machine) -> None:
    home, machine.files = machine.group("here"), V1
    where = Hierarchy(home, home, frozenset({"memory", "pids", "cpu"}), 1)

    group = cgroups.make("aml-job", LIMITS, [where])

    told = {file.name: file.read_text() for file in group.folders[0].iterdir()}
    assert told == {
        "memory.limit_in_bytes": str(64 * MB), "memory.memsw.limit_in_bytes": str(64 * MB),
        "pids.max": "500", "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "150000",
        "cgroup.procs": "",
    }  # fmt: skip


def test_what_has_no_controller_is_left_to_others() -> None:
    where = Hierarchy(Path("/a"), Path("/a"), frozenset({"pids"}), 1)

    assert cgroups.limited_by([where], LIMITS) == Limits(processes=500)
    assert cgroups.limited_by([], LIMITS) == Limits()


def test_the_name_of_a_group_is_of_its_root_and_job() -> None:
    assert cgroups.name_of("0123456789", "a b/c.1") == "aml-01234567-a-b-c.1"
