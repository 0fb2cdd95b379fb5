"""Why a build failed: one sentence out of what uv printed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jupyter_aml.domain.errors import AmlError, Invalid, StorageFailed, Unreachable
from jupyter_aml.domain.near import near
from jupyter_aml.environments.requirements import masked

_OTHER_NAMES = {
    "sklearn": "scikit-learn", "cv2": "opencv-python", "pil": "pillow", "yaml": "pyyaml",
    "bs4": "beautifulsoup4", "skimage": "scikit-image", "dateutil": "python-dateutil",
    "pytorch": "torch", "tf": "tensorflow", "attr": "attrs", "crypto": "pycryptodome",
    "dotenv": "python-dotenv", "py-xgboost": "xgboost", "opencv": "opencv-python",
}  # fmt: skip
_WELL_KNOWN = tuple(
    """
    numpy pandas scipy matplotlib scikit-learn scikit-image seaborn plotly bokeh altair torch
    torchvision torchaudio tensorflow keras jax flax lightgbm xgboost catboost statsmodels
    transformers datasets tokenizers accelerate sentence-transformers huggingface-hub nltk spacy
    gensim opencv-python opencv-python-headless pillow requests httpx aiohttp flask fastapi
    uvicorn django sqlalchemy psycopg2-binary pymysql redis pymongo pyarrow fastparquet polars
    dask distributed ray joblib tqdm click typer rich pydantic pyyaml toml jinja2 lxml
    beautifulsoup4 selenium pytest hypothesis black ruff mypy jupyter jupyterlab notebook
    ipykernel ipywidgets papermill nbconvert mlflow wandb tensorboard optuna hyperopt shap
    imbalanced-learn networkx sympy numba cython h5py tables openpyxl xlrd python-dateutil pytz
    protobuf grpcio boto3 azure-storage-blob azure-identity google-cloud-storage fsspec s3fs
    geopandas shapely prophet pmdarima umap-learn category-encoders onnx onnxruntime skl2onnx
    """.split()  # noqa: SIM905
)
_ABSENT = re.compile(r"Because (\S+) was not found in the (?:package registry|provided)")
_NEEDS = re.compile(
    r"(?:Because|because|and) (?:only |all versions of )?(\S+) depends? on "
    r"(\S+?)(?:\{[^}]*\})?([<>=!~][^\s]*)?(?=[\s,.]|\Z)"
)
_REQUIRED = re.compile(r"you require ([^\s,]+(?:,[<>=!~][^\s,]*)*)")
_NO_WHEEL = re.compile(
    r"(?:Because |because |and )(\S+) has no (?:usable wheels|wheels with a matching)"
)
_NO_VERSION = re.compile(r"there is no version of (\S+)")
_FILE_GONE = re.compile(r"(?:404|410) [^()]*\) for url \(\S*?([^/\s()]+\.(?:whl|tar\.gz|zip))[#)]")
_BUILT = re.compile(r"Failed to (?:build|download and build) `?([^`\s]+)`?")
_PYTHON = re.compile(r"(\S+) (?:depends on|requires) Python ?([<>=!~][^\s]*)")


class Gone(Invalid):
    """The index has no such version, of which it may have told before."""


def failed(output: str, *, python: str, asked: Iterable[str], known: Iterable[str]) -> AmlError:
    """The error for what uv printed when it failed.

    `asked` are the requirements, `known` names of packages that are known to exist.
    """
    text = masked(output)
    flat = " ".join(text.split())
    if "No space left on device" in text or "os error 28" in text:
        return StorageFailed("the disk is full, so the environment was not built")
    gone = _FILE_GONE.search(flat)
    if gone:
        return Gone(f"the index has no file {gone[1]} any more")
    if "Failed to fetch" in text or "error sending request" in text or "dns error" in text:
        return Unreachable(f"the package index does not answer ({_last_cause(text)})")
    absent = _ABSENT.search(flat)
    if absent:
        return Invalid(f"there is no package {absent[1]!r} in the index{_near(absent[1], known)}")
    built = _BUILT.search(flat)
    if built:
        return Invalid(
            f"{built[1]} has no wheel for Python {python} and could not be built from its source; "
            "the build log says why"
        )
    no_version = _NO_VERSION.search(flat)
    if no_version:
        return Gone(f"there is no version {no_version[1]} in the index")
    return Invalid(_unsatisfiable(flat, python, list(asked)))


def _unsatisfiable(flat: str, python: str, asked: list[str]) -> str:
    needs_python = _PYTHON.search(flat)
    if needs_python:
        return f"{needs_python[1]} needs Python{needs_python[2]}, and this is Python {python}"
    needs = _NEEDS.search(flat)
    if needs and needs[3]:
        other = [one for one in _REQUIRED.findall(flat) if _begins(one, needs[2])]
        against = other[-1].rstrip(".") if other else _rival(flat, needs[2], needs[1])
        if against:
            return f"{needs[1]} needs {needs[2]}{needs[3].rstrip(',.')}, but {against} is required"
    no_wheel = _NO_WHEEL.search(flat)
    if no_wheel:
        return f"{no_wheel[1]} has no wheel for Python {python}"
    cause = re.search(r"cause: (.+?)(?: hint: |\Z)", flat)
    return f"the requirements cannot be met together: {cause[1] if cause else flat[:400]}"


def _rival(flat: str, name: str, first: str) -> str | None:
    """Another package that wants a version of `name`, as `pandas==2.2 needs numpy>=1.23`."""
    for who, what, version in _NEEDS.findall(flat):
        if what == name and who != first and version:
            return f"{name}{version.rstrip(',.')} by {who}"
    return None


def _begins(requirement: str, name: str) -> bool:
    return re.match(rf"{re.escape(name)}(?![\w.-])", requirement) is not None


def _near(name: str, known: Iterable[str]) -> str:
    other = _OTHER_NAMES.get(name.lower())
    close = [other] if other else near(name.lower(), [*_WELL_KNOWN, *known], 3, alike=0.75)
    return (
        f"; did you mean {' or '.join(repr(one) for one in dict.fromkeys(close))}?" if close else ""
    )


def _last_cause(text: str) -> str:
    causes = re.findall(r"cause: (.+)", text)
    return causes[-1].strip() if causes else "no answer"
