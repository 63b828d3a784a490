"""The figures on the terminal."""

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from tests.accuracy.measures import Fault, Measured
from tests.accuracy.recorded import WITHIN_S
from tests.accuracy.results import Results
from tests.accuracy.targets import TARGETS

STYLES = {"reached": "green", "not yet": "#f6c700", "not measured": "dim"}
MOST_FAULTS = 4
"""Of each kind and scenario."""


def scenarios(results: Results) -> Table:
    """A line a scenario, and one for all of them."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("scenario", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for one in results.scenarios:
        table.add_row(one.scenario.name, *cells(one.measured), f"{one.us_a_fix:.0f}")
    if results.plain:
        table.add_row("all with 1 Hz, 5 m", *cells(results.plain), "", style="bold")
    if results.all:
        table.add_row("all", *cells(results.all), "", style="bold")
    return table


COLUMNS = (
    "distance m", "speed m/s", "gap s", "wrong legs", "laps", "fixes on them", "teleports", "valid", "heard", "gap",
    "covered", "flicker /h", "plain", "found", "us/fix",
)  # fmt: skip
"""Errors: median, p95, p99."""


def cells(measured: Measured) -> list[str]:
    """The figures of COLUMNS but the time."""
    return [
        percentiles(measured.distance_m, 1),
        percentiles(measured.speed_mps, 1),
        percentiles(measured.gap_s, 2),
        str(len(measured.wrong_legs)),
        str(len(measured.wrong_laps)),
        share(measured.wrong_leg_fixes, measured.fixes_placed, 2),
        str(len(measured.teleports)),
        share(measured.shown, measured.judged, 1),
        share(measured.heard_shown, measured.heard, 1),
        share(measured.gap_known, measured.judged, 1),
        share(measured.covered, len(measured.gap_s), 1),
        f"{measured.flicker_per_hour:.0f}",
        f"{measured.plain_flicker_per_hour:.0f}",
        f"{measured.events_found}/{measured.events}",
    ]


def targets(results: Results) -> Table:
    """What is to be reached, and what there is."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (("to reach", "left"), ("goal", "right"), ("now", "right"), ("", "left")):
        table.add_column(name, justify=justify)
    for target in TARGETS:
        verdict = target.verdict(results)
        table.add_row(target.name, target.goal, target.value(results), Text(verdict, style=STYLES[verdict]))
    return table


def peers(results: Results) -> Table:
    """What a user would do instead, on the same fixes."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("placed by", no_wrap=True)
    for name in ("fixes", "distance m", "on another leg", "us/fix"):
        table.add_column(name, justify="right", no_wrap=True)
    pooled = results.peers
    for name, answer in (
        ("engine", pooled.engine),
        ("shapely, nearest point", pooled.shapely),
        ("sample: engine", pooled.sampled_engine),
        ("sample: shapely, nearest point", pooled.sampled_shapely),
        ("sample: leuvenmapmatching", pooled.sampled_leuven),
    ):
        wrong = share(answer.wrong_legs, len(answer.distance_m), 1)
        table.add_row(
            name, f"{answer.fixes:,}", percentiles(answer.distance_m, 1), wrong, f"{answer.us_a_fix:.1f}"
        )
    return table


def recorded(results: Results) -> Table:
    """The recorded stage: our gaps less the published ones."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("recorded stage", no_wrap=True)
    for name in ("gaps", "difference s", "within 2 s"):
        table.add_column(name, justify="right", no_wrap=True)
    stage = results.recorded
    for name, off_s in (
        ("without one offset a frame", stage.aligned_s),
        ("the first group raw, the others so", stage.by_group_s),
        ("raw", stage.raw_s),
    ):
        within = int(np.count_nonzero(np.abs(off_s) <= WITHIN_S))
        table.add_row(name, f"{len(off_s):,}", percentiles(off_s, 2), share(within, len(off_s), 1))
    table.add_row(
        "offsets: p5, median, p95",
        f"{len(stage.offset_s):,}",
        " ".join(f"{value:+.2f}" for value in np.percentile(stage.offset_s, (5, 50, 95))),
        "",
    )
    back_s = stage.after_holes_s
    at_once = int(np.count_nonzero(back_s <= 0))
    table.add_row(
        "holes, half of the field back at once", f"{len(back_s):,}", "", share(at_once, len(back_s), 1)
    )
    return table


def faults(results: Results) -> Table:
    """Where to look: scenario, second and bib of what must not be."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("scenario", "fault", "how many", "the first: second, bib, metres off"):
        table.add_column(name, no_wrap=True)
    for one in results.scenarios:
        for kind, found in (("wrong leg", one.measured.wrong_legs), ("teleport", one.measured.teleports)):
            if found:
                table.add_row(one.scenario.name, kind, str(len(found)), first(found))
    return table


def first(found: list[Fault]) -> str:
    """Some faults, for people."""
    return "; ".join(
        f"{fault.second:.2f} s bib {fault.bib} {fault.metres:+.0f} m" for fault in found[:MOST_FAULTS]
    )


def percentiles(errors: NDArray[np.float64], digits: int) -> str:
    """Median, p95 and p99 of the absolute errors."""
    if not len(errors):
        return "-"
    return " ".join(f"{value:.{digits}f}" for value in np.percentile(np.abs(errors), (50, 95, 99)))


def share(part: int, whole: int, digits: int) -> str:
    """ "99.1 %"; "-" of nothing."""
    return f"{part / whole * 100:.{digits}f} %" if whole else "-"
