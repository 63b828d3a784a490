"""Faults of the regions: their database, their processes, the whole of one."""

from ardoise.rehearsal.drills.conditions import (
    attached,
    decisions_go_on,
    ingest_acknowledges,
    mirror_level,
    primary_is,
    screens_live,
    stepped_down,
    written_down,
)
from ardoise.rehearsal.drills.scenario import (
    EVERYWHERE,
    Act,
    Follow,
    Hold,
    KillInside,
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
SURVIVORS = frozenset({TRUCK, STANDBY})
CUT = Condition(cut=True)

_PRIMARY_IS_BACK = (
    Act(PRIMARY, Action.RESTORE),
    WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
    WaitUntil(mirror_level(PRIMARY), Wait.MIRROR_LEVEL),
    WaitUntil(screens_live(PRIMARY), Wait.MIRROR_LEVEL),
)

ALL = (
    Scenario(
        name="database-killed",
        numbers=(1,),
        title="kill -9 of PostgreSQL on the primary",
        purpose="the database crashes in the middle of the race: nobody but its writers may notice",
        steps=(
            KillInside(PRIMARY, "patroni", "postgres"),
            WaitUntil(decisions_go_on(), Wait.DATABASE_RESTARTED),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.DATABASE_RESTARTED),
    ),
    Scenario(
        name="patroni-killed",
        numbers=(2,),
        title="kill -9 of Patroni on the primary",
        purpose="as a pod that is killed: PostgreSQL ends with Patroni, so that nobody is left to write unguarded",
        steps=(
            Act(PRIMARY, Action.RESTART, ("patroni",)),
            WaitUntil(decisions_go_on(), Wait.DATABASE_RESTARTED),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.DATABASE_RESTARTED),
    ),
    Scenario(
        name="primary-frozen",
        numbers=(3,),
        title="primary and Patroni stand still for 60 s, then go on",
        purpose="a machine that froze wakes up and believes that it is primary still",
        steps=(
            Act(PRIMARY, Action.PAUSE, ("patroni",)),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
            Hold(Wait.PAUSE),
            Act(PRIMARY, Action.RESUME, ("patroni",)),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.DATABASE_BACK),
    ),
    Scenario(
        name="region-lost",
        numbers=(5,),
        title="the primary's region is lost, the truck is up",
        purpose="a data centre burns: the other region takes over, viewers there and at the finish see no break",
        steps=(
            Follow("can-take-over", "The verdict"),
            Act(PRIMARY, Action.KILL),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            Follow("region-lost", "See who took over"),
            *_PRIMARY_IS_BACK,
            Follow("region-lost", "When the region is back"),
        ),
        promise=Promise(screens=SURVIVORS, writes_within=Wait.DATABASE_BACK),
    ),
    Scenario(
        name="primary-isolated",
        numbers=(11,),
        title="the primary's region is isolated, with clients of its own",
        purpose="who is cut off must not go on writing for those who still reach it",
        steps=(
            SetLink(PRIMARY, STANDBY, CUT),
            SetLink(PRIMARY, TRUCK, CUT),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
            WaitUntil(stepped_down(PRIMARY), Wait.STEPPED_DOWN),
            Hold(Wait.OBSERVE),
            SetLink(PRIMARY, STANDBY, Condition()),
            SetLink(PRIMARY, TRUCK, Condition()),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            WaitUntil(mirror_level(PRIMARY), Wait.MIRROR_LEVEL),
        ),
        promise=Promise(screens=SURVIVORS, writes_within=Wait.DATABASE_BACK),
    ),
    Scenario(
        name="quorum-lost",
        numbers=(13,),
        title="etcd at the truck and at the standby down, PostgreSQL's link fine",
        purpose="without a majority nobody is promoted; Patroni's failsafe may keep the primary, never make a second",
        steps=(
            Act(TRUCK, Action.KILL, ("etcd",)),
            Act(STANDBY, Action.KILL, ("etcd",)),
            Hold(Wait.CUT_LONG),
            Act(STANDBY, Action.RESTORE, ("etcd",)),
            Act(TRUCK, Action.RESTORE, ("etcd",)),
            WaitUntil(decisions_go_on(), Wait.NORMAL_AGAIN),
        ),
        promise=Promise(screens=EVERYWHERE, primary_stays=True),
    ),
    Scenario(
        name="quorum-and-standby-lost",
        numbers=(14,),
        title="etcd quorum lost and the standby's PostgreSQL killed",
        purpose="no member answers: the primary steps down, the truck keeps everything, and it is written later",
        steps=(
            Act(TRUCK, Action.KILL, ("etcd",)),
            Act(STANDBY, Action.KILL, ("etcd", "patroni")),
            WaitUntil(stepped_down(PRIMARY), Wait.STEPPED_DOWN),
            WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
            Act(STANDBY, Action.RESTORE, ("etcd", "patroni")),
            Act(TRUCK, Action.RESTORE, ("etcd",)),
            WaitUntil(decisions_go_on(), Wait.NORMAL_AGAIN),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=EVERYWHERE),
    ),
    Scenario(
        name="switchover",
        numbers=(19,),
        title="planned switchover under load",
        purpose="maintenance of a region while the race is on",
        steps=(
            Follow("planned-switchover", "Before"),
            Follow("planned-switchover", "Move it"),
            WaitUntil(primary_is(STANDBY), Wait.SWITCHOVER),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
            Follow("planned-switchover", "After"),
        ),
        promise=Promise(screens=EVERYWHERE, writes_within=Wait.SWITCHOVER),
    ),
    Scenario(
        name="failback",
        numbers=(26,),
        title="the region is lost, comes back, and is made primary again",
        purpose="the way home after a disaster, without a second one",
        steps=(
            Act(PRIMARY, Action.KILL),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
            *_PRIMARY_IS_BACK,
            Follow("failback", "Before"),
            Follow("failback", "Move it home"),
            WaitUntil(primary_is(PRIMARY), Wait.SWITCHOVER),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            WaitUntil(attached(STANDBY), Wait.NORMAL_AGAIN),
            Follow("failback", "After"),
        ),
        promise=Promise(screens=SURVIVORS, writes_within=Wait.DATABASE_BACK),
    ),
    Scenario(
        name="region-lost-recorder-crashes",
        numbers=(29,),
        title="the primary's region is lost, then the other's recorder crashes during the replay",
        purpose="the second fault hits while the first is being mended",
        steps=(
            Act(PRIMARY, Action.KILL),
            WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
            Act(STANDBY, Action.RESTART, ("recorder",)),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
            *_PRIMARY_IS_BACK,
        ),
        promise=Promise(screens=SURVIVORS, writes_within=Wait.DATABASE_BACK, replays=True),
    ),
    Scenario(
        name="recorder-down",
        numbers=(50,),
        title="a standby's recorder is down, and comes back",
        purpose="the smallest fault: what an aborted drill is tried on",
        steps=(
            Act(STANDBY, Action.KILL, ("recorder",)),
            Hold(Wait.CUT_SHORT),
            Act(STANDBY, Action.RESTORE, ("recorder",)),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=EVERYWHERE, primary_stays=True),
    ),
)
