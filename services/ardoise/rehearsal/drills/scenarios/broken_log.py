"""The truck's log is lost, made again, rolled back or full; a region's mirror of it is deleted."""

from dataclasses import replace

from ardoise.rehearsal.drills.conditions import (
    alerted,
    another_log,
    frames_refused,
    ingest_acknowledges,
    mirror_behind,
    mirror_level,
    screens_live,
    written_down,
)
from ardoise.rehearsal.drills.scenario import (
    ALWAYS,
    EVERYWHERE,
    REGIONS,
    Act,
    BoundLog,
    DeleteMirror,
    Follow,
    Hold,
    Invariant,
    LoseLog,
    Place,
    Promise,
    Scenario,
    SetLink,
    WaitUntil,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action
from ardoise.up.network import Condition

TRUCK, PRIMARY, STANDBY = Place.TRUCK, Place.PRIMARY, Place.STANDBY
CUT, WHOLE = Condition(cut=True), Condition()
_ANOTHER_LOG = (
    WaitUntil(another_log(), Wait.LOG_SUCCEEDED),
    WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
    WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
    # Seconds of the new log, at every site, to compare.
    Hold(Wait.OBSERVE),
    WaitUntil(written_down(), Wait.WRITTEN_DOWN),
)
_ROLLED_BACK = (
    Act(TRUCK, Action.KEEP_LOG),
    Hold(Wait.OBSERVE),
    WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
)
_COSTS_THE_LOG = Promise(
    ingest_goes_on=False, log_breaks=True, writes_within=Wait.CUT_SHORT, primary_stays=True
)

ALL = (
    Scenario(
        name="log-lost",
        numbers=(32,),
        title="the truck's log is lost and made again from 1",
        purpose="no record of the new one passes for one of the old: another log, and an exact word on what is gone",
        steps=(LoseLog(), *_ANOTHER_LOG, Follow("log-recreated", "See which log goes on")),
        promise=_COSTS_THE_LOG,
    ),
    Scenario(
        name="log-lost-further-on",
        numbers=(32,),
        title="the truck's log is lost and made again to count on behind its old end",
        purpose="numbers that go on as if nothing had happened must not deceive anybody",
        steps=(LoseLog(further_on=1), *_ANOTHER_LOG),
        promise=_COSTS_THE_LOG,
    ),
    Scenario(
        name="log-rolled-back",
        numbers=(33,),
        title="the truck's disk forgets the last seconds of the log, and how far it had acknowledged",
        purpose="the mirrors know better: nothing is written again under a number that they have",
        steps=(
            *_ROLLED_BACK,
            Act(TRUCK, Action.ROLL_BACK_LOG),
            Act(TRUCK, Action.RESTORE),
            *_ANOTHER_LOG,
        ),
        promise=_COSTS_THE_LOG,
    ),
    Scenario(
        name="sequences-used-again",
        numbers=(33,),
        title="the log is rolled back while no region can be asked, and its numbers are used again",
        purpose="the truck goes on alone; what two logs call by one number is found when the links come back",
        steps=(
            *_ROLLED_BACK,
            *(SetLink(TRUCK, region, CUT) for region in REGIONS),
            Act(TRUCK, Action.ROLL_BACK_LOG),
            Act(TRUCK, Action.RESTORE),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            *(WaitUntil(mirror_behind(region, 6), Wait.CUT_LONG) for region in REGIONS),
            *(SetLink(TRUCK, region, WHOLE) for region in REGIONS),
            *_ANOTHER_LOG,
        ),
        promise=replace(_COSTS_THE_LOG, used_again=True),
    ),
    Scenario(
        name="bit-flipped-in-log",
        numbers=(43,),
        title="a bit of the truck's log flips on its disk, and its nats-server starts again",
        purpose="what is no frame any more is one to nobody: mirrors have it as it was, and another log takes over",
        steps=(
            Hold(Wait.OBSERVE),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            Act(TRUCK, Action.FLIP_LOG_BIT, ("nats-server",)),
            Act(TRUCK, Action.RESTORE, ("nats-server",)),
            *_ANOTHER_LOG,
        ),
        promise=_COSTS_THE_LOG,
    ),
    Scenario(
        name="bit-flipped-in-mirror",
        numbers=(43,),
        title="a bit of the standby's mirror flips on its disk, and its nats-server starts again",
        purpose="the mirror ends where it can be read, and fills again from the truck",
        steps=(
            Hold(Wait.OBSERVE),
            Act(STANDBY, Action.FLIP_LOG_BIT, ("nats-server",)),
            Act(STANDBY, Action.RESTORE, ("nats-server",)),
            WaitUntil(mirror_level(STANDBY), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(STANDBY), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(
            screens=frozenset({TRUCK, PRIMARY}), writes_within=Wait.CUT_SHORT, primary_stays=True
        ),
    ),
    Scenario(
        name="mirror-deleted",
        numbers=(34,),
        title="the standby's mirror of the log is deleted",
        purpose="it fills again by itself, and nobody else notices",
        steps=(
            DeleteMirror(STANDBY),
            WaitUntil(mirror_level(STANDBY), Wait.MIRROR_REPAIRED),
            WaitUntil(screens_live(STANDBY), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(
            screens=frozenset({TRUCK, PRIMARY}), writes_within=Wait.CUT_SHORT, primary_stays=True
        ),
    ),
    Scenario(
        name="log-full",
        numbers=(36,),
        title="the truck's log reaches its bound",
        purpose="people are warned long before; then relays are told at once, and keep what nobody has taken",
        steps=(
            BoundLog(percent=200),
            WaitUntil(alerted("log-filling"), Wait.LOG_FILLS),
            WaitUntil(frames_refused(), Wait.LOG_FILLS),
            Hold(Wait.CUT_SHORT),
            BoundLog(percent=0),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(writes_within=Wait.CUT_SHORT, primary_stays=True, warned_by="log-filling"),
        checks=ALWAYS | {Invariant.HONEST},
    ),
)
