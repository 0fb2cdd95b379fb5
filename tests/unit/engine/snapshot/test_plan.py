"""What a snapshot of a folder would hold."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid, Refused
from jupyter_aml.engine.snapshot import Limits, SnapshotPlan, plan, plan_files

ROOMY = Limits()


def paths(planned: SnapshotPlan) -> list[str]:
    return [file.path for file in planned.files]


def write(folder: Path, *names: str, text: str = "x") -> None:
    for name in names:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def test_a_plan_lists_files_in_order_with_sizes(tmp_path):
    write(tmp_path, "train.py", "lib/b.py", "lib/a.py", text="abc")

    planned = plan(tmp_path, limits=ROOMY)

    assert paths(planned) == ["lib/a.py", "lib/b.py", "train.py"]
    assert planned.size == 9
    assert planned.excluded == ()


def test_an_executable_file_is_seen_as_one(tmp_path):
    write(tmp_path, "run.sh", "train.py")
    (tmp_path / "run.sh").chmod(0o755)

    assert [file.executable for file in plan(tmp_path, limits=ROOMY).files] == [True, False]


@pytest.mark.parametrize(
    "name",
    [".env", ".env.local", "key.pem", "id_rsa", "id_ed25519_work", "tls.key", ".aws/credentials",
     ".ssh/config", ".azure/token", "deep/er/.env"],
)  # fmt: skip
def test_a_secret_is_left_out_and_named(tmp_path, name):
    write(tmp_path, name, "train.py")

    planned = plan(tmp_path, limits=ROOMY)

    assert paths(planned) == ["train.py"]
    assert "looks like a secret" in planned.excluded[0]
    assert "to .amlignore to send it" in planned.excluded[0]


def test_the_example_of_a_secret_file_is_sent(tmp_path):
    write(tmp_path, ".env.example")

    assert paths(plan(tmp_path, limits=ROOMY)) == [".env.example"]


def test_amlignore_may_bring_a_secret_back(tmp_path):
    write(tmp_path, ".env")
    write(tmp_path, ".amlignore", text="!.env\n")

    assert paths(plan(tmp_path, limits=ROOMY)) == [".amlignore", ".env"]


@pytest.mark.parametrize("text", ["!*\n", "*\n!*/\n!*.*\n!.amlignore\n"])
def test_a_bare_wildcard_does_not_bring_a_secret_back(tmp_path, text):
    write(tmp_path, ".env", "a.py")
    write(tmp_path, ".amlignore", text=text)

    assert paths(plan(tmp_path, limits=ROOMY)) == [".amlignore", "a.py"]


def test_gitignore_does_not_bring_a_secret_back(tmp_path):
    write(tmp_path, ".env")
    write(tmp_path, ".gitignore", text="!.env\n")

    assert paths(plan(tmp_path, limits=ROOMY)) == [".gitignore"]


def test_what_tools_leave_behind_is_left_out(tmp_path):
    write(
        tmp_path, ".git/HEAD", "sub/.git", ".ipynb_checkpoints/a.ipynb", "__pycache__/a.pyc",
        "sub/__pycache__/b.pyc", "node_modules/x/index.js", "env/pyvenv.cfg", "env/bin/python",
        "conda/conda-meta/history", ".azureml/config.json", "a.py",
    )  # fmt: skip

    planned = plan(tmp_path, limits=ROOMY)

    assert paths(planned) == [".azureml/config.json", "a.py"]
    assert "left out env/: a virtual environment" in planned.excluded
    assert "left out conda/: a virtual environment" in planned.excluded
    assert "left out __pycache__ (2 times)" in planned.excluded


@pytest.mark.parametrize("text", ["*\n!*/\n!*.py\n", "!*\n", "!/*\n", "!**\n"])
def test_a_list_of_what_to_keep_does_not_bring_leavings_back(tmp_path, text):
    write(tmp_path, ".git/x.py", "env/pyvenv.cfg", "env/x.py", "__pycache__/x.py", "s/a.py")
    write(tmp_path, ".gitignore", text=text)

    assert set(paths(plan(tmp_path, limits=ROOMY))) - {".gitignore"} == {"s/a.py"}


def test_leavings_that_are_named_are_sent(tmp_path):
    write(tmp_path, ".git/config", "node_modules/x.js", "env/pyvenv.cfg")
    write(tmp_path, ".gitignore", text="!node_modules\n!/env/\n!.git\n")

    assert paths(plan(tmp_path, limits=ROOMY)) == [
        ".gitignore", "env/pyvenv.cfg", "node_modules/x.js",
    ]  # fmt: skip


def test_amlignore_takes_the_place_of_gitignore(tmp_path):
    write(tmp_path, "a.csv", "b.log", "sub/c.log")
    write(tmp_path, ".gitignore", "sub/.gitignore", text="*.log\n")
    write(tmp_path, ".amlignore", text="*.csv\n")

    planned = plan(tmp_path, limits=ROOMY)

    assert paths(planned) == [".amlignore", ".gitignore", "b.log", "sub/.gitignore", "sub/c.log"]
    assert planned.excluded == ("left out a.csv: ignored by the ignore files",)


GIT_CASES = {
    "anchored": {".gitignore": "/data\nbuild/\n", "data/a": "", "sub/data/a": "",
                 "sub/build/a": ""},
    "negated": {".gitignore": "*.log\n!keep.log\n", "a.log": "", "keep.log": "", "s/keep.log": ""},
    "parent stays out": {".gitignore": "out/\n!out/a\n", "out/a": "", "b": ""},
    "only python": {".gitignore": "*\n!*/\n!*.py\n", "a.py": "", "s/b.py": "", "s/c.txt": ""},
    "nested": {".gitignore": "*.log\n", "s/.gitignore": "!logs/\n!x.log\n", "s/logs/a.log": "",
               "s/x.log": "", "x.log": "", "s/t/x.log": ""},
    "nested anchored": {"s/.gitignore": "/a\nt/*\n!t/keep\n", "s/a": "", "s/b/a": "", "s/t/x": "",
                        "s/t/keep": "", "a": ""},
    "stars": {".gitignore": "a/**/z\nfoo/*\n!foo/bar\n**/q\n", "a/z": "", "a/b/c/z": "",
              "foo/x": "",
              "foo/bar/x": "", "w/q": "", "a/y": ""},
    "odd lines": {".gitignore": "# no\n\n\\#yes\nsp\\ \n[ab].c\n?.h\n!\n/\n", "#yes": "", "sp ": "",
                  "a.c": "", "c.c": "", "x.h": "", "xy.h": ""},
    "file or folder": {".gitignore": "x/\n", "x/a": "", "s/x": ""},
    "same name twice": {".gitignore": "foo\n", "foo/foo": "", "s/foo/t": "", "s/foobar": ""},
}  # fmt: skip


@pytest.mark.parametrize("case", GIT_CASES)
def test_ignore_files_mean_what_git_takes_them_for(tmp_path, case):
    for name, text in GIT_CASES[case].items():
        write(tmp_path, name, text=text)
    git = ["git", "-c", "core.excludesFile=", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True, capture_output=True)
    listed = subprocess.run(
        [*git, "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True
    ).stdout

    assert paths(plan(tmp_path, limits=ROOMY)) == sorted(listed.decode().split("\0")[:-1])


def test_a_link_inside_is_sent_as_what_it_leads_to(tmp_path):
    write(tmp_path, "data/real.csv", text="12345")
    (tmp_path / "short.csv").symlink_to("data/real.csv")
    (tmp_path / "again").symlink_to("data")

    planned = plan(tmp_path, limits=ROOMY)

    assert paths(planned) == ["again/real.csv", "data/real.csv", "short.csv"]
    assert planned.size == 15


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc", "../outside"])
def test_a_link_out_of_the_folder_is_refused_by_name(tmp_path, target):
    write(tmp_path, "outside/secret", "inside/a.py")
    (tmp_path / "inside" / "way_out").symlink_to(target)

    with pytest.raises(Refused, match=r"way_out.*add 'way_out' to .amlignore"):
        plan(tmp_path / "inside", limits=ROOMY)


def test_an_ignored_link_out_of_the_folder_is_no_trouble(tmp_path):
    write(tmp_path, ".amlignore", text="data\n")
    (tmp_path / "data").symlink_to("/etc")

    assert paths(plan(tmp_path, limits=ROOMY)) == [".amlignore"]


def test_a_link_to_a_secret_is_left_out(tmp_path):
    write(tmp_path, ".env")
    (tmp_path / "settings").symlink_to(".env")

    planned = plan(tmp_path, limits=ROOMY)

    assert planned.files == ()
    assert "left out settings: a link to what looks like a secret" in planned.excluded


def test_what_has_no_content_is_left_out_and_said_so(tmp_path):
    write(tmp_path, "a/b.py")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(tmp_path)
        listener.bind("sock")
        os.chdir(here)

    planned = plan(tmp_path, limits=ROOMY)

    assert paths(planned) == ["a/b.py"]
    assert planned.excluded == (
        "left out a/loop: the link leads to a folder that it stands in",
        "left out gone: the link leads nowhere",
        "left out pipe: it is a pipe, not a file",
        "left out sock: it is a socket, not a file",
    )


def test_folders_that_link_to_each_other_come_to_an_end(tmp_path):
    write(tmp_path, "a/1", "b/2")
    (tmp_path / "a" / "to_b").symlink_to("../b")
    (tmp_path / "b" / "to_a").symlink_to("../a")

    assert paths(plan(tmp_path, limits=ROOMY)) == ["a/1", "a/to_b/2", "b/2", "b/to_a/1"]


def test_a_name_that_is_no_text_is_left_out(tmp_path):
    with open(os.path.join(os.fsencode(tmp_path), b"bad\xff.txt"), "wb"):
        pass

    planned = plan(tmp_path, limits=ROOMY)

    assert planned.files == ()
    assert "not valid UTF-8" in planned.excluded[0]


@pytest.mark.parametrize("missing", ["nowhere", "file"])
def test_a_folder_that_is_none_is_invalid(tmp_path, missing):
    write(tmp_path, "file")

    with pytest.raises(Invalid, match="there is no folder"):
        plan(tmp_path / missing, limits=ROOMY)


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    write(tmp_path, "locked.py")
    (tmp_path / "locked.py").chmod(0)
    # For the root user, who may read everything.
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(Invalid, match=r"cannot read locked.py.*to leave it out"):
        plan(tmp_path, limits=ROOMY)


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    write(tmp_path, "open/a.py", "locked/b.py")
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(Invalid, match=r"cannot read the folder .*locked.*'locked/'"):
        plan(tmp_path, limits=ROOMY)


def test_a_file_in_the_place_of_outputs_is_invalid(tmp_path):
    write(tmp_path, "outputs")

    with pytest.raises(Invalid, match="a file named 'outputs'"):
        plan(tmp_path, limits=ROOMY)


def test_too_many_bytes_name_the_ten_largest_and_the_cure(tmp_path):
    for number in range(12):
        write(tmp_path, f"data{number:02}/x.bin", text="x" * (100 + number))
    write(tmp_path, "train.py")

    with pytest.raises(Invalid) as caught:
        plan(tmp_path, limits=Limits(max_bytes=1000))

    lines = str(caught.value).splitlines()
    assert "1.3 kB in 13 files" in lines[0]
    assert [line.split()[2] for line in lines[1:11]][:2] == ["data11/", "data10/"]
    assert len([line for line in lines if " bytes " in line and line.startswith("  ")]) == 10
    assert lines[-3:] == ["  /data11/", "  /data10/", "  /data09/"]


def test_too_many_files_name_the_folder_that_has_them(tmp_path):
    write(tmp_path, *(f"project/images/{number}.png" for number in range(30)), "a.py", "b.py")
    write(tmp_path, ".gitignore", text="nothing\n")

    with pytest.raises(Invalid) as caught:
        plan(tmp_path, limits=Limits(max_files=20))

    assert "project/images/ (30 files)" in str(caught.value)
    assert "  /project/images/\n" in str(caught.value)
    assert ".amlignore takes the place of .gitignore" in str(caught.value)


def test_a_hopeless_folder_is_not_walked_to_its_end(tmp_path):
    write(tmp_path, *(f"d{number % 40}/{number}" for number in range(1500)))

    with pytest.raises(Invalid, match=r"at least .* files"):
        plan(tmp_path, limits=Limits(max_files=2))


def a_repository(top: Path) -> Path:
    """A repository with ignore files above and beside what is sent."""
    (top / ".git").mkdir()
    (top / ".gitignore").write_text("*.ckpt\n/project/big/\n/secret.txt\n")
    write(top, "project/train.py", "project/a.ckpt", "project/big/x.bin", "project/secret.txt")
    write(top, "project/lib/deep.ckpt", "project/keep.ckpt")
    return top / "project"


def test_ignore_files_of_the_folders_above_hold_as_git_says(tmp_path):
    project = a_repository(tmp_path)
    (project / ".gitignore").write_text("!keep.ckpt\n")

    planned = plan(project, limits=ROOMY)

    assert paths(planned) == [".gitignore", "keep.ckpt", "secret.txt", "train.py"]
    assert "ignored by the ignore files" in planned.excluded[-1]


def test_they_hold_in_each_folder_between_the_repository_and_what_is_sent(tmp_path):
    a_repository(tmp_path)
    (tmp_path / "project" / ".gitignore").write_text("deep.*\n!*.ckpt\n")
    write(tmp_path, "project/lib/b.ckpt", "project/lib/deep.py")

    assert paths(plan(tmp_path / "project" / "lib", limits=ROOMY)) == ["b.ckpt", "deep.ckpt"]


def test_an_amlignore_above_takes_the_place_of_git_s(tmp_path):
    project = a_repository(tmp_path)
    (tmp_path / ".amlignore").write_text("lib/\n")

    assert "a.ckpt" in paths(plan(project, limits=ROOMY))
    assert "lib/deep.ckpt" not in paths(plan(project, limits=ROOMY))


def test_without_a_repository_what_stands_above_says_nothing(tmp_path):
    project = a_repository(tmp_path)
    (tmp_path / ".git").rmdir()

    assert "a.ckpt" in paths(plan(project, limits=ROOMY))


def test_a_repository_within_another_is_its_own(tmp_path):
    project = a_repository(tmp_path)
    (project / ".git").write_text("gitdir: elsewhere\n")

    assert "a.ckpt" in paths(plan(project, limits=ROOMY))


@pytest.mark.parametrize("rule", ["*", "project/", "/project", "project/*\n*"])
def test_a_folder_that_is_ignored_is_sent_where_it_is_meant(tmp_path, rule):
    project = a_repository(tmp_path)
    (tmp_path / ".gitignore").write_text(rule + "\n")

    assert "train.py" in paths(plan(project, limits=ROOMY))


def test_what_is_named_outright_is_sent_though_a_folder_above_ignores_it(tmp_path):
    project = a_repository(tmp_path)

    assert paths(plan_files({}, include=["a.ckpt"], base=project, limits=ROOMY)) == ["a.ckpt"]
    assert paths(plan_files({}, include=["*"], base=project, limits=ROOMY)) == [
        "secret.txt", "train.py",
    ]  # fmt: skip
