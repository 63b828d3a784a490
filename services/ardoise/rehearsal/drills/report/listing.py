"""The drills there are: what each breaks, what has to hold, how long it took, the runbooks that it follows."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ardoise.rehearsal.drills.report.files import read
from ardoise.rehearsal.drills.scenario import ALWAYS, EVERYWHERE, Invariant, Scenario
from ardoise.rehearsal.drills.scenarios import SCENARIOS


def listing(kept: Path) -> RenderableType:
    """`kept`: directory of reports, from which is told how long a drill took last time."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for scenario in SCENARIOS.values():
        numbers = ",".join(map(str, scenario.numbers))
        details = (Text(line, style="dim") for line in _details(scenario, kept))
        table.add_row(numbers, scenario.name, Group(scenario.title, *details))
    always = ", ".join(f"{one} {_words(one)}" for one in Invariant if one in ALWAYS)
    return Group(table, Text(f"checked after every drill: {always}"))


def _details(scenario: Scenario, kept: Path) -> Iterator[str]:
    yield "; ".join(_promised(scenario))
    if scenario.runbooks:
        yield f"follows docs/runbooks: {', '.join(scenario.runbooks)}"
    if scenario.lasts_s:
        alone = "" if scenario.in_all else "; not in `all`"
        yield f"lasts {scenario.lasts_s:.0f} s, and what it waits for{alone}"
    if reports := sorted(kept.glob(f"*Z-{scenario.name}.json")):
        yield f"took {read(reports[-1]).lasted_s:.0f} s last time"


def _promised(scenario: Scenario) -> Iterator[str]:
    """What this fault may cost, and what is checked besides the usual."""
    promise = scenario.promise
    if promise.screens:
        where = "everywhere" if promise.screens == EVERYWHERE else ", ".join(sorted(promise.screens))
        yield f"the picture goes on: {where}"
    if promise.writes_within is not None:
        yield f"decisions stand at most {promise.writes_within.seconds:.0f} s"
    if promise.primary_stays:
        yield "the primary stays"
    yield from (f"{one} {_words(one)}" for one in Invariant if one in scenario.checks - ALWAYS)


def _words(invariant: Invariant) -> str:
    return invariant.name.replace("_", " ").lower()
