"""Faults around a change of the primary: refused ones, ones that come to nothing, ones too soon, stale primaries."""

from ardoise.rehearsal.drills.conditions import (
    attached,
    ingest_acknowledges,
    log_longer_than,
    mirror_level,
    primary_is,
    screens_live,
    stepped_down,
    written_down,
)
from ardoise.rehearsal.drills.scenario import (
    ALWAYS,
    EVERYWHERE,
    REGIONS,
    Act,
    BeginSwitchover,
    BoundWal,
    EndSwitchover,
    Hold,
    Invariant,
    Place,
    Promise,
    Scenario,
    SetLink,
    StatusSays,
    StickMirror,
    Switchover,
    WaitUntil,
    WriteAlone,
    WriteWal,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action
from ardoise.up.network import Condition

TRUCK, PRIMARY, STANDBY = Place.TRUCK, Place.PRIMARY, Place.STANDBY
CUT, WHOLE = Condition(cut=True), Condition()
TOO_FAR_BEHIND = 1_000
"""Messages behind the truck at which a planned switchover is refused."""
THREE_SEGMENTS_MB = 48
KEPT_MB, WITHIN_MB, WRITTEN_MB = 64, 512, 1024
"""What is kept for who is away; that, what comes between two checkpoints, and room; and more than all of it."""

ALL = (
    Scenario(
        name="stale-primary-returns",
        numbers=(17,),
        title="the primary, cut off, goes on writing for a moment; it returns with rows that nobody else has",
        purpose="what it wrote alone is set aside, counted and reported, then it follows; the race is derived again",
        steps=(
            # The truck still reaches it: what it derives now, and what the drill writes, stays here.
            SetLink(PRIMARY, STANDBY, CUT),
            WriteAlone(PRIMARY),
            Hold(Wait.BEFORE_NOTICED),
            SetLink(PRIMARY, TRUCK, CUT),
            WaitUntil(stepped_down(PRIMARY), Wait.STEPPED_DOWN),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            SetLink(PRIMARY, STANDBY, WHOLE),
            SetLink(PRIMARY, TRUCK, WHOLE),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            WaitUntil(mirror_level(PRIMARY), Wait.MIRROR_LEVEL),
        ),
        promise=Promise(screens=frozenset({TRUCK, STANDBY})),
        checks=ALWAYS | {Invariant.GUARD, Invariant.STALE_ROWS},
    ),
    Scenario(
        name="rewind-impossible",
        numbers=(18,),
        title="a stale primary comes back without the WAL that a rewind takes",
        purpose="it is copied anew by itself, and what it alone had is set aside before",
        steps=(
            # The last checkpoint that both have lies in a segment before the fork: it is lost below.
            WriteWal(PRIMARY, THREE_SEGMENTS_MB),
            SetLink(PRIMARY, STANDBY, CUT),
            WriteAlone(PRIMARY),
            Hold(Wait.BEFORE_NOTICED),
            SetLink(PRIMARY, TRUCK, CUT),
            WaitUntil(stepped_down(PRIMARY), Wait.STEPPED_DOWN),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Act(PRIMARY, Action.LOSE_WAL, ("patroni",)),
            SetLink(PRIMARY, STANDBY, WHOLE),
            SetLink(PRIMARY, TRUCK, WHOLE),
            Act(PRIMARY, Action.RESTORE, ("patroni",)),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            WaitUntil(mirror_level(PRIMARY), Wait.MIRROR_LEVEL),
        ),
        promise=Promise(screens=frozenset({TRUCK, STANDBY}), copied=PRIMARY),
        checks=ALWAYS | {Invariant.GUARD, Invariant.COPIED},
    ),
    Scenario(
        name="switchover-behind",
        numbers=(20,),
        title="a planned switchover while the target is far behind the truck",
        purpose="refused with the figure, and nothing has changed",
        steps=(
            WaitUntil(log_longer_than(TOO_FAR_BEHIND), Wait.LOG_GROWS),
            # It reaches the truck, and its copy is empty until that is found and filled.
            StickMirror(STANDBY),
            Hold(Wait.CUT_BRIEF),
            Switchover(refused="messages behind the truck"),
            WaitUntil(mirror_level(STANDBY), Wait.MIRROR_REPAIRED),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(
            screens=frozenset({TRUCK, PRIMARY}), writes_within=Wait.CUT_SHORT, primary_stays=True
        ),
    ),
    Scenario(
        name="switchover-target-dies",
        numbers=(21,),
        title="the target dies in the middle of a planned switchover",
        purpose="the primary that has just stopped is primary again, and the operator is told so",
        steps=(
            BeginSwitchover(),
            # Where the primary has moved a moment ago, it is told to wait a minute first.
            WaitUntil(stepped_down(PRIMARY), Wait.NORMAL_AGAIN),
            Act(STANDBY, Action.KILL, ("patroni",)),
            WaitUntil(primary_is(PRIMARY), Wait.ROLLED_BACK),
            EndSwitchover(refused="is primary"),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Act(STANDBY, Action.RESTORE, ("patroni",)),
            WaitUntil(attached(STANDBY), Wait.NORMAL_AGAIN),
        ),
        # Stopped and promoted again: it is the same region, on a timeline of its own.
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.ROLLED_BACK),
    ),
    Scenario(
        name="second-switchover-waits",
        numbers=(27,),
        title="there and back within a minute, as planned",
        purpose="the second change is told how long to wait, and is done after it",
        steps=(
            Switchover(),
            WaitUntil(primary_is(STANDBY), Wait.SWITCHOVER),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            Switchover(refused="wait"),
            Switchover(),
            WaitUntil(primary_is(PRIMARY), Wait.SWITCHOVER),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            WaitUntil(attached(STANDBY), Wait.NORMAL_AGAIN),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.SWITCHOVER),
        checks=ALWAYS | {Invariant.GUARD},
    ),
    Scenario(
        name="second-loss-waits",
        numbers=(27,),
        title="the new primary is lost before the old one follows it",
        purpose="the old one lacks decisions: it does not become primary, whatever the hurry, and the race waits",
        steps=(
            Act(PRIMARY, Action.KILL, ("patroni",)),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
            Act(STANDBY, Action.KILL, ("patroni",)),
            Act(PRIMARY, Action.RESTORE, ("patroni",)),
            Hold(Wait.CUT_LONG),
            Act(STANDBY, Action.RESTORE, ("patroni",)),
            WaitUntil(primary_is(STANDBY), Wait.NORMAL_AGAIN),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=EVERYWHERE),
        checks=ALWAYS | {Invariant.GUARD},
    ),
    Scenario(
        name="slot-orphaned",
        numbers=(41,),
        title="the standby's database is away for longer than WAL is kept for it",
        purpose="who does not come back fills nobody's disk; and who does, too late, is copied anew by itself",
        steps=(
            # The bounds of a disk, made small: as many gigabytes would take minutes.
            BoundWal(KEPT_MB),
            Act(STANDBY, Action.KILL, ("patroni",)),
            WaitUntil(primary_is(PRIMARY), Wait.SYNCHRONOUS_LEFT),
            WriteWal(PRIMARY, WRITTEN_MB),
            Hold(Wait.OBSERVE),
            Act(STANDBY, Action.RESTORE, ("patroni",)),
            WaitUntil(attached(STANDBY), Wait.COPIED_ANEW),
            BoundWal(0),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(
            screens=EVERYWHERE,
            writes_within=Wait.SYNCHRONOUS_LEFT,
            primary_stays=True,
            copied=STANDBY,
            wal_mb=WITHIN_MB,
        ),
        checks=ALWAYS | {Invariant.COPIED, Invariant.SPACE},
    ),
    Scenario(
        name="guard-refuses",
        numbers=(6,),
        title="the primary's region is lost, the standby's mirror is empty, and the truck's log cannot be asked",
        purpose="nobody is promoted who could not go on; and he is, once the truck answers",
        steps=(
            Act(TRUCK, Action.KILL, ("nats-server",)),
            StickMirror(STANDBY),
            Act(PRIMARY, Action.KILL),
            Hold(Wait.PAUSE),
            StatusSays(STANDBY, STANDBY, "the truck cannot be asked"),
            Act(TRUCK, Action.RESTORE, ("nats-server",)),
            WaitUntil(primary_is(STANDBY), Wait.GUARD_ASKED_AGAIN),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            # Its empty mirror is made anew while another region's has everything, or a minute later.
            Act(PRIMARY, Action.RESTORE),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            WaitUntil(mirror_level(*REGIONS), Wait.NORMAL_AGAIN),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(ingest_goes_on=False),
        checks=ALWAYS | {Invariant.GUARD},
    ),
)
