"""The invariants of the fault catalogue, each a pure function of what was seen and of what was read back."""

from collections.abc import Callable, Mapping

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import History
from ardoise.rehearsal.drills.invariants import (
    alone,
    clients,
    copies,
    forced,
    pace,
    promotion,
    space,
    truth,
    writer,
)
from ardoise.rehearsal.drills.invariants.finding import Finding, together
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Promise, Scenario

type Check = Callable[[History, Evidence, Promise, Cast], Finding]

CHECKS: Mapping[Invariant, Check] = {
    Invariant.ONE_WRITER: writer.one_writer,
    Invariant.NOTHING_LOST: truth.nothing_lost,
    Invariant.EXACTLY_ONCE: truth.exactly_once,
    Invariant.ATOMIC_WATERMARK: truth.atomic_watermark,
    Invariant.MIRROR_IS_PREFIX: copies.mirror_is_prefix,
    Invariant.TIMELINES: writer.timelines,
    Invariant.GUARD: promotion.guard,
    Invariant.FORCED: forced.forced,
    Invariant.BOUNDED: pace.bounded,
    Invariant.HONEST: pace.honest,
    Invariant.NO_FLAPPING: promotion.no_flapping,
    Invariant.STALE_ROWS: promotion.stale_rows,
    Invariant.SAME_EVERYWHERE: copies.same_everywhere,
    Invariant.RACE_CONTROL: alone.race_control,
    Invariant.CATCH_UP: alone.catch_up,
    Invariant.IN_DOUBT: clients.in_doubt,
    Invariant.CLIENTS: clients.clients,
    Invariant.COPIED: copies.copied,
    Invariant.SPACE: space.space,
}


OF_ONE_LOG = frozenset(
    {
        Invariant.EXACTLY_ONCE,
        Invariant.ATOMIC_WATERMARK,
        Invariant.MIRROR_IS_PREFIX,
        Invariant.SAME_EVERYWHERE,
    }
)
"""Checked for each log of the race by itself: sequences of two logs have nothing to do with each other."""


def judge(scenario: Scenario, history: History, evidence: Evidence, cast: Cast) -> list[Finding]:
    """What the scenario checks, in the catalogue's order."""
    found = []
    for invariant, check in CHECKS.items():
        if invariant not in scenario.checks:
            continue
        if invariant in OF_ONE_LOG:
            found.append(
                together(check(history.of(one.epoch), one, scenario.promise, cast) for one in evidence.every)
            )
        else:
            found.append(check(history, evidence, scenario.promise, cast))
    return found
