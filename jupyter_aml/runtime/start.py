"""The `sitecustomize` of runs and kernels: watches for imports of libraries that lost old names.

It lies beside the alias of `azureml` at the path of each interpreter that the engine starts. The
work is done by `old_libraries.py` beside it, when numpy, pandas or scikit-learn are imported; who
imports none of them pays for a look at the name of each import. `AML_OLD_LIBRARIES=0` switches it
off. A `sitecustomize` of the environment is run as if this one were not there. Whatever Python is
started may find this file, so it holds nothing that an old Python 3 cannot read.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_WATCHED = frozenset((
    "IPython.core.interactiveshell", "matplotlib.style", "numpy", "pandas",
    "sklearn.cross_validation", "sklearn.datasets.samples_generator", "sklearn.ensemble.forest",
    "sklearn.externals.joblib", "sklearn.externals.six", "sklearn.feature_extraction.text",
    "sklearn.grid_search", "sklearn.learning_curve", "sklearn.metrics", "sklearn.preprocessing",
    "sklearn.tree.tree",
))  # fmt: skip


class OldLibraries:
    """The first finder of imports: it finds nothing by itself."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        """Let the others find the module, and have it mended once it is loaded."""
        if name not in _WATCHED:
            return None
        return _mending().find(name, path, target, self)


def _mending() -> "module":  # type: ignore[name-defined,unused-ignore]  # noqa: F821
    """The module beside this one, wherever the path leads by now."""
    known = sys.modules.get("_aml_old_libraries")
    if known is None:
        from importlib.util import module_from_spec, spec_from_file_location

        place = os.path.join(_HERE, "_aml_old_libraries.py")
        spec = spec_from_file_location("_aml_old_libraries", place)
        assert spec is not None and spec.loader is not None
        known = sys.modules["_aml_old_libraries"] = module_from_spec(spec)
        spec.loader.exec_module(known)
    return known


def _begin() -> None:
    known = [type(finder).__name__ for finder in sys.meta_path]
    is_wanted = os.environ.get("AML_OLD_LIBRARIES") != "0" and "OldLibraries" not in known
    # Older ones, which scripts may start, have libraries of their time.
    if is_wanted and sys.version_info >= (3, 10):
        sys.meta_path.insert(0, OldLibraries())  # type: ignore[arg-type]


def _go_on() -> None:
    """Run the `sitecustomize` that this one stands before, in its place."""
    from _frozen_importlib import module_from_spec  # type: ignore[attr-defined,unused-ignore]
    from _frozen_importlib_external import PathFinder  # type: ignore[attr-defined,unused-ignore]

    others = [entry for entry in sys.path if os.path.abspath(entry) != _HERE]
    spec = PathFinder.find_spec(__name__, others)
    if spec is not None and spec.loader is not None and spec.origin is not None:
        sys.modules[__name__] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[__name__])


def _wait() -> None:
    """Wait for the script, where this interpreter was started ahead of its run."""
    from _frozen_importlib import module_from_spec  # type: ignore[attr-defined,unused-ignore]
    from _frozen_importlib_external import (  # type: ignore[attr-defined,unused-ignore]
        spec_from_file_location,
    )

    known = set(sys.modules)
    spec = spec_from_file_location("_aml_waiting", os.path.join(_HERE, "_aml_waiting.py"))
    assert spec is not None and spec.loader is not None
    waiting = module_from_spec(spec)
    spec.loader.exec_module(waiting)
    waiting.wait(known)


if __name__ == "sitecustomize":
    _begin()
    _go_on()
    if "AML_WARM" in os.environ:
        _wait()
