"""Pictures of a run for the report: inline SVG in the colours of the slate."""

import io
from contextlib import AbstractContextManager

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.accuracy.measures import WARM_UP_S, Measured, on_another_leg
from tests.accuracy.peers import Beside
from tests.accuracy.racing import Ridden
from tests.accuracy.recorded import WITHIN_S, RecordedStage
from tests.accuracy.running import Run

GROUND, CHALK, DIM, ACCENT, RED, LINE = "#14181d", "#e9ecef", "#8b98a5", "#f6c700", "#ff6b6f", "#2b333c"
RIDERS = (ACCENT, "#6cb6d9", "#c792ea", "#8fd694")
MAP_M = 440.0
"""Side of the map."""
BIN_S = 10.0

STYLE = {
    "svg.fonttype": "none",
    "font.size": 10,
    "figure.facecolor": GROUND,
    "axes.facecolor": GROUND,
    "axes.edgecolor": LINE,
    "axes.labelcolor": DIM,
    "axes.titlecolor": DIM,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": CHALK,
    "xtick.color": DIM,
    "ytick.color": DIM,
    "legend.frameon": False,
    "legend.labelcolor": DIM,
    "lines.linewidth": 1.3,
}


def of_scenario(name: str, ridden: Ridden, run: Run, measured: Measured) -> str:
    """Distance error over time, gap errors, some riders' gaps beside the true ones, a map of the hardest place."""
    with _style(name):
        figure = Figure(figsize=(13.5, 6.6), layout="constrained")
        axes = figure.subplots(2, 2, width_ratios=(1.7, 1))
        _distance_over_time(axes[0, 0], ridden, run)
        _gap_errors(axes[0, 1], measured)
        _gaps_beside_truth(axes[1, 0], ridden, run)
        _map(axes[1, 1], ridden, run)
        return _svg(figure)


def of_peers(peers: Beside) -> str:
    """How far off which share of the fixes is put: the engine, the nearest point, and the matcher."""
    with _style("peers"):
        figure = Figure(figsize=(13.5, 3.4), layout="constrained")
        axes = figure.subplots(1, 2)
        for axis, title, answers in (
            (axes[0], "all fixes", {"engine": peers.engine, "nearest point": peers.shapely}),
            (
                axes[1],
                "the sample that leuvenmapmatching was given",
                {
                    "engine": peers.sampled_engine,
                    "nearest point": peers.sampled_shapely,
                    "leuvenmapmatching": peers.sampled_leuven,
                },
            ),
        ):
            for (name, answer), colour in zip(answers.items(), (ACCENT, CHALK, RIDERS[1]), strict=False):
                _cumulative(axis, answer.distance_m, colour, name)
            axis.set(title=f"Distance error: {title}", xlabel="m", ylabel="share of fixes", xscale="log")
            axis.set_xlim(0.3, 60_000)
            axis.xaxis.set_major_formatter("{x:g}")
            _legend(axis)
        return _svg(figure)


def of_recorded(recorded: RecordedStage) -> str:
    """The recorded stage: offsets by frame, and differences with and without them."""
    with _style("recorded"):
        figure = Figure(figsize=(13.5, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.7, 1))
        hours = recorded.second / 3600
        typical_s = [
            np.median(np.abs(off - offset))
            for off, offset in zip(recorded.off_s, recorded.offset_s, strict=True)
        ]
        left.plot(hours, recorded.offset_s, color=DIM, label="offset of the frame")
        left.plot(hours, typical_s, color=ACCENT, label="median difference without it")
        left.set(title="Our gap less the published one", xlabel="hours of the recording", ylabel="s")
        left.set_ylim(-8, 12)
        _legend(left)
        _cumulative(right, recorded.raw_s, CHALK, "raw")
        _cumulative(right, recorded.aligned_s, ACCENT, "without one offset a frame")
        right.axvline(WITHIN_S, color=DIM, linestyle=":")
        right.set(title="Differences", xlabel="s", ylabel="share", xlim=(0, 12))
        _legend(right)
        return _svg(figure)


def _style(name: str) -> AbstractContextManager[None]:
    """Ids of one picture must not be those of another: on a page they are all in one document."""
    return matplotlib.rc_context(STYLE | {"svg.hashsalt": name})


def _legend(axis: Axes) -> None:
    """Above, where no line goes."""
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, borderaxespad=0.1)


