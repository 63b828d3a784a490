"""What a whole run of the suite has measured."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.accuracy.cases import Case
from tests.accuracy.crowd import Crowd
from tests.accuracy.measures import Measured, measure, pooled
from tests.accuracy.peers import Beside
from tests.accuracy.recorded import RecordedStage
from tests.accuracy.running import Run, run
from tests.accuracy.scenarios import WHOLE_FIELD, Scenario


@dataclass(frozen=True, eq=False)
class Result:
    """One scenario, run. `peers`: on the same fixes."""

    scenario: Scenario
    measured: Measured
    fixes: int
    cpu_s: float
    peers: Beside | None = None

    @property
    def us_a_fix(self) -> float:
        """Processor time, microseconds."""
        return self.cpu_s / self.fixes * 1e6


@dataclass(eq=False)
class Results:
    """All that were run. `pictures`: SVG by scenario, for the report."""

    seed: int
    scenarios: list[Result] = field(default_factory=list)
    recorded: RecordedStage | None = None
    crowd: Crowd | None = None
    pictures: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> Measured | None:
        return pooled([one.measured for one in self.scenarios]) if self.scenarios else None

    @property
    def plain(self) -> Measured | None:
        """The scenarios in which nothing goes wrong."""
        found = [one.measured for one in self.scenarios if one.scenario.plain]
        return pooled(found) if found else None

    @property
    def peers(self) -> Beside | None:
        found = [one.peers for one in self.scenarios if one.peers]
        return Beside.pooled(found) if found else None

    @property
    def whole_field(self) -> Beside | None:
        """The peers where as many ride as in a race."""
        found = [
            one.peers for one in self.scenarios if one.peers and one.scenario.where.riders == WHOLE_FIELD
        ]
        return Beside.pooled(found) if found else None


def ridden(case: Case, progress: Callable[[float], None]) -> tuple[Measured, Run]:
    """Rides a case and measures it."""
    course = case.ridden.course
    ran = run(
        course,
        case.riders,
        case.trackers,
        case.deliveries,
        signal_timeout_s=case.signal_timeout_s,
        orders=case.orders,
        progress=progress,
    )
    return measure(course, case.ridden.truth, ran.shown, ran.placed), ran
