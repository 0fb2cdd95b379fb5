"""Answers the names that libraries have lost, where a script of their time asks for them.

Copied beside `start.py`, which finds it; it imports nothing of this package by name and runs on
Python 3.10. Each name is answered where it is asked for, and told once on stderr.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # Its module brings many others.

_HINT = " (AML_OLD_LIBRARIES=0 switches such answers off)"
_told: set[str] = set()


def find(name: str, path: Any, target: Any, us: object) -> ModuleSpec | None:
    """What the other finders have of that name, to be mended; else what it became."""
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        if finder is us or find_spec is None:
            continue
        spec: ModuleSpec | None = find_spec(name, path, target)
        if spec is not None:
            if name in _MENDS and spec.loader is not None:
                spec.loader = _Mending(spec.loader, _MENDS[name])
            return spec
    return ModuleSpec(name, _Moved(name, _MOVED[name])) if name in _MOVED else None


class _Mending(Loader):
    """The loader of a module, which mends it when it is loaded."""

    def __init__(self, loader: Any, mend: Callable[[Any], None]) -> None:
        self._loader, self._mend = loader, mend

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as its own loader does."""
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        """Load it, and mend it; what cannot be mended is as it came."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        try:
            self._mend(module)
        except Exception as error:
            _say(f"{module.__name__} is as it came, without its old names: {error!r}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class _Moved(Loader):
    """The loader of a module that is another one by now."""

    def __init__(self, name: str, place: str) -> None:
        self._name, self._place = name, place
        self._spec: Any = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The other module; ImportError where it is not there either."""
        module = import_module(self._place)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it is."""
        module.__spec__ = self._spec
        _tell(self._name, self._place)


def _tell(name: str, answer: str) -> None:
    if name not in _told:
        _told.add(name)
        _say(f"{name} was removed: {answer} answers" + (_HINT if len(_told) == 1 else ""))


def _say(sentence: str) -> None:
    print(f"jupyter_aml: {sentence}", file=sys.stderr)


def _answer(module: Any, old: Mapping[str, Callable[[Any], Any]], shown: str) -> None:
    """Let a module answer these names where it does not do so itself."""
    own = vars(module).get("__getattr__")

    def __getattr__(name: str) -> Any:
        try:
            if own is None:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return own(name)
        except AttributeError:
            if name not in old:
                raise
        value = old[name](module)
        _tell(f"{shown}.{name}", _name_of(value))
        setattr(module, name, value)
        return value

    module.__getattr__ = __getattr__


def _name_of(value: Any) -> str:
    value = getattr(value, "func", value)  # of a partial one
    return str(getattr(value, "__qualname__", getattr(value, "__name__", repr(value))))


# ---- numpy ------------------------------------------------------------------------------------


def _numpy(numpy: Any) -> None:
    _answer(numpy, _OF_NUMPY, "numpy")


def _same(value: Any) -> Callable[[Any], Any]:
    return lambda module: value


def _now(name: str) -> Callable[[Any], Any]:
    return lambda module: functools.reduce(getattr, name.split("."), module)


_OF_NUMPY: dict[str, Callable[[Any], Any]] = {
    # NumPy 1.24
    "bool": _same(bool), "int": _same(int), "float": _same(float), "complex": _same(complex),
    "object": _same(object), "str": _same(str), "long": _same(int), "unicode": _same(str),
    # NumPy 2.0
    "Inf": _now("inf"), "Infinity": _now("inf"), "PINF": _now("inf"), "infty": _now("inf"),
    "NINF": lambda numpy: -numpy.inf, "NaN": _now("nan"), "NAN": _now("nan"),
    "PZERO": _same(0.0), "NZERO": _same(-0.0),
    "float_": _now("float64"), "complex_": _now("complex128"), "cfloat": _now("complex128"),
    "singlecomplex": _now("complex64"), "longfloat": _now("longdouble"),
    "longcomplex": _now("clongdouble"), "clongfloat": _now("clongdouble"),
    "unicode_": _now("str_"), "string_": _now("bytes_"), "object0": _now("object_"),
    "alltrue": _now("all"), "sometrue": _now("any"), "product": _now("prod"),
    "cumproduct": _now("cumprod"), "round_": _now("round"), "mat": _now("asmatrix"),
    "row_stack": _now("vstack"), "in1d": _now("isin"), "trapz": _now("trapezoid"),
    "asfarray": lambda numpy: functools.partial(numpy.asarray, dtype=float),
    "msort": lambda numpy: functools.partial(numpy.sort, axis=0),
}  # fmt: skip


# ---- pandas -----------------------------------------------------------------------------------


def _pandas(pandas: Any) -> None:
    _answer(pandas, _OF_PANDAS, "pandas")
    for kind, old in ((pandas.DataFrame, _OF_FRAMES), (pandas.Series, _OF_SERIES)):
        for name, (call, answer) in old.items():
            if not hasattr(kind, name):
                setattr(kind, name, _method(f"{kind.__name__}.{name}", call, answer))


def _method(name: str, call: Callable[..., Any], answer: str) -> Any:
    @functools.wraps(call)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        _tell(name, answer)
        return call(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name.rpartition(".")[2]
    return method


def _append_to_frame(
    self: Any,
    other: Any,
    ignore_index: bool = False,
    verify_integrity: bool = False,
    sort: bool = False,
) -> Any:
    """The frame with the rows of others, or of dictionaries and series, below it."""
    import pandas

    if isinstance(other, (pandas.Series, dict)):
        others = [_row(self, other, ignore_index)]
    elif isinstance(other, (list, tuple)) and other and not isinstance(other[0], type(self)):
        others = [pandas.DataFrame(other)]
    else:
        others = [*other] if isinstance(other, (list, tuple)) else [other]
    return _joined([self, *others], ignore_index, verify_integrity, sort)


def _row(frame: Any, row: Any, ignore_index: bool) -> Any:
    """A row as a frame, as `DataFrame.append` took it."""
    import pandas

    if isinstance(row, dict):
        if not ignore_index:
            raise TypeError("Can only append a dict if ignore_index=True")
        row = pandas.Series(row)
    if row.name is None and not ignore_index:
        raise TypeError("Can only append a Series if ignore_index=True or if the Series has a name")
    made = row.to_frame().T.infer_objects()
    return made.rename_axis(frame.index.names) if row.name is not None else made


def _append_to_series(
    self: Any, to_append: Any, ignore_index: bool = False, verify_integrity: bool = False
) -> Any:
    """The series with others behind it."""
    others = [*to_append] if isinstance(to_append, (list, tuple)) else [to_append]
    return _joined([self, *others], ignore_index, verify_integrity, False)


def _joined(parts: list[Any], ignore_index: bool, verify_integrity: bool, sort: bool) -> Any:
    import pandas

    with warnings.catch_warnings():
        # Empty frames that rows are appended to were how one did it.
        warnings.simplefilter("ignore", FutureWarning)
        return pandas.concat(
            parts, ignore_index=ignore_index, verify_integrity=verify_integrity, sort=sort
        )


def _items(self: Any) -> Any:
    """Names and columns, or labels and values."""
    return self.items()


def _as_matrix(self: Any, columns: Any = None) -> Any:
    """The values as an array."""
    return (self if columns is None else self[columns]).to_numpy()


_OF_FRAMES: dict[str, tuple[Callable[..., Any], str]] = {
    "append": (_append_to_frame, "pandas.concat"),
    "iteritems": (_items, "DataFrame.items"),
    "as_matrix": (_as_matrix, "DataFrame.to_numpy"),
}
_OF_SERIES: dict[str, tuple[Callable[..., Any], str]] = {
    "append": (_append_to_series, "pandas.concat"),
    "iteritems": (_items, "Series.items"),
}
_OF_PANDAS: dict[str, Callable[[Any], Any]] = {
    "np": lambda pandas: import_module("numpy"),
    "datetime": lambda pandas: import_module("datetime").datetime,
    "Int64Index": _now("Index"), "UInt64Index": _now("Index"), "Float64Index": _now("Index"),
}  # fmt: skip


# ---- scikit-learn -----------------------------------------------------------------------------


def _metrics(metrics: Any) -> None:
    _answer(metrics, _OF_METRICS, "sklearn.metrics")
    now = metrics.mean_squared_error
    if "squared" in _arguments(now):
        return

    @functools.wraps(now)
    def mean_squared_error(*args: Any, **kwargs: Any) -> Any:
        if "squared" not in kwargs:
            return now(*args, **kwargs)
        _tell("mean_squared_error(squared=...)", "root_mean_squared_error")
        is_squared = kwargs.pop("squared")
        return (now if is_squared else metrics.root_mean_squared_error)(*args, **kwargs)

    metrics.mean_squared_error = mean_squared_error


_OF_METRICS: dict[str, Callable[[Any], Any]] = {
    "plot_confusion_matrix": _now("ConfusionMatrixDisplay.from_estimator"),
    "plot_roc_curve": _now("RocCurveDisplay.from_estimator"),
    "plot_precision_recall_curve": _now("PrecisionRecallDisplay.from_estimator"),
    "plot_det_curve": _now("DetCurveDisplay.from_estimator"),
}


def _preprocessing(module: Any) -> None:
    _name_features(module.OneHotEncoder, module.PolynomialFeatures)
    encoder = module.OneHotEncoder
    now = encoder.__init__
    if "sparse" in _arguments(now):
        return

    @functools.wraps(now)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if "sparse" in kwargs:
            _tell("OneHotEncoder(sparse=...)", "sparse_output")
            kwargs["sparse_output"] = kwargs.pop("sparse")
        now(self, *args, **kwargs)

    encoder.__init__ = __init__


def _text(module: Any) -> None:
    _name_features(module.CountVectorizer)


def _name_features(*kinds: Any) -> None:
    for kind in kinds:
        if not hasattr(kind, "get_feature_names"):
            name = f"{kind.__name__}.get_feature_names"
            kind.get_feature_names = _method(name, _feature_names, "get_feature_names_out")


def _feature_names(self: Any, input_features: Any = None) -> list[str]:
    """The names of what comes out, as a list."""
    out = self.get_feature_names_out
    return list(out() if input_features is None else out(input_features))


def _arguments(call: Any) -> Mapping[str, Any]:
    from inspect import signature

    return signature(call).parameters


# ---- matplotlib, IPython ----------------------------------------------------------------------


def _style(style: Any) -> None:
    """Answer for the styles of seaborn by their names without a version."""
    for name in [*style.library]:
        if name.startswith("seaborn-v0_8"):
            style.library.setdefault(f"seaborn{name[len('seaborn-v0_8') :]}", style.library[name])


def _shell(module: Any) -> None:
    """Leave the retired SDK out of what a notebook installs, in kernels without our magics, too."""
    kind = module.InteractiveShell
    begin = kind.__init__

    @functools.wraps(begin)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        self.input_transformers_cleanup.append(_without_the_old_sdk)

    kind.__init__ = __init__


def _without_the_old_sdk(lines: list[str]) -> list[str]:
    text = "".join(lines).lower()
    if "azureml" not in text or ("install" not in text and "show" not in text):
        return lines
    from importlib.util import find_spec

    if find_spec("jupyter_aml") is None:
        alias = os.path.dirname(os.path.abspath(__file__))
        sys.path.append(os.path.join(os.path.dirname(alias), "lib"))
    transform = import_module("jupyter_aml.magics.cells.pip_lines").transform
    return transform(lines)  # type: ignore[no-any-return]


_MENDS: dict[str, Callable[[Any], None]] = {
    "IPython.core.interactiveshell": _shell,
    "matplotlib.style": _style,
    "numpy": _numpy,
    "pandas": _pandas,
    "sklearn.feature_extraction.text": _text,
    "sklearn.metrics": _metrics,
    "sklearn.preprocessing": _preprocessing,
}
_MOVED = {
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.datasets.samples_generator": "sklearn.datasets",
    "sklearn.ensemble.forest": "sklearn.ensemble",
    "sklearn.externals.joblib": "joblib",
    "sklearn.externals.six": "six",
    "sklearn.grid_search": "sklearn.model_selection",
    "sklearn.learning_curve": "sklearn.model_selection",
    "sklearn.tree.tree": "sklearn.tree",
}
