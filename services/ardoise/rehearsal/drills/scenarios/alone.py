"""The truck alone: an hour's volume while nobody else is there, and the way back to the regions."""

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
    REGIONS,
    Act,
    Decide,
    Hold,
    Invariant,
    Place,
    Promise,
    ReportRate,
    Scenario,
    SetLink,
    WaitUntil,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action
from ardoise.up.network import Condition

TRUCK = Place.TRUCK
LINK_KBIT = 4_000
"""A radio link from the finish: with an hour's volume to bring, the way back takes a minute."""
LOAD = 6
"""Ten minutes of it are an hour's volume."""


def _alone(name: str, half: Wait, **more: bool) -> Scenario:
    """`half`: how long the truck is alone before it is restarted, and again after it."""
    return Scenario(
        name=name,
        numbers=(),
        title=f"the truck is alone for {2 * half.seconds:.0f} s at {LOAD} times the load, restarted hard in the middle",
        purpose="the finish needs nobody; what happened meanwhile reaches both regions, once, as fast as links allow",
        steps=(
            *(SetLink(TRUCK, region, Condition(cut=True)) for region in REGIONS),
            WaitUntil(screens_say(Words.NO_TRUCK, *REGIONS), Wait.NO_LINK_SAID),
            Decide(TRUCK, "neutralise"),
            *(Decide(region, "stop") for region in REGIONS),
            Hold(half),
            Act(TRUCK, Action.CUT_POWER),
            Act(TRUCK, Action.RESTORE),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            WaitUntil(screens_live(TRUCK), Wait.INGEST_BACK),
            Decide(TRUCK, "resume"),
            *(Decide(region, "stop") for region in REGIONS),
            Hold(half),
            # The volume is there; what the regions have to catch up with is a race as any other.
            ReportRate(1),
            *(SetLink(TRUCK, region, Condition(rate_kbit=LINK_KBIT)) for region in REGIONS),
            WaitUntil(mirror_level(*REGIONS), Wait.CATCH_UP),
            WaitUntil(screens_live(*REGIONS), Wait.CATCH_UP),
            WaitUntil(written_down(), Wait.CATCH_UP),
            *(SetLink(TRUCK, region, Condition()) for region in REGIONS),
            WaitUntil(screens_live(*Place), Wait.MIRROR_LEVEL),
        ),
        promise=Promise(
            screens=frozenset({TRUCK}),
            screens_back=Wait.INGEST_BACK,
            writes_within=Wait.CUT_SHORT,
            primary_stays=True,
            says_no_truck=frozenset(REGIONS),
            link_kbit=LINK_KBIT,
        ),
        checks=ALWAYS | {Invariant.HONEST, Invariant.RACE_CONTROL, Invariant.CATCH_UP},
        load=LOAD,
        **more,
    )


ALL = (
    _alone("truck-alone-briefly", Wait.HALF_ALONE_BRIEFLY),
    _alone("truck-alone", Wait.HALF_ALONE, in_all=False),
)
