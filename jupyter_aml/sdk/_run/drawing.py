"""Pictures of runs for papers, with matplotlib, which is imported when one is drawn."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from jupyter_aml.sdk._run import frames
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.widgets.labels import labels
from jupyter_aml.wire.numbers import number

if TYPE_CHECKING:
    import matplotlib.figure

    from jupyter_aml.sdk._run.place import RunPlace
    from jupyter_aml.wire.runs import WireRun

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which are told apart by people who are colour-blind, the yellow left out."""
_DASHES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")
_BEHIND_TEXT = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.5}
_MOST_PICTURES = 12
_WIDE, _HIGH = 5.2, 3.2
_FEW = 20
"""So many names of runs fit beside a picture."""

Curves = Mapping[str, tuple[list[float], list[float], list[float]]]


def curves(
    runs: Sequence[tuple[str, RunPlace]],
    names: Sequence[str] | None,
    *,
    by_time: bool,
    smooth: float,
) -> matplotlib.figure.Figure:
    """One picture a metric, one curve a run."""
    found = [(label, frames.curves(run)) for label, run in runs]
    chosen = _chosen([each for _, each in found], names)
    columns = 1 if len(chosen) == 1 else 2
    rows = math.ceil(len(chosen) / columns)
    figure = _figure(_WIDE * columns + (1.6 if len(runs) > 1 else 0.0), _HIGH * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(chosen):
            axes.set_visible(False)
            continue
        _draw(axes, chosen[place], found, by_time=by_time, smooth=smooth)
    _legend(figure, [label for label, _ in runs])
    return figure


def parallel(runs: Sequence[WireRun], names: Sequence[str] | None) -> matplotlib.figure.Figure:
    """A line a run through the axes of parameters and metrics."""
    chosen = list(names) if names is not None else _of_interest(runs)
    if len(chosen) < 2:
        raise UserErrorException("there are fewer than two parameters or metrics to draw")
    scales = [_Scale([value_of(run, name) for run in runs]) for name in chosen]
    figure = _figure(max(_WIDE, 1.5 * len(chosen) + 1), _HIGH + 0.4)
    axes = figure.subplots()
    colours = frames.need("matplotlib").colormaps["viridis"]
    for index in range(len(runs)):
        heights = [scale.heights[index] for scale in scales]
        colour = "#888888" if math.isnan(heights[-1]) else colours(heights[-1] * 0.9)
        axes.plot(range(len(chosen)), heights, color=colour, alpha=0.8, marker="o", ms=3)
    _dress(axes, chosen, scales)
    return figure


def scatter(runs: Sequence[WireRun], x: str, y: str) -> matplotlib.figure.Figure:
    """A point a run."""
    figure = _figure(_WIDE, _HIGH + 0.4)
    axes = figure.subplots()
    drawn = 0
    for place, (run, label) in enumerate(zip(runs, labels(runs), strict=True)):
        across, up = value_of(run, x), value_of(run, y)
        if _is_number(across) and _is_number(up):
            drawn += 1
            axes.plot(across, up, "o", color=_colour(place), label=label)
            if len(runs) <= _FEW:
                axes.annotate(label, (across, up), xytext=(4, 4), textcoords="offset points",
                              fontsize="x-small", parse_math=False)  # fmt: skip
    if not drawn:
        there = ", ".join(_of_interest(runs)) or "none at all"
        raise UserErrorException(f"no run has numbers for both {x!r} and {y!r}; there are {there}")
    axes.set_xlabel(x, parse_math=False)
    axes.set_ylabel(y, parse_math=False)
    _open(axes)
    return figure


def value_of(run: WireRun, name: str) -> Any:
    """A parameter or last metric of that name; `param.` or `metric.` in front decides."""
    kind, dot, key = name.partition(".")
    if dot and kind == "param":
        return run["parameters"].get(key)
    metrics = {metric: number(value) for metric, value in run["metrics"].items()}
    if dot and kind == "metric":
        return metrics.get(key)
    return metrics.get(name, run["parameters"].get(name))


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """The moving mean that forgets by `weight`, unbiased at its beginning; gaps stay gaps."""
    found, mean, mass = [], 0.0, 0.0
    for value in values:
        if value - value != 0:
            found.append(math.nan)
            continue
        mean = mean * weight + value * (1 - weight)
        mass = mass * weight + (1 - weight)
        found.append(mean / mass)
    return found


def _draw(
    axes: Any, name: str, found: Sequence[tuple[str, Curves]], *, by_time: bool, smooth: float
) -> None:
    held = [(place, _finite(each[name])) for place, (_, each) in enumerate(found) if name in each]
    axes.set_title(name, parse_math=False, fontsize="medium")
    _open(axes)
    if all(len(values) == 1 for _, (_, _, values) in held):
        axes.bar(
            [place for place, _ in held],
            [values[0] for _, (_, _, values) in held],
            color=[_colour(place) for place, _ in held],
        )
        # The names stand in the legend, in the colours of the bars.
        axes.set_xticks([])
        return
    for place, (steps, times, values) in held:
        across = [time - times[0] for time in times] if by_time else steps
        style = {"color": _colour(place), "linestyle": _DASHES[place // len(COLOURS) % 4]}
        if smooth:
            axes.plot(across, values, alpha=0.2, lw=0.8, **style)
            values = smoothed(values, smooth)
        axes.plot(across, values, lw=1.4, marker="o" if len(values) == 1 else "", ms=3, **style)
    axes.set_xlabel("seconds since the first" if by_time else "step")


def _finite(curve: tuple[list[float], list[float], list[float]]) -> Any:
    """The curve with a gap where its value is infinite: an axis has no place for that."""
    steps, times, values = curve
    return steps, times, [value if value - value == 0 else math.nan for value in values]


def _chosen(found: Sequence[Curves], names: Sequence[str] | None) -> list[str]:
    there = list(dict.fromkeys(name for each in found for name in each))
    if names is None:
        series = [n for n in there if any(len(each.get(n, ((), (), ()))[2]) > 1 for each in found)]
        names = (series or there)[:_MOST_PICTURES]
    missing = [name for name in names if name not in there]
    if missing or not names:
        listed = ", ".join(there[:20]) or "no numbers at all"
        what = (
            f"no numbers were logged as {missing[0]!r}" if missing else "there is nothing to draw"
        )
        raise UserErrorException(f"{what}; there are {listed}")
    return list(names)


def _of_interest(runs: Sequence[WireRun]) -> list[str]:
    """The parameters that differ and the metrics that are numbers."""
    parameters = dict.fromkeys(name for run in runs for name in run["parameters"])
    metrics = dict.fromkeys(name for run in runs for name in run["metrics"])
    differing = [
        f"param.{name}"
        for name in parameters
        if len({repr(run["parameters"].get(name)) for run in runs}) > 1
    ]
    numbers = [
        f"metric.{name}"
        for name in metrics
        if any(_is_number(run["metrics"].get(name)) for run in runs)
    ]
    return [*differing, *numbers][:_MOST_PICTURES]


class _Scale:
    """One axis from 0 to 1: numbers by size, all else by name."""

    def __init__(self, values: Sequence[Any]) -> None:
        known = [value for value in values if value is not None]
        finite = [value for value in known if _is_number(value)]
        self.names: list[str] = []
        self.low, self.high = 0.0, 1.0
        if finite and all(_is_number(value) or _is_unbounded(value) for value in known):
            self.low, self.high = min(finite), max(finite)
            wide = self.high - self.low
            self.heights = [
                ((value - self.low) / wide if wide else 0.5) if _is_number(value) else math.nan
                for value in values
            ]
            return
        self.names = sorted({str(value) for value in known})
        last = max(1, len(self.names) - 1)
        self.heights = [
            math.nan if value is None else self.names.index(str(value)) / last for value in values
        ]


def _dress(axes: Any, chosen: Sequence[str], scales: Sequence[_Scale]) -> None:
    axes.set_xlim(-0.2, len(chosen) - 0.6)
    axes.set_ylim(-0.08, 1.08)
    axes.set_yticks([])
    plain = [name.removeprefix("param.").removeprefix("metric.") for name in chosen]
    axes.set_xticks(range(len(chosen)), plain, parse_math=False)
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)
    for place, scale in enumerate(scales):
        axes.axvline(place, color="#808080", lw=0.8, zorder=0)
        last = max(1, len(scale.names) - 1)
        marks = [(index / last, name) for index, name in enumerate(scale.names)]
        for height, name in marks or [(0, f"{scale.low:.4g}"), (1, f"{scale.high:.4g}")]:
            axes.annotate(name[:24], (place, height), xytext=(4, 0), textcoords="offset points",
                          fontsize="x-small", va="center", parse_math=False,
                          bbox=_BEHIND_TEXT)  # fmt: skip


def _legend(figure: Any, labels: Sequence[str]) -> None:
    if len(labels) < 2:
        return
    from matplotlib.lines import Line2D

    shown = list(labels[:_FEW])
    handles = [
        Line2D([], [], color=_colour(place), linestyle=_DASHES[place // len(COLOURS) % 4])
        for place in range(len(shown))
    ]
    if len(labels) > _FEW:
        shown.append(f"and {len(labels) - _FEW} more")
        handles.append(Line2D([], [], linestyle=""))
    legend = figure.legend(handles, shown, loc="outside right upper", frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _open(axes: Any) -> None:
    axes.spines["top"].set_visible(False)
    axes.spines["right"].set_visible(False)
    axes.grid(visible=True, alpha=0.25, lw=0.6)
    axes.set_axisbelow(True)


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0


def _is_unbounded(value: Any) -> bool:
    """Whether it is a number that has no place on an axis: infinite, or not-a-number."""
    return isinstance(value, float) and value - value != 0


def _figure(wide: float, high: float) -> matplotlib.figure.Figure:
    made: matplotlib.figure.Figure = _picture()(figsize=(wide, high), layout="constrained")
    return made


@cache
def _picture() -> Any:
    figure = frames.need("matplotlib.figure").Figure

    class Picture(figure):  # type: ignore[misc,valid-type]
        """A figure that is no part of pyplot's, so that it is shown once, as a cell's value."""

        def _repr_png_(self) -> bytes:
            drawn = io.BytesIO()
            self.savefig(drawn, format="png", dpi=110)
            return drawn.getvalue()

    return Picture
