"""The report in the terminal."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ardoise.rehearsal.drills.report.model import Report, Verdict

STYLES = {
    Verdict.HELD: "bold green",
    Verdict.FAILED: "bold red",
    Verdict.ABORTED: "bold red",
    Verdict.REFUSED: "bold #f6c700",
}
MOST_REASONS = 2
"""Of each drill in the summary: its report has them all."""


def summary(reports: Sequence[Report]) -> RenderableType:
    """Many drills, a line each; below, what speaks against those that did not hold."""
    table = Table(box=None, pad_edge=False)
    for name in ("no", "drill", "verdict"):
        table.add_column(name, no_wrap=True)
    for name in ("writes stood", "screens stood", "fixes", "lost", "doubled", "s"):
        table.add_column(name, justify="right")
    against = []
    for report in reports:
        fixes = report.figures.fixes
        broken = [one for one in report.findings if not one.holds]
        reasons = [*report.reasons, *(f"{one.invariant}: {one.against[0]}" for one in broken)]
        against += [Text(f"{report.name}: {reason}") for reason in reasons[:MOST_REASONS]]
        table.add_row(
            ",".join(map(str, report.numbers)),
            report.name,
            Text(report.verdict, style=STYLES[report.verdict]),
            seconds(report.figures.writes_interrupted_s),
            " ".join(seconds(value) for value in report.figures.picture_interrupted_s.values()),
            str(fixes.acknowledged),
            str(fixes.lost),
            str(fixes.doubled),
            f"{report.lasted_s:.0f}",
        )
    return Group(table, *against)


def print_report(report: Report, console: Console) -> None:
    """One drill: verdict, reasons, figures, invariants. Nothing that is to be copied is folded."""
    console.print(
        Text.assemble((report.verdict.upper(), STYLES[report.verdict]), f"  {report.name}: {report.title}"),
        *(Text(f"  {reason}") for reason in report.reasons),
        sep="\n",
        soft_wrap=True,
    )
    if report.findings:
        console.print(_figures(report), _findings(report), highlight=False)
    cast = ", ".join(f"{place} {site}" for place, site in report.cast.items())
    console.print(Text(f"seed {report.seed}  {report.lasted_s:.0f} s  {cast}", style="dim"))


def figure_lines(report: Report) -> list[tuple[str, str]]:
    """Name and value of each figure, for people."""
    figures, fixes = report.figures, report.figures.fixes
    return [
        ("decisions stood for", seconds(figures.writes_interrupted_s)),
        *(
            (f"picture stood for, {site}", seconds(value))
            for site, value in figures.picture_interrupted_s.items()
        ),
        ("the drill itself did not look for", seconds(figures.not_looking_s)),
        ("first acknowledgement, p50", milliseconds(figures.acknowledged_p50_ms)),
        ("first acknowledgement, p99", milliseconds(figures.acknowledged_p99_ms)),
        ("frames acknowledged", str(figures.frames)),
        ("fixes acknowledged", str(fixes.acknowledged)),
        ("fixes stored", str(fixes.stored)),
        ("fixes replayed", str(fixes.replayed)),
        ("replayed at, at least", times(figures.replayed_times)),
        ("fixes lost", str(fixes.lost)),
        ("fixes doubled", str(fixes.doubled)),
        *((f"decisions {outcome}", str(count)) for outcome, count in figures.decisions.items()),
        *(
            (f"caught up, {site}", f"{found.lasted_s:.0f} s at {found.share:.0%} of the spare rate")
            for site, found in figures.caught_up.items()
        ),
    ]


def seconds(value: float | None) -> str:
    """ "4.31 s"; "unknown" where it is."""
    return "unknown" if value is None else f"{value:.2f} s"


def times(value: float | None) -> str:
    """ "118 times real time"; "unknown" where it is."""
    return "unknown" if value is None else f"{value:.0f} times real time"


def milliseconds(value: float | None) -> str:
    """ "12 ms"; "unknown" where it is."""
    return "unknown" if value is None else f"{value:.0f} ms"


def _figures(report: Report) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in figure_lines(report):
        table.add_row(Text(name, style="dim"), Text(value, justify="right"))
    return table


def _findings(report: Report) -> Table:
    table = Table.grid(padding=(0, 2))
    for one in report.findings:
        mark = Text("holds", style="green") if one.holds else Text("broken", style="bold red")
        table.add_row(str(one.invariant), mark, one.title, Text(f"{one.checked} checked", style="dim"))
        for reason in one.against:
            table.add_row("", "", Text(reason, style="red"))
    return table
