"""What is recorded of a run without being asked: git, packages, host."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from jupyter_aml.engine.facts import facts
from jupyter_aml.engine.facts import git as facts_git
from jupyter_aml.engine.facts.packages import Interpreters
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.runfolder.layout import GIT_DIFF, RunFolder
from jupyter_aml.shim.shim import start_of
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until

pytestmark = pytest.mark.anyio

URL = "https://ada:ghp_secret@example.com/team/project.git"
SHOWN = "https://example.com/team/project.git"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, a remote and a script in a folder of it."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text("print('one')\n")
    (folder / ".env").write_text("TOKEN=1\n")
    git(folder, "init", "--quiet", "--initial-branch=trunk")
    git(folder, "remote", "add", "origin", URL)
    git(folder, "add", "--force", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    return folder


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def from_folder(folder: Path) -> dict[str, object]:
    body = asked("")
    return {
        **body,
        "script": "train.py",
        "source": {"directory": str(folder)},
        "job": {**body["job"], "command": ["train.py"]},
    }


async def test_a_run_from_a_repository_knows_its_commit_and_what_was_not_committed(
    aml_root: Path, repository: Path
) -> None:
    (repository / "src" / "train.py").write_text("print('two')\n")
    (repository / ".env").write_text("TOKEN=2\n")
    commit = git(repository, "rev-parse", "HEAD")

    async with an_engine(aml_root) as engine:
        run = await submit(engine, from_folder(repository / "src"))
        told = await engine.runs.facts(run["runId"])
        end = await ended(engine, run["runId"])
        diff = (await engine.runs.file(run["runId"], GIT_DIFF)).read_text()

    assert told["git"] == {
        "repository": SHOWN, "branch": "trunk", "commit": commit, "isDirty": True,
        "diffSize": len(diff),
    }  # fmt: skip
    assert "-print('one')\n+print('two')\n" in diff
    assert "TOKEN" not in diff
    assert {name: value for name, value in end["properties"].items() if "git" in name} == {
        "azureml.git.repository_uri": SHOWN,
        "mlflow.source.git.repoURL": SHOWN,
        "azureml.git.branch": "trunk",
        "mlflow.source.git.branch": "trunk",
        "azureml.git.commit": commit,
        "mlflow.source.git.commit": commit,
        "azureml.git.dirty": "True",
    }


async def test_a_run_knows_the_packages_of_its_python_and_its_host_also_in_the_next_engine(
    aml_root: Path, tmp_path: Path
) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked("import time; time.sleep(600)"))
        await until(engine, run["runId"], lambda run: run["status"] == "Running")
        before = await engine.runs.facts(run["runId"])

    async with an_engine(aml_root) as engine:
        await engine.runs.cancel(run["runId"])
        await ended(engine, run["runId"])
        told = await engine.runs.facts(run["runId"])

    packages = {package["name"]: package["version"] for package in told["packages"]}
    assert told == before
    assert (told["git"], told["python"]) == (None, sys.version.split()[0])
    assert packages["pytest"] == pytest.__version__
    assert told["host"] is not None
    assert told["host"]["name"] == os.uname().nodename
    assert told["host"]["memory"] > 1 << 28
    assert not folder_of(aml_root, run).git_diff.exists()


@pytest.mark.parametrize("is_bare", [False, True], ids=["its-path", "its-bare-name"])
async def test_a_run_that_logs_from_a_kernel_knows_the_kernels_folder_and_python(
    aml_root: Path, repository: Path, is_bare: bool
) -> None:
    program = Path(sys.executable)
    kernel = subprocess.Popen(
        [program.name if is_bare else program, "-c", "import sys; sys.stdin.read()"],
        cwd=repository, stdin=subprocess.PIPE, executable=program,
        env={**os.environ, "PATH": str(program.parent)},
    )  # fmt: skip
    try:
        process = {"pid": kernel.pid, "start": start_of(kernel.pid)}
        body = {"experiment": "trial", "type": "azureml.interactive", "process": process}
        async with an_engine(aml_root) as engine:
            run = await submit(engine, body)
            told = await engine.runs.facts(run["runId"])
            child = await submit(engine, {**body, "parentId": run["runId"], "process": None})
            inherited = await engine.runs.facts(child["runId"])
    finally:
        kernel.communicate()

    assert told["git"] is not None and told["git"]["branch"] == "trunk"
    assert told["python"] == sys.version.split()[0]
    assert inherited == {**told, "runId": child["runId"]}


def test_a_clean_repository_has_no_difference(repository: Path) -> None:
    seen = facts_git.look(repository)

    assert seen is not None
    assert (seen.is_dirty, seen.diff, seen.branch) == (False, b"", "trunk")


def test_git_runs_nothing_that_a_repository_names_and_writes_nothing(
    repository: Path, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {trap}\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "diff.external", "core.pager", "diff.mine.textconv"):
        git(repository, "config", name, str(program))
    (repository / ".gitattributes").write_text("*.py diff=mine\n")
    (repository / "src" / "train.py").write_text("print('two')\n")
    index = (repository / ".git" / "index").stat().st_mtime_ns

    seen = facts_git.look(repository / "src")

    assert seen is not None and seen.is_dirty
    assert not trap.exists()
    assert (repository / ".git" / "index").stat().st_mtime_ns == index


def test_a_git_that_hangs_is_left_after_its_time(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")

    assert facts_git.look(repository, seconds=2) is None
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_a_repository_without_a_commit_or_a_broken_one_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    assert facts_git.is_inside(tmp_path / "deeper")
    assert facts_git.look(tmp_path) is None

    (tmp_path / ".git").unlink()
    git(tmp_path, "init", "--quiet")
    assert facts_git.look(tmp_path) is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (URL, SHOWN),
        ("https://token@host/x", "https://host/x"),
        ("https://user:p@ss@host:8443/x", "https://host:8443/x"),
        ("https://host/@scope/x", "https://host/@scope/x"),
        ("ssh://git:secret@host:22/x.git", "ssh://git@host:22/x.git"),
        ("git@github.com:team/project.git", "git@github.com:team/project.git"),
        ("/srv/git/a@b.git", "/srv/git/a@b.git"),
        ("origin", "origin"),
    ],
)
def test_addresses_are_shown_without_secrets(address: str, shown: str) -> None:
    assert facts_git.without_secrets(address) == shown


def test_packages_are_read_from_the_names_of_folders_and_the_first_place_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    first, second = tmp_path / "one", tmp_path / "two"
    for place in (
        first / "Ruamel.Yaml_x-2.0.dist-info",
        second / "ruamel_yaml.x-1.0-py3.11.egg-info",
        second / "~alf-1.0.dist-info",
        second / "editable.egg-info",
    ):
        place.mkdir(parents=True)
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "libx-y-9-h_0.json").touch()
    python.write_text(
        f"""#!/bin/sh\necho '["3.10.1", ["", "{first}", "{second}"], "{tmp_path}"]'\n"""
    )
    python.chmod(0o755)

    assert Interpreters().of(str(python)) == (
        "3.10.1",
        [{"name": "libx-y", "version": "9"}, {"name": "ruamel-yaml-x", "version": "2.0"}],
    )
    assert Interpreters().of("/bin/false") == (None, [])


