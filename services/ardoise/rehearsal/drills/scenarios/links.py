"""Faults of the links between the sites."""

from ardoise.rehearsal.drills.conditions import (
    attached,
    decisions_go_on,
    mirror_behind,
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
    Follow,
    Hold,
    Invariant,
    Place,
    Promise,
    Scenario,
    SetLink,
    Step,
    WaitUntil,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.network import Condition

TRUCK, PRIMARY, STANDBY = Place.TRUCK, Place.PRIMARY, Place.STANDBY
CUT, WHOLE = Condition(cut=True), Condition()
HONEST_TOO = ALWAYS | {Invariant.HONEST}


def _one_way(sender: Place, receiver: Place) -> tuple[Step, ...]:
    """Cut for longer than the lease, whole again, and time to settle."""
    return (
        SetLink(sender, receiver, CUT, both_ways=False),
        Hold(Wait.CUT_LONG),
        SetLink(sender, receiver, WHOLE, both_ways=False),
        WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
        WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
        WaitUntil(decisions_go_on(), Wait.NORMAL_AGAIN),
    )


ALL = (
    Scenario(
        name="truck-isolated",
        numbers=(7,),
        title="the truck is isolated, the regions are fine",
        purpose="the finish goes on alone; the regions stand at its last second and say so, then catch up",
        steps=(
            *(SetLink(TRUCK, region, CUT) for region in REGIONS),
            WaitUntil(screens_say(Words.NO_TRUCK, *REGIONS), Wait.NO_LINK_SAID),
            Follow("truck-isolated", "See that only the link is gone"),
            *(SetLink(TRUCK, region, WHOLE) for region in REGIONS),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Follow("truck-isolated", "When the link is back"),
        ),
        promise=Promise(
            screens=frozenset({TRUCK}),
            writes_within=Wait.CUT_SHORT,
            primary_stays=True,
            says_no_truck=frozenset(REGIONS),
        ),
        checks=HONEST_TOO,
    ),
    Scenario(
        name="regions-apart",
        numbers=(8,),
        title="the link between the regions is cut, both see the truck",
        purpose="decisions go on in one region, and the other cannot become primary without them",
        steps=(
            SetLink(PRIMARY, STANDBY, CUT),
            WaitUntil(decisions_go_on(), Wait.SYNCHRONOUS_LEFT),
            Follow("cannot-take-over", "Not a synchronous member"),
            Hold(Wait.CUT_LONG),
            SetLink(PRIMARY, STANDBY, WHOLE),
            WaitUntil(attached(STANDBY), Wait.NORMAL_AGAIN),
            Follow("cannot-take-over", "When they hear each other again"),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.SYNCHRONOUS_LEFT, primary_stays=True),
    ),
    Scenario(
        name="primary-without-truck",
        numbers=(9,),
        title="the link between the primary's region and the truck is cut",
        purpose="the standby's mirror is ahead of the primary's; nobody is promoted for it",
        steps=(
            SetLink(PRIMARY, TRUCK, CUT),
            WaitUntil(screens_say(Words.NO_TRUCK, PRIMARY), Wait.NO_LINK_SAID),
            WaitUntil(mirror_behind(PRIMARY, 10), Wait.CUT_LONG),
            SetLink(PRIMARY, TRUCK, WHOLE),
            WaitUntil(mirror_level(PRIMARY), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(PRIMARY), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(
            screens=frozenset({TRUCK, STANDBY}),
            writes_within=Wait.CUT_SHORT,
            primary_stays=True,
            says_no_truck=frozenset({PRIMARY}),
        ),
        checks=HONEST_TOO,
    ),
    Scenario(
        name="standby-without-truck",
        numbers=(10,),
        title="the link between the standby's region and the truck is cut",
        purpose="the standby falls behind, says so, is not made primary meanwhile, and catches up",
        steps=(
            SetLink(STANDBY, TRUCK, CUT),
            WaitUntil(screens_say(Words.NO_TRUCK, STANDBY), Wait.NO_LINK_SAID),
            WaitUntil(mirror_behind(STANDBY, 10), Wait.CUT_LONG),
            Follow("cannot-take-over", "It does not reach the truck"),
            SetLink(STANDBY, TRUCK, WHOLE),
            WaitUntil(mirror_level(STANDBY), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(STANDBY), Wait.MIRROR_LEVEL),
            Follow("cannot-take-over", "When it reaches the truck again"),
        ),
        promise=Promise(
            screens=frozenset({TRUCK, PRIMARY}),
            writes_within=Wait.CUT_SHORT,
            primary_stays=True,
            says_no_truck=frozenset({STANDBY}),
        ),
        checks=HONEST_TOO,
    ),
    *(
        Scenario(
            name=f"one-way-{sender}-{receiver}",
            numbers=(12,),
            title=f"nothing passes from {sender} to {receiver}; the other way all is well",
            purpose="a half-broken link is the one that deceives",
            steps=_one_way(sender, receiver),
            promise=Promise(
                screens=frozenset({TRUCK}),
                # Half a link carries no connection: the region is as cut off as with none.
                says_no_truck=frozenset({sender, receiver} - {TRUCK} if TRUCK in (sender, receiver) else ()),
            ),
            checks=HONEST_TOO,
        )
        for sender in Place
        for receiver in Place
        if sender is not receiver
    ),
    Scenario(
        name="link-flaps",
        numbers=(28,),
        title="the link between the regions comes and goes every 5 s",
        purpose="a bad radio link must not make the primary wander",
        # The catalogue's 10 minutes are 60 rounds of the same: what two minutes do not show is memory, not links.
        steps=(
            *(
                step
                for _ in range(12)
                for step in (
                    SetLink(PRIMARY, STANDBY, CUT),
                    Hold(Wait.CUT_BRIEF),
                    SetLink(PRIMARY, STANDBY, WHOLE),
                    Hold(Wait.CUT_BRIEF),
                )
            ),
            WaitUntil(decisions_go_on(), Wait.SYNCHRONOUS_LEFT),
            WaitUntil(attached(STANDBY), Wait.NORMAL_AGAIN),
        ),
        promise=Promise(screens=EVERYWHERE, primary_stays=True),
    ),
)
