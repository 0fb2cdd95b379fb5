"""What a conda specification means for the Python index, where no channel can be reached."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name

from jupyter_aml.domain.environment import Conda
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments.conda import specs
from jupyter_aml.environments.conda.specs import Spec

_OTHER_NAMES = {
    "pytorch": "torch", "pytorch-cpu": "torch", "pytorch-gpu": "torch",
    "py-xgboost": "xgboost", "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost", "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless", "pytables": "tables", "tensorflow-base": "tensorflow",
    "tensorflow-cpu": "tensorflow", "tensorflow-gpu": "tensorflow", "tensorflow-mkl": "tensorflow",
    "keras-gpu": "keras", "keras-base": "keras", "matplotlib-base": "matplotlib",
    "seaborn-base": "seaborn", "numpy-base": "numpy", "pyarrow-core": "pyarrow", "pil": "pillow",
    "python-graphviz": "graphviz", "msgpack-python": "msgpack", "dask-core": "dask",
    "ray-core": "ray", "ray-default": "ray[default]", "ray-tune": "ray[tune]",
    "psycopg2": "psycopg2-binary", "faiss": "faiss-cpu", "python-blosc": "blosc",
    "ruamel_yaml": "ruamel.yaml", "fbprophet": "prophet", "pyqt": "PyQt5",
    "python-lmdb": "lmdb", "sqlalchemy-base": "sqlalchemy", "python-duckdb": "duckdb",
    "pysoundfile": "soundfile", "python-kaleido": "kaleido", "python-levenshtein": "Levenshtein",
}  # fmt: skip
"""The Python index's name of what conda calls otherwise."""

_NOT_PYTHON = frozenset(
    """
    anaconda autoconf automake bash binutils blas blosc boost boost-cpp bzip2 c-compiler
    ca-certificates cairo cblas clang clangxx coincbc coin-or-cbc compilers conda conda-build
    conda-pack cpuonly cuda cudatoolkit cudnn curl cxx-compiler eigen ffmpeg fftw fontconfig
    fortran-compiler freetype gcc gdb geos gettext gfortran ghostscript git git-lfs glpk glib gmp
    gnuplot go graphviz gsl gxx hdf5 htop icu imagemagick intel-openmp ipopt java-jdk jpeg jq julia
    krb5 lapack lame libblas libboost libcurl libedit libffi libgcc libgcc-ng libgdal libgfortran
    libgfortran-ng libgomp libiconv liblapack libnetcdf libopenblas libopencv libpng libpq
    libprotobuf libsndfile libsodium libspatialindex libspatialite libstdcxx libstdcxx-ng libtiff
    libtool libuuid libuv libwebp libxgboost libxml2 libxslt llvm llvm-openmp llvmdev lz4-c m4
    magma make mamba micromamba mkl mkl-dnn mkl-include mkl-service mkl_fft mkl_random mkl-devel
    mpfr mpich mysql mysql-client mysql-server nb_conda nb_conda_kernels nccl ncurses nodejs nomkl
    octave openblas openjdk openmpi openssl p7zip pandoc pari patchelf pcre perl pigz pixman
    pkg-config poppler postgresql proj pytorch-cuda pytorch-mutex qt qt-main r r-base r-essentials
    readline redis redis-server ruby rust scip scons sed sox spark sqlite subversion suitesparse
    sysroot_linux-64 tar tbb tbb-devel tesseract texlive-core tk tree unixodbc unzip vim wget
    xclip xz yaml yarn zeromq zip zlib zstd
    """.split()  # noqa: SIM905
)
_NOT_PYTHON_BEGINS = ("r-", "_", "cuda-", "libcu", "libnv", "gcc_", "gxx_", "gfortran_",
                      "binutils_", "sysroot_", "xorg-", "perl-", "font-", "fonts-",
                      "spacy-model-", "bioconductor-", "nvidia/")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Translated:
    """Requirement lines for the Python index, and a sentence for each wish that is not met."""

    pip: tuple[str, ...]
    warnings: tuple[str, ...]


def translate(conda: Conda) -> Translated:
    """Say in pip's way what the packages of a specification ask for; its `pip:` lines stay.

    Raises Invalid for text that is no conda requirement.
    """
    lines: list[str] = []
    warnings: list[str] = []
    for text in conda.packages:
        spec = specs.read(text)
        if _is_not_python(spec.name):
            warnings.append(
                f"{specs.masked(text)} is not a Python package and is not installed: "
                "without a conda channel it must be on the machine already"
            )
            continue
        version, told = pip_version(spec)
        lines.append(f"{_OTHER_NAMES.get(spec.name, spec.name)}{version}")
        warnings += told
    return Translated(tuple(dict.fromkeys((*lines, *conda.pip))), tuple(warnings))


def pip_version(spec: Spec) -> tuple[str, list[str]]:
    """The version that a conda requirement asks for as pip writes it, and what that leaves out."""
    warnings = []
    left_out = [f"the build {spec.build}"] if spec.build and spec.build != "*" else []
    left_out += spec.others
    if left_out:
        warnings.append(
            f"{' and '.join(left_out)} of {spec.name} is a matter of conda channels: "
            "the Python index's own build is taken"
        )
    try:
        return _pep440(spec.version), warnings
    except (InvalidSpecifier, Invalid):
        warnings.append(
            f"the version {spec.version} of {spec.name} cannot be asked of the Python index: "
            "any version is taken"
        )
        return "", warnings


def _pep440(version: str) -> str:
    if any(sign in version for sign in "|()^$"):
        raise Invalid("alternatives have no counterpart")
    text = ",".join(one for one in map(_part, version.split(",")) if one)
    SpecifierSet(text)
    return text


def _part(text: str) -> str:
    found = re.fullmatch(r"([<>=!~]*)(.*)", text)
    assert found is not None
    sign, version = found[1], found[2]
    is_open = version.endswith("*")
    bare = version.rstrip("*").rstrip(".")
    if not bare:
        return ""
    if sign in ("", "=", "=="):
        prefix = is_open or sign == "="
        return f"=={bare}.*" if prefix else f"=={bare}"
    if sign == "!=" and is_open:
        return f"!={bare}.*"
    if sign == "~=" and "." not in bare:
        return f">={bare}"
    return f"{sign}{bare}"


def _is_not_python(name: str) -> bool:
    if name in _NOT_PYTHON or name.startswith(_NOT_PYTHON_BEGINS):
        return True
    try:
        # Conda lets a name end in a dot or dash, which no name of the Python index does.
        canonicalize_name(name, validate=True)
    except InvalidName:
        return True
    return False