def _distance_over_time(axis: Axes, ridden: Ridden, run: Run) -> None:
    shown = run.shown.until(ridden.truth.time_s[-1])
    off_m = np.abs(shown.distance_m - ridden.truth.at(ridden.truth.distance_m, shown.time_s))
    edges_s = np.arange(WARM_UP_S, shown.time_s[-1], BIN_S)
    parts = [off_m[(shown.time_s >= edge) & (shown.time_s < edge + BIN_S)] for edge in edges_s]
    parts = [part[~np.isnan(part)] for part in parts]
    for percent, colour in ((50, ACCENT), (95, CHALK), (100, RED)):
        values = [np.percentile(part, percent) if len(part) else np.nan for part in parts]
        label = {50: "median", 95: "p95", 100: "worst rider"}[percent]
        axis.plot(edges_s, np.maximum(values, 0.3), color=colour, label=label)
    axis.set(title="Distance error", xlabel="s", ylabel="m", yscale="log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("")
    _legend(axis)


def _gap_errors(axis: Axes, measured: Measured) -> None:
    _cumulative(axis, measured.gap_s, ACCENT, "")
    axis.axvline(0.2, color=DIM, linestyle=":")
    axis.axvline(1.0, color=DIM, linestyle=":")
    axis.set(
        title="Gap error; dotted: where half and 99 % ought to be", xlabel="s", ylabel="share", xlim=(0, 6)
    )


def _gaps_beside_truth(axis: Axes, ridden: Ridden, run: Run) -> None:
    shown, truth = run.shown.until(ridden.truth.time_s[-1]), ridden.truth
    true_s = truth.at(truth.gap_s, shown.time_s)
    # The last of the race at its end, the first, and two in between.
    known = np.flatnonzero(~np.isnan(true_s[-1]))
    order = known[np.argsort(true_s[-1, known])]
    if not len(order):
        return
    for nth, colour in zip((0, len(order) // 3, 2 * len(order) // 3, -1), RIDERS, strict=True):
        rider = order[nth]
        axis.plot(shown.time_s[::4], shown.gap_s[::4, rider], color=colour, label=f"bib {rider + 1}")
        axis.plot(shown.time_s[::4], true_s[::4, rider], color=CHALK, linewidth=0.7, linestyle="--")
    axis.set(title="Gaps of four riders; dashed: true", xlabel="s", ylabel="s")
    _legend(axis)


def _map(axis: Axes, ridden: Ridden, run: Run) -> None:
    """Where fixes were put around the place where most went wrong, or else where the road is most bent."""
    course, placed = ridden.course, run.placed
    put = placed.only(~np.isnan(placed.placed_m) & ~np.isnan(placed.true_m))
    wrong = on_another_leg(course, put.placed_m, put.true_m)
    if wrong.any():
        centre_m = float(np.median(put.true_m[wrong]))
    else:
        ridden_m = np.arange(np.nanmin(put.true_m) + 300, np.nanmax(put.true_m) - 300, 50.0)
        x_m, y_m = course.plane_m(ridden_m[:, None] + np.array([-150.0, 150.0]))
        bent = np.hypot(np.diff(x_m), np.diff(y_m))[:, 0]
        centre_m = float(ridden_m[np.argmin(bent)]) if len(ridden_m) else course.start_m
    centre_x, centre_y = (float(column[0]) for column in course.plane_m(np.array([centre_m])))
    road_x, road_y = course.x_m - centre_x, course.y_m - centre_y
    seen = np.hypot(road_x, road_y) < MAP_M
    axis.plot(np.where(seen, road_x, np.nan), np.where(seen, road_y, np.nan), color=DIM, linewidth=1.0)
    fix_x, fix_y = course.from_degrees_e7(put.latitude_e7, put.longitude_e7)
    near = (np.hypot(fix_x - centre_x, fix_y - centre_y) < MAP_M) & (
        np.abs(put.true_m - centre_m) < 2 * MAP_M
    )
    right = np.flatnonzero(near & ~wrong)[:: max(int((near & ~wrong).sum() / 300), 1)]
    amiss = np.flatnonzero(near & wrong)[:: max(int((near & wrong).sum() / 150), 1)]
    at_x, at_y = course.plane_m(put.placed_m)
    for which, colour, name in ((right, ACCENT, "right leg"), (amiss, RED, "another")):
        axis.plot(
            np.stack((fix_x[which], at_x[which])) - centre_x,
            np.stack((fix_y[which], at_y[which])) - centre_y,
            color=colour,
            linewidth=0.8,
        )
        axis.plot([], [], color=colour, label=name)
    half = MAP_M / 2
    axis.set(
        title="From fixes to where they were put",
        xlabel="m",
        xlim=(-half, half),
        ylim=(-half / 1.6, half / 1.6),
    )
    axis.set_aspect("equal")
    _legend(axis)


def _cumulative(axis: Axes, errors: np.ndarray, colour: str, name: str) -> None:
    shares = np.linspace(0.0, 100.0, 201)
    if len(errors):
        axis.plot(np.percentile(np.abs(errors), shares), shares / 100, color=colour, label=name or None)


def _svg(figure: Figure) -> str:
    written = io.StringIO()
    figure.savefig(written, format="svg")
    text = written.getvalue()
    return text[text.index("<svg") :]
