"""The truck is gone, and comes back; or its disk is full, or slow."""

from ardoise.rehearsal.drills.conditions import (
    etcd_whole,
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
    Hold,
    Invariant,
    LeadEtcd,
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
    Scenario(
        name="truck-disk-full",
        numbers=(39,),
        title="the truck's disk is full: for its log, and for its member of etcd",
        purpose="no frame is acknowledged that is not on it, relays keep them; with room again it goes on by itself",
        steps=(
            Act(Place.TRUCK, Action.FILL_DISK),
            Hold(Wait.DISK_FULL),
            Act(Place.TRUCK, Action.EASE_DISK),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            WaitUntil(etcd_whole(), Wait.NORMAL_AGAIN),
        ),
        promise=Promise(ingest_goes_on=False, writes_within=Wait.CUT_SHORT, primary_stays=True),
        checks=ALWAYS | {Invariant.HONEST},
    ),
    Scenario(
        name="truck-disk-slow",
        numbers=(40,),
        title="the truck's member leads etcd, and whatever is written to its disk takes up to 2 s",
        purpose="a disk that is slow and not dead costs its own site time, and nobody the primary",
        steps=(
            LeadEtcd(Place.TRUCK),
            Act(Place.TRUCK, Action.STALL_DISK),
            Hold(Wait.CUT_LONG),
            Act(Place.TRUCK, Action.EASE_DISK),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(
            ingest_goes_on=False, writes_within=Wait.CUT_SHORT, primary_stays=True, lease_kept=True
        ),
        checks=ALWAYS | {Invariant.HONEST},
    ),
)
