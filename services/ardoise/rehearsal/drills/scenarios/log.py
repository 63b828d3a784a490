"""Faults of the truck's log and of its mirrors."""

from ardoise.rehearsal.drills.conditions import (
    ingest_acknowledges,
    mirror_behind,
    mirror_level,
    screens_live,
    written_down,
)
from ardoise.rehearsal.drills.scenario import (
    EVERYWHERE,
    REGIONS,
    Act,
    CrashRecorder,
    Place,
    Promise,
    Scenario,
    SendAgain,
    StickMirror,
    WaitUntil,
    WritePoison,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action

TRUCK, PRIMARY, STANDBY = Place.TRUCK, Place.PRIMARY, Place.STANDBY

ALL = (
    Scenario(
        name="truck-loses-power",
        numbers=(31,),
        title="the truck loses power during ingest",
        purpose="what a relay was told is on the disk is on the disk",
        steps=(
            Act(TRUCK, Action.CUT_POWER),
            Act(TRUCK, Action.RESTORE),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(ingest_goes_on=False, writes_within=Wait.CUT_SHORT, primary_stays=True),
    ),
    Scenario(
        name="mirror-stuck",
        numbers=(35,),
        title="the standby's mirror stands still, at lag 0 by its own word",
        purpose="a copy that does not grow is found by comparing it, not by asking it",
        steps=(
            StickMirror(STANDBY),
            WaitUntil(mirror_behind(STANDBY, 6), Wait.CUT_SHORT),
            WaitUntil(mirror_level(STANDBY), Wait.MIRROR_REPAIRED),
            WaitUntil(screens_live(STANDBY), Wait.MIRROR_LEVEL),
        ),
        promise=Promise(
            screens=frozenset({TRUCK, PRIMARY}), writes_within=Wait.CUT_SHORT, primary_stays=True
        ),
    ),
    Scenario(
        name="sent-again",
        numbers=(37,),
        title="every frame is sent again in one bulk",
        purpose="relays that come back after hours bring what is known: nothing stalls, nothing counts twice",
        steps=(
            SendAgain(),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.CUT_SHORT, primary_stays=True),
    ),
    Scenario(
        name="poison-and-crash",
        numbers=(38,),
        title="a message that nobody can read; behind it the recorder crashes between rows and watermark",
        purpose="one bad message is set aside and counted, and those behind it go on",
        steps=(
            WritePoison(),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            CrashRecorder(PRIMARY, times=5),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.CUT_SHORT, primary_stays=True),
    ),
)
