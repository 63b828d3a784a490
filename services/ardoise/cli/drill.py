"""`ardoise drill ...`: break something on purpose, see what holds, and have it put right again."""

import asyncio
import fcntl
import secrets
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from ardoise.rehearsal.drills.scenario import Scenario

app = typer.Typer(
    help="Drills: a fault with a precheck, probes, invariants, a return to normal and a report.",
    no_args_is_help=True,
)

StateDir = Annotated[
    Path, typer.Option(envvar="ARDOISE_STATE_DIR", help="State directory of the `ardoise sites up` to drill.")
]
Seed = Annotated[int | None, typer.Option(min=0, help="Repeats a run. Default: drawn, and printed.")]
ReportDir = Annotated[
    Path | None, typer.Option(help="Where reports are kept. Default: drills in the state directory.")
]
SEED_BITS = 31
ABORTED_CODE = 128 + signal.SIGINT


@app.command("list")
def list_(state_dir: StateDir = Path(".state")) -> None:
    """The drills there are, by number of the fault catalogue: what is broken, what has to hold, its runbooks."""
    from ardoise.rehearsal.drills.report.listing import listing

    Console().print(listing(state_dir / "drills"))


@app.command()
def run(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Drills, by name or number; `all` for the short ones but those of clocks, in turn."
        ),
    ],
    state_dir: StateDir = Path(".state"),
    seed: Seed = None,
    report_dir: ReportDir = None,
) -> None:
    """Runs drills on three sites, also those after one that did not hold.

    Ctrl-C ends it once everything is put right; a second Ctrl-C leaves it as it is, and the report says how to mend it.
    Exit code: 0 all held, 1 one did not, 130 ended by Ctrl-C.
    """
    from ardoise.rehearsal.drills.scenarios import SCENARIOS, by_name

    seed = secrets.randbits(SEED_BITS) if seed is None else seed
    every = [scenario for scenario in SCENARIOS.values() if scenario.in_all]
    chosen = every if names == ["all"] else [by_name(name) for name in names]
    _run_all([(scenario, seed) for scenario in chosen], state_dir, report_dir or state_dir / "drills")


@app.command()
def storm(
    state_dir: StateDir = Path(".state"),
    seed: Seed = None,
    faults: Annotated[int, typer.Option(min=1, max=6, help="How many at once.")] = 3,
    rounds: Annotated[
        int, typer.Option(min=1, help="How many storms; each takes the seed after the last.")
    ] = 1,
    report_dir: ReportDir = None,
) -> None:
    """Several faults at once, drawn from a seed: nothing acknowledged may be lost. Exit codes as of `run`."""
    from ardoise.rehearsal.drills.scenarios.storm import storm as drawn

    seed = secrets.randbits(SEED_BITS) if seed is None else seed
    chosen = [(drawn(one, faults), one) for one in range(seed, seed + rounds)]
    _run_all(chosen, state_dir, report_dir or state_dir / "drills")


def _run_all(chosen: Sequence[tuple["Scenario", int]], state_dir: Path, report_dir: Path) -> None:
    from ardoise.chassis.telemetry import configure_logging
    from ardoise.ingest.setup.source import read_setup
    from ardoise.rehearsal.drills.report.files import keep
    from ardoise.rehearsal.drills.report.model import Report, Verdict
    from ardoise.rehearsal.drills.report.table import print_report, summary
    from ardoise.rehearsal.drills.run import run_drill
    from ardoise.up.control import Control
    from ardoise.up.demo import SIMULATED_EVENT

    console = Console()
    configure_logging("ERROR", service="drill")
    stage = read_setup(SIMULATED_EVENT)
    reports: list[Report] = []

    async def run_all() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        async with Control(state_dir) as control:
            for scenario, seed in chosen:
                report = await run_drill(
                    control,
                    scenario,
                    stage,
                    seed=seed,
                    tell=lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True),
                )
                reports.append(report)
                print_report(report, console)
                console.print(f"report: {keep(report, report_dir)}", highlight=False, soft_wrap=True)
                if report.verdict is Verdict.ABORTED:
                    return

    with _only_one(state_dir):
        try:
            asyncio.run(run_all())
        finally:
            if len(reports) > 1:
                console.print(summary(reports))
    verdicts = {report.verdict for report in reports}
    if verdicts != {Verdict.HELD}:
        raise typer.Exit(ABORTED_CODE if Verdict.ABORTED in verdicts else 1)


@app.command("in-cluster")
def in_cluster(
    scenario: Annotated[str, typer.Argument(help="What is rehearsed, or `precheck`.")],
    run_name: Annotated[str, typer.Option("--run", help="ConfigMap that the run is told in.")],
) -> None:
    """Runs a Drill object's run, in the Job that the operator made for it: on the platform that runs races.

    SIGTERM ends it early, and what it broke is put right. Settings: the chart gives them. Exit code: 0 it is told what
    came of it, else 1.
    """
    from ardoise.chassis.telemetry import configure_logging
    from ardoise.ingest.setup.source import read_setup
    from ardoise.rehearsal.drills.in_cluster.run import run as begin
    from ardoise.rehearsal.drills.in_cluster.scenarios import NAMES
    from ardoise.rehearsal.drills.in_cluster.settings import DrillSettings

    if scenario not in NAMES:
        raise ValueError(f"a cluster has no drill {scenario!r}: it has {', '.join(NAMES)}")
    configure_logging("ERROR", service="drill")
    settings = DrillSettings()
    begin(settings, scenario, read_setup(settings.drill_stage), run_name, typer.echo)


@app.command()
def report(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON of a report.")],
) -> None:
    """Shows a report that was kept, and makes its page again."""
    from ardoise.rehearsal.drills.report.files import keep, read
    from ardoise.rehearsal.drills.report.table import print_report

    console = Console()
    kept = read(file)
    print_report(kept, console)
    console.print(f"report: {keep(kept, file.parent)}", highlight=False, soft_wrap=True)


@contextmanager
def _only_one(state_dir: Path) -> Iterator[None]:
    """Two drills at once would each take the other's fault for the platform's."""
    if not state_dir.is_dir():
        raise ValueError(f"{state_dir} is no state directory: start `ardoise sites up`, or give --state-dir")
    with (state_dir / ".drill.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RuntimeError("another drill runs here: wait until it is over") from error
        yield
