"""Links that carry too little, too late: nothing is cut, so that nobody is told by silence."""

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
    LeadEtcd,
    Place,
    Promise,
    Scenario,
    SetLink,
    WaitUntil,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.network import Condition

TRUCK, PRIMARY, STANDBY = Place.TRUCK, Place.PRIMARY, Place.STANDBY
WAN = ((TRUCK, PRIMARY), (TRUCK, STANDBY), (PRIMARY, STANDBY))
THROTTLED, LATE, WHOLE = Condition(rate_kbit=256), Condition(delay_ms=500, loss_percent=5), Condition()

ALL = (
    Scenario(
        name="etcd-led-over-a-bad-uplink",
        numbers=(15,),
        title="the truck's member leads etcd, its uplink is 500 ms late and loses 5 %",
        purpose="the leader of etcd sits at the end of the worst link: nobody is promoted for it",
        steps=(
            LeadEtcd(TRUCK),
            *(SetLink(TRUCK, region, LATE, both_ways=False) for region in REGIONS),
            Hold(Wait.CUT_LONG),
            *(SetLink(TRUCK, region, WHOLE, both_ways=False) for region in REGIONS),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=frozenset({TRUCK}), writes_within=Wait.CUT_SHORT, primary_stays=True),
        checks=ALWAYS | {Invariant.HONEST},
    ),
    Scenario(
        name="wan-throttled",
        numbers=(47,),
        title="every direction between the sites carries 256 kbit/s, under load",
        purpose="decisions do not wait for a region that cannot keep up, and screens say that they are late",
        steps=(
            *(SetLink(one, other, THROTTLED) for one, other in WAN),
            WaitUntil(decisions_go_on(), Wait.SYNCHRONOUS_LEFT),
            Hold(Wait.CUT_LONG),
            WaitUntil(decisions_go_on(), Wait.SYNCHRONOUS_LEFT),
            *(SetLink(one, other, WHOLE) for one, other in WAN),
            WaitUntil(attached(STANDBY), Wait.NORMAL_AGAIN),
            WaitUntil(mirror_level(*REGIONS), Wait.MIRROR_LEVEL),
            WaitUntil(screens_live(*EVERYWHERE), Wait.MIRROR_LEVEL),
            WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        ),
        promise=Promise(screens=frozenset({TRUCK}), writes_within=Wait.SYNCHRONOUS_LEFT, primary_stays=True),
        checks=ALWAYS | {Invariant.HONEST},
    ),
)
