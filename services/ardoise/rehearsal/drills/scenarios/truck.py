"""The truck is gone, and comes back."""

from ardoise.rehearsal.drills.conditions import (
    ingest_acknowledges,
    mirror_level,
    screens_live,
    screens_say,
    written_down,
)
from ardoise.rehearsal.drills.history import Words
from ardoise.rehearsal.drills.scenario import (
    ALWAYS,
    EVERYWHERE,
    REGIONS,
    Act,
    Follow,
    Invariant,
    Place,
    Promise,
    Scenario,
    WaitUntil,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action

ALL = (
    Scenario(
        name="truck-lost",
        numbers=(),
        title="the truck is dead, and comes back with its disk",
        purpose="the regions stand at its last second and say so; relays keep what no region has, and nothing is lost",
        steps=(
            Act(Place.TRUCK, Action.KILL),
            WaitUntil(screens_say(Words.NO_TRUCK, *REGIONS), Wait.NO_LINK_SAID),
            Follow("truck-lost", "See what stands still"),
            Act(Place.TRUCK, Action.RESTORE),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Follow("truck-lost", "When the truck is back"),
        ),
        promise=Promise(
            ingest_goes_on=False,
            writes_within=Wait.CUT_SHORT,
            primary_stays=True,
            says_no_truck=frozenset(REGIONS),
        ),
        checks=ALWAYS | {Invariant.HONEST},
    ),
)