def test_of_a_container_the_lock_tells_the_packages_and_the_shim_its_python(
    tmp_path: Path,
) -> None:
    lock = "numpy==2.0.1 \\\n    --hash=sha256:00\nPandas==2.2.0 \\\n    --hash=sha256:11\n"
    built = Materialised(kind="docker", interpreter="/bin/python", image="sha256:1", lock=lock)
    assert Interpreters().packages(built) == (
        None,
        [{"name": "numpy", "version": "2.0.1"}, {"name": "pandas", "version": "2.2.0"}],
    )

    folder = RunFolder(tmp_path)
    folder.status.mkdir()
    folder.facts.write_text('{"inContainer": true, "packages": []}')
    (folder.status / "pids.1").write_text('{"shim": 1, "python": "3.9.2"}')
    assert facts.read("r", folder)["python"] == "3.9.2"


SETTINGS = [
    ("color.diff", "always"), ("color.ui", "always"), ("diff.noprefix", "true"),
    ("diff.mnemonicPrefix", "true"), ("diff.srcPrefix", "x/"), ("diff.dstPrefix", "y/"),
    ("diff.context", "0"), ("diff.interHunkContext", "9"), ("diff.relative", "true"),
    ("diff.orderFile", "/nowhere"), ("diff.renames", "copies"), ("diff.submodule", "log"),
    ("diff.external", "false"), ("diff.mine.textconv", "false"), ("diff.mine.command", "false"),
    ("diff.suppressBlankEmpty", "true"), ("diff.wordRegex", "."), ("diff.algorithm", "patience"),
    ("core.pager", "false"), ("pager.diff", "false"), ("core.quotePath", "false"),
    ("core.abbrev", "4"), ("core.whitespace", "cr-at-eol"), ("diff.colorMoved", "zebra"),
    ("diff.ignoreSubmodules", "all"), ("diff.stat", "true"), ("interactive.diffFilter", "false"),
    ("status.showUntrackedFiles", "no"),
]  # fmt: skip


