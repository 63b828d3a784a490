"""`python -m tests.accuracy`: rides every scenario, measures the engine against the truth, prints the figures."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.accuracy import plots, roads, table
from tests.accuracy.crowd import crowd
from tests.accuracy.page import page
from tests.accuracy.peers import beside
from tests.accuracy.recorded import ride_recorded
from tests.accuracy.results import Result, Results, ridden
from tests.accuracy.scenarios import SCENARIOS, Scenario

SEED = 7
RECORDED, CROWD = "recorded", "crowd"
"""Names for --only of what is no scenario."""

Only = Annotated[
    list[str] | None,
    typer.Option(help="A scenario, or several: ladder, 'ladder*', recorded, crowd. Again for more."),
]


def main(
    only: Only = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Some scenarios, no peers: within a minute.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Where to write index.html with plots.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed is the same races.")] = SEED,
) -> None:
    """How right the engine is: distances, speeds, gaps, legs and groups against the truth.

    It measures: figures that are not reached yet are no failure.
    """
    console = Console(width=None if sys.stdout.isatty() else 220, highlight=False)
    console.print(f"seed {seed}")
    there = roads.SHARED_DATA.is_dir()
    wanted = [
        scenario for scenario in SCENARIOS if _is_wanted(scenario.name, only, scenario.quick or not quick)
    ]
    recorded, crowded = (_is_wanted(name, only, not quick) for name in (RECORDED, CROWD))
    if not (wanted or recorded or crowded):
        sys.exit(
            f"nothing of that name: {' '.join(scenario.name for scenario in SCENARIOS)} {RECORDED} {CROWD}"
        )
    if not there:
        skipped = [scenario.name for scenario in wanted if scenario.where.real] + [RECORDED] * recorded
        console.print(
            *(f"skipped {name}: needs ../shared/data beside the repository" for name in skipped), sep="\n"
        )
    results = Results(seed)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        for scenario in wanted:
            if there or not scenario.where.real:
                with _shown(progress, f"{scenario.name}: {scenario.about}") as done:
                    _ride(scenario, results, done, peers=not quick, pictures=report is not None)
        if recorded and there:
            with _shown(progress, "the recorded stage") as done:
                results.recorded = ride_recorded(roads.SHARED_DATA, done)
        if crowded:
            with _shown(progress, "20,000 riders") as done:
                results.crowd = crowd(done)
    _print(results, console)
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        (report / "index.html").write_text(_page(results), encoding="utf-8")
        console.print(f"report: {report / 'index.html'}", soft_wrap=True)


def _ride(
    scenario: Scenario, results: Results, done: Callable[[float], None], *, peers: bool, pictures: bool
) -> None:
    case = scenario.case(results.seed)
    measured, ran = ridden(case, done)
    others = beside(case.ridden.course, ran.placed, ran.cpu_s) if peers and scenario.plain else None
    results.scenarios.append(Result(scenario, measured, ran.fixes, ran.cpu_s, others))
    if pictures:
        results.pictures[scenario.name] = plots.of_scenario(scenario.name, case.ridden, ran, measured)


def _print(results: Results, console: Console) -> None:
    parts = [table.scenarios(results), table.faults(results)] if results.scenarios else []
    parts += [table.peers(results)] if results.peers else []
    parts += [table.recorded(results)] if results.recorded else []
    for part in (*parts, table.targets(results)):
        console.print(part, "")


def _page(results: Results) -> str:
    if results.peers:
        results.pictures["peers"] = plots.of_peers(results.peers)
    if results.recorded:
        results.pictures["recorded"] = plots.of_recorded(results.recorded)
    return page(results)


@contextmanager
def _shown(progress: Progress, about: str) -> Iterator[Callable[[float], None]]:
    """A bar for as long as something takes; where nobody watches, a line."""
    if not progress.console.is_terminal:
        progress.console.print(f"{about} ...")
    task = progress.add_task(about, total=1.0)
    yield lambda share: progress.update(task, completed=share)
    progress.remove_task(task)


def _is_wanted(name: str, only: list[str] | None, otherwise: bool) -> bool:
    return any(fnmatch(name, pattern) for pattern in only) if only else otherwise


if __name__ == "__main__":
    typer.run(main)
