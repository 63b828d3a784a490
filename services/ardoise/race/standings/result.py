"""The provisional result: who is where at a point of the road, with official times, at any moment of the race."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ardoise.race.standings.times import Incident, credited_times, stage_times


@dataclass(frozen=True)
class OnRoad:
    """A rider whose place in the race is known now."""

    bib: int
    place: int
    """From 1."""
    distance_cm: int
    gap_ms: int | None
    """Of the rider's group, else the rider's own; None: unknown."""


@dataclass(frozen=True)
class Placing:
    """One line of the provisional result."""

    place: int
    """From 1."""
    bib: int
    time_s: int
    """Official time since the start."""
    passed: bool
    """Timed at the point; else the time is what the gap now makes of it."""
    credited: bool = False
    """The time is that of the group in which the rider had an incident in the last kilometres."""


@dataclass(frozen=True)
class Moment:
    """Where everyone is, and what it is measured against."""

    start_ms: int
    """When the race passed kilometre 0, since 1970."""
    now_ms: int
    riders: tuple[OnRoad, ...]
    """By place; none that has left the race."""
    out: frozenset[int]
    """Bibs that have left the race."""


def provisional(
    moment: Moment, passages: Sequence[tuple[int, int]], at_cm: int, bunch: frozenset[int] | None = None
) -> list[Placing]:
    """The result as it would be at a point of the road: those who passed it by time, the others as they ride now.

    `passages`: (bib, ms since 1970) at the point, first to last. Who has not passed is as far behind the first one as
    the gap says; as long as nobody has, the first one is the head of the race, there now. Whose gap is unknown has that
    of the next rider ahead. `bunch`: the riders of the main bunch, on a stage designated as a bunch sprint.
    """
    timed = [(passed_ms, bib) for bib, passed_ms in passages if bib not in moment.out]
    first_ms = timed[0][0] if timed else moment.now_ms
    passed = {bib for _, bib in timed}
    awaited: list[tuple[int, int]] = []
    gap_ms = 0
    for rider in moment.riders:
        gap_ms = gap_ms if rider.gap_ms is None else rider.gap_ms
        if rider.bib not in passed:
            # Whoever is still before the point cannot have been there before now.
            earliest_ms = moment.now_ms if rider.distance_cm < at_cm else first_ms
            awaited.append((max(first_ms + gap_ms, earliest_ms), rider.bib))
    order = sorted(timed + awaited, key=lambda one: one[0])
    bunch_from = next((n for n, (_, bib) in enumerate(order) if bib in bunch), None) if bunch else None
    times_s = stage_times([instant_ms for instant_ms, _ in order], moment.start_ms, bunch_from)
    return [
        Placing(place, bib, time_s, bib in passed)
        for place, ((_, bib), time_s) in enumerate(zip(order, times_s, strict=True), start=1)
    ]


def with_credits(
    result: Sequence[Placing], incidents: Sequence[Incident], zone_from_cm: int, out: frozenset[int]
) -> list[Placing]:
    """The result with the times of riders who had an incident in the zone before the line (UCI 2.6.027).

    Places stay as the line was crossed. Who fell there and has left the race is placed last.
    """
    credited = credited_times({one.bib: one.time_s for one in result}, incidents, zone_from_cm)
    lines = [
        replace(one, time_s=credited[one.bib], credited=True) if one.bib in credited else one
        for one in result
    ]
    fallen = {one.bib for one in incidents if one.fall and one.bib in credited and one.bib in out}
    for place, bib in enumerate(sorted(fallen), start=len(result) + 1):
        lines.append(Placing(place, bib, credited[bib], passed=False, credited=True))
    return lines