@pytest.fixture
def changed(repository: Path) -> Path:
    """A repository with changes of each kind, texts and others."""
    long = "".join(f"{line}\n\n" for line in range(60))
    binary = bytes(range(256)) * 8
    for name, content in {
        "long.py": long, "née.txt": "a\n", "gone.txt": "b\n", "moved.txt": long, "odd.dat": "c\n",
    }.items():  # fmt: skip
        (repository / name).write_text(content)
    (repository / "picture.png").write_bytes(binary)
    (repository / "model.bin").write_bytes(binary)
    (repository / ".gitattributes").write_text("*.py diff=mine\n*.dat -diff\n")
    git(repository, "add", "--force", ".")
    git(repository, "commit", "--quiet", "-m", "two")
    (repository / "long.py").write_text(long.replace("30\n", "thirty\n").replace("5\n", "five\n"))
    (repository / "née.txt").write_text("ä\n")
    (repository / "gone.txt").unlink()
    git(repository, "mv", "moved.txt", "there.txt")
    (repository / "odd.dat").write_text("d\n")
    (repository / "picture.png").write_bytes(binary[::-1])
    (repository / "model.bin").unlink()
    return repository


def test_the_difference_of_a_checkout_can_be_applied_pictures_and_all(
    changed: Path, tmp_path: Path
) -> None:
    seen = facts_git.look(changed)

    assert seen is not None
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(changed), str(clone))
    (tmp_path / "git.diff").write_bytes(seen.diff)
    git(clone, "apply", "--index", str(tmp_path / "git.diff"))
    assert contents(clone) == contents(changed)


@pytest.mark.parametrize(("name", "value"), SETTINGS, ids=[name for name, _ in SETTINGS])
def test_no_setting_of_a_user_changes_what_is_recorded(
    changed: Path, name: str, value: str
) -> None:
    (changed / "src" / "deeper").mkdir(parents=True)
    plain = facts_git.look(changed / "src" / "deeper", seconds=20)

    git(changed, "config", name, value)

    assert plain is not None and plain.diff.count(b"\ndiff --git ") == 7
    assert facts_git.look(changed / "src" / "deeper", seconds=20) == plain


def test_a_file_that_git_does_not_know_counts_as_a_change_whatever_its_settings(
    repository: Path,
) -> None:
    git(repository, "checkout", "--quiet", ".")
    git(repository, "config", "status.showUntrackedFiles", "no")
    (repository / "new.py").write_text("")

    seen = facts_git.look(repository)

    assert seen is not None and seen.is_dirty


def test_a_large_file_that_is_no_text_is_named_and_the_rest_is_there(
    changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_git, "_MOST_BINARY", 1_000)

    seen = facts_git.look(changed, seconds=20)

    assert seen is not None
    assert b"+thirty" in seen.diff and b"odd.dat" in seen.diff
    assert b"GIT binary patch" in seen.diff
    assert seen.diff.endswith(b"\n# left out, being large and no text: model.bin, picture.png\n")


@pytest.mark.parametrize(
    ("branch", "told"),
    [
        (b"caf\xe9", "caf\\xe9"), ("né/e".encode(), "né/e"), ("a\u3000b".encode(), "a\u3000b"),
        (b"heads/x", "heads/x"),
    ],
)  # fmt: skip
def test_a_branch_of_any_name_is_told_and_the_rest_as_well(
    repository: Path, branch: bytes, told: str
) -> None:
    git(repository, "checkout", "--quiet", "-b", os.fsdecode(branch))
    git(repository, "tag", os.fsdecode(branch))

    seen = facts_git.look(repository)

    assert seen is not None
    assert (seen.branch, seen.repository) == (told, SHOWN)
    assert seen.commit == git(repository, "rev-parse", "HEAD")


def test_a_checkout_of_no_branch_has_none(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach")

    seen = facts_git.look(repository)

    assert seen is not None and seen.branch is None


def contents(folder: Path) -> dict[str, bytes]:
    names = git(folder, "ls-files", "-z").split("\0")
    return {
        name: (folder / name).read_bytes() for name in names if name and (folder / name).exists()
    }


async def test_an_engine_that_is_closed_notes_nothing_more(
    aml_root: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may still ask git when it gives up its root, to which another engine may write by then."""
    asking, answer = tmp_path / "asking", tmp_path / "answer"
    os.mkfifo(asking)
    os.mkfifo(answer)
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\necho > {asking}\nread word < {answer}\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")

    async with an_engine(aml_root) as engine:
        run = await submit(engine, from_folder(repository / "src"))
        await asyncio.to_thread(asking.read_bytes)
        await engine.runs.cancel(run["runId"])
    threads = [each for each in threading.enumerate() if each.name.startswith("aml-facts")]
    before = sorted(folder_of(aml_root, run).path.iterdir())
    await asyncio.to_thread(answer.write_text, "go on\n")
    for thread in threads:
        await asyncio.to_thread(thread.join, 60)

    assert not any(thread.is_alive() for thread in threads)
    assert sorted(folder_of(aml_root, run).path.iterdir()) == before
