"""A site's clock is wrong, and set back while everything runs on it.

Of PostgreSQL, Patroni and our services. nats-server and etcd are Go, which asks the kernel for the time: their clocks
are tried by a jump of a whole machine only, and are untested here.
"""

from ardoise.rehearsal.drills.conditions import (
    attached,
    decisions_go_on,
    mirror_level,
    screens_live,
    written_down,
)
from ardoise.rehearsal.drills.scenario import (
    ALWAYS,
    EVERYWHERE,
    REGIONS,
    Hold,
    Invariant,
    Place,
    Promise,
    Scenario,
    SetClock,
    WaitUntil,
)
from ardoise.rehearsal.drills.waits import Wait

WRONG_S = 60

ALL = tuple(
    Scenario(
        name=f"clock-wrong-{place}",
        numbers=(42,),
        title=f"the {place}'s clock goes 60 s ahead, then jumps back by 120 s",
        purpose="a clock that is set wrong, and set right by a jump, moves neither the primary nor the race",
        steps=(
            SetClock(place, WRONG_S),
            Hold(Wait.CUT_LONG),
            SetClock(place, -WRONG_S),
            Hold(Wait.CUT_LONG),
            SetClock(place, 0),
            WaitUntil(decisions_go_on(), Wait.SYNCHRONOUS_LEFT),
            WaitUntil(attached(Place.STANDBY), Wait.NORMAL_AGAIN),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(
            screens=EVERYWHERE, writes_within=Wait.SYNCHRONOUS_LEFT, primary_stays=True, lease_kept=True
        ),
        checks=ALWAYS | {Invariant.HONEST},
        in_all=False,
    )
    for place in Place
)
