"""Faults that leave one member of etcd of three: nobody is promoted, and a person forces it."""

from ardoise.rehearsal.drills.conditions import (
    attached,
    decisions_go_on,
    etcd_whole,
    loss_known,
    mirror_behind,
    mirror_level,
    primary_is,
    promotion_blocked,
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
    Hold,
    Invariant,
    Place,
    Promise,
    Scenario,
    SetLink,
    Stays,
    WaitUntil,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action
from ardoise.up.network import Condition

TRUCK, PRIMARY, STANDBY = Place.TRUCK, Place.PRIMARY, Place.STANDBY
CUT, WHOLE = Condition(cut=True), Condition()
DATABASE_AND_ETCD = ("etcd", "patroni")

_FORCED = (
    WaitUntil(promotion_blocked(STANDBY), Wait.BLOCKED_SAID),
    # Past the lease: who could be promoted would be by now.
    Hold(Wait.CUT_LONG),
    Follow("break-glass", "See that it is so"),
    Follow("break-glass", "Force it"),
    WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
)
_NORMAL = (
    WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
    WaitUntil(mirror_level(PRIMARY), Wait.MIRROR_LEVEL),
    WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
    WaitUntil(loss_known(STANDBY, decisions=True), Wait.NORMAL_AGAIN),
    WaitUntil(etcd_whole(), Wait.NORMAL_AGAIN),
    Follow("break-glass", "When they come back"),
)

ALL = (
    Scenario(
        name="region-lost-truck-away",
        numbers=(6,),
        title="the primary's region is lost while the truck is offline and the standby's mirror is behind",
        purpose="one of three cannot know whether it is alone: it waits for a person, who is told what it may cost",
        steps=(
            SetLink(TRUCK, STANDBY, CUT),
            # Its database goes on: what that has, its mirror has not. Only the truck can tell what comes after.
            WaitUntil(mirror_behind(STANDBY, 10), Wait.CUT_LONG),
            SetLink(TRUCK, PRIMARY, CUT),
            Act(PRIMARY, Action.KILL),
            WaitUntil(screens_say(Words.NO_TRUCK, STANDBY), Wait.NO_LINK_SAID),
            *_FORCED,
            Hold(Wait.OBSERVE),
            SetLink(TRUCK, PRIMARY, WHOLE),
            SetLink(TRUCK, STANDBY, WHOLE),
            WaitUntil(loss_known(STANDBY, decisions=False), Wait.LOSS_TOLD),
            WaitUntil(mirror_level(STANDBY), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Act(PRIMARY, Action.RESTORE),
            *_NORMAL,
        ),
        promise=Promise(screens=frozenset({TRUCK}), forced=STANDBY, says_no_truck=frozenset({STANDBY})),
        checks=ALWAYS | {Invariant.HONEST},
    ),
    Scenario(
        name="database-and-witness-lost",
        numbers=(30,),
        title="the primary's database and the truck's member of etcd at once",
        purpose="etcd at the primary's region lives: two of three decide, and nobody has to be woken up",
        steps=(
            Act(TRUCK, Action.KILL, ("etcd",)),
            Act(PRIMARY, Action.KILL, ("patroni",)),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_AND_ELECTION),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Act(TRUCK, Action.RESTORE, ("etcd",)),
            Act(PRIMARY, Action.RESTORE, ("patroni",)),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            WaitUntil(etcd_whole(), Wait.NORMAL_AGAIN),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.DATABASE_AND_ELECTION),
    ),
    Scenario(
        name="database-and-majority-lost",
        numbers=(30,),
        title="the primary's database, the etcd beside it and the truck's member of etcd at once",
        purpose="as with a lost region and the truck offline, but the log flows: what it costs is known at once",
        steps=(
            Act(TRUCK, Action.KILL, ("etcd",)),
            Act(PRIMARY, Action.KILL, DATABASE_AND_ETCD),
            *_FORCED,
            WaitUntil(loss_known(STANDBY, decisions=False), Wait.LOSS_TOLD),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Act(TRUCK, Action.RESTORE, ("etcd",)),
            Act(PRIMARY, Action.RESTORE, DATABASE_AND_ETCD),
            *_NORMAL,
        ),
        promise=Promise(screens=EVERYWHERE, forced=STANDBY),
    ),
    Scenario(
        name="empty-member",
        numbers=(16,),
        title="the truck's member of etcd is wiped and comes back empty while the standby's is down",
        purpose="who has forgotten what it agreed to has no vote: together with one that remembers it decides nothing",
        steps=(
            Act(TRUCK, Action.WIPE, ("etcd",)),
            Act(STANDBY, Action.KILL, ("etcd",)),
            Act(TRUCK, Action.RESTORE, ("etcd",)),
            WaitUntil(promotion_blocked(PRIMARY), Wait.BLOCKED_SAID),
            Stays(promotion_blocked(PRIMARY), Wait.CUT_LONG),
            Act(STANDBY, Action.RESTORE, ("etcd",)),
            WaitUntil(etcd_whole(), Wait.NORMAL_AGAIN),
            WaitUntil(decisions_go_on(), Wait.NORMAL_AGAIN),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=EVERYWHERE, primary_stays=True),
    ),
    Scenario(
        name="truck-off-for-the-night",
        numbers=(),
        title="the primary's region is lost while the truck is off for the night and a stand-in votes",
        purpose="as fault 6, but somebody thought of it in the evening: nobody has to be woken up",
        steps=(
            Follow("truck-off-for-the-night", "Before it goes"),
            # The standby's mirror ends last, as it would once the race is over: nothing but the truck is missing.
            SetLink(TRUCK, PRIMARY, CUT),
            Hold(Wait.CUT_BRIEF),
            SetLink(TRUCK, STANDBY, CUT),
            Follow("truck-off-for-the-night", "While it is away"),
            Act(PRIMARY, Action.KILL),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_AND_ELECTION),
            Hold(Wait.OBSERVE),
            SetLink(TRUCK, STANDBY, WHOLE),
            SetLink(TRUCK, PRIMARY, WHOLE),
            Act(PRIMARY, Action.RESTORE),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Follow("truck-off-for-the-night", "In the morning"),
            WaitUntil(etcd_whole(), Wait.NORMAL_AGAIN),
        ),
        promise=Promise(screens=frozenset({TRUCK}), writes_within=Wait.DATABASE_AND_ELECTION),
    ),
)
