"""Several faults at once, drawn from a seed: the combinations that nobody thought of."""

from dataclasses import dataclass
from itertools import permutations
from random import Random

from ardoise.rehearsal.drills.scenario import (
    ALWAYS,
    REGIONS,
    Act,
    Hold,
    Invariant,
    Place,
    Promise,
    Scenario,
    SendAgain,
    SetLink,
    Step,
    StickMirror,
    Switchover,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action
from ardoise.up.network import Condition

TRUCK = Place.TRUCK
MOST_FAULTS = 6
BETWEEN = (Wait.CUT_BRIEF, Wait.CUT_BRIEF, Wait.CUT_SHORT, Wait.CUT_LONG)
MENDED_DURING = 0.4
"""Probability that a fault ends while others last; the rest end together."""


@dataclass(frozen=True)
class Trouble:
    """A fault, and what ends it; nothing: it ends by itself, or with the storm."""

    begins: Step
    ends: tuple[Step, ...] = ()


def _link(one: Place, other: Place, condition: Condition, *, both_ways: bool) -> Trouble:
    whole = SetLink(one, other, Condition(), both_ways=both_ways)
    return Trouble(SetLink(one, other, condition, both_ways=both_ways), (whole,))


_CONDITIONS = (
    Condition(cut=True),
    Condition(loss_percent=20),
    Condition(rate_kbit=512),
    Condition(delay_ms=300),
)
_PARTS = {
    Place.TRUCK: ("etcd", "nats-server", "ingest", "positioning", "sites"),
    **dict.fromkeys(REGIONS, ("etcd", "nats-server", "patroni", "recorder", "positioning", "sites")),
}
TROUBLES = (
    *(
        _link(one, other, condition, both_ways=True)
        for one, other in permutations(Place, 2)
        for condition in _CONDITIONS
    ),
    *(_link(one, other, Condition(cut=True), both_ways=False) for one, other in permutations(Place, 2)),
    *(Trouble(Act(place, Action.KILL, (part,))) for place, parts in _PARTS.items() for part in parts),
    *(Trouble(Act(place, Action.RESTART, (part,))) for place, parts in _PARTS.items() for part in parts),
    *(
        Trouble(Act(place, Action.PAUSE, (part,)), (Act(place, Action.RESUME, (part,)),))
        for place, part in (
            (TRUCK, "nats-server"),
            *((region, part) for region in REGIONS for part in ("patroni", "nats-server")),
        )
    ),
    *(Trouble(Act(region, Action.KILL)) for region in REGIONS),
    Trouble(Act(TRUCK, Action.CUT_POWER)),
)
FIRST = (None, None, None, Switchover(), SendAgain(), *(StickMirror(region) for region in REGIONS))
"""What takes a platform that is well, and may still be under way when the faults begin."""


def storm(seed: int, faults: int) -> Scenario:
    """So many faults, each over those before it. The same seed is the same storm. `faults`: 1 to MOST_FAULTS."""
    draw = Random(seed)
    first = draw.choice(FIRST)
    steps: list[Step] = [] if first is None else [first]
    lasting: list[Step] = []
    for trouble in draw.sample(TROUBLES, faults):
        steps += [trouble.begins, Hold(draw.choice(BETWEEN))]
        lasting += trouble.ends
        if lasting and draw.random() < MENDED_DURING:
            steps += [lasting.pop(draw.randrange(len(lasting))), Hold(draw.choice(BETWEEN))]
    return Scenario(
        name=f"storm-{seed}",
        numbers=(),
        title=f"{faults} faults at once, drawn by seed {seed}",
        purpose="what nobody thought of: nothing acknowledged may be lost by it either",
        steps=tuple(steps),
        promise=Promise(ingest_goes_on=False),
        # How long anything may stand was promised for faults that come alone.
        checks=ALWAYS - {Invariant.BOUNDED},
    )
