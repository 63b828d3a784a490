"""With a guard taken out its drill fails, and says why: else the drills would prove nothing."""

import asyncio

import pytest
from ardoise.chassis.identity import Role
from ardoise.pb.security_pb2 import ListAlertsRequest
from ardoise.pb.security_pb2_grpc import SecurityServiceStub
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.report.model import Report, Verdict
from ardoise.rehearsal.drills.scenario import Invariant
from ardoise.rehearsal.drills.scenarios import SCENARIOS
from ardoise.rehearsal.drills.waits import Wait

from tests.support.sites_up import MARKS, SitesUp, against

pytestmark = MARKS

# Each guard is that of another drill; those of one platform leave the others' drills their way back.
QUICK = pytest.mark.parametrize("doctored_sites_up", [("lazy-fsync", "agreeing-hook")], indirect=True)
LONG = pytest.mark.parametrize(
    "doctored_sites_up",
    [pytest.param(("trusted-lag", "watermark-apart", "altered-constant"), marks=pytest.mark.long)],
    indirect=True,
)
GUARD = "guard"
HOPELESS_S = 30.0
"""For a return to normal that cannot come: the log lacks for ever what the region was promoted without."""
ALERTED_WITHIN_S = 30.0
ASK_AGAIN_S = 0.5


def broken(report: Report) -> set[Invariant]:
    assert report.verdict is Verdict.FAILED
    return {one.invariant for one in report.findings if not one.holds}


@QUICK
async def test_with_lazy_fsync_a_power_cut_loses_what_was_acknowledged(doctored_sites_up: SitesUp):
    report = await doctored_sites_up.drill(SCENARIOS["truck-loses-power"])

    assert Invariant.NOTHING_LOST in broken(report), against(report)


@LONG
async def test_where_a_mirror_is_believed_that_it_lags_by_nothing_it_stays_stuck(doctored_sites_up: SitesUp):
    report = await doctored_sites_up.drill(SCENARIOS["mirror-stuck"])

    assert report.verdict is Verdict.FAILED
    assert any("MIRROR_REPAIRED" in reason for reason in report.reasons), against(report)


@QUICK
async def test_where_the_hook_always_agrees_a_region_is_promoted_that_cannot_go_on(
    doctored_sites_up: SitesUp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Wait.NORMAL_AGAIN, "seconds", HOPELESS_S)
    report = await doctored_sites_up.drill(SCENARIOS["guard-refuses"])

    assert Invariant.GUARD in broken(report), against(report)


@LONG
async def test_with_the_watermark_outside_the_transaction_a_crash_leaves_rows_out(doctored_sites_up: SitesUp):
    report = await doctored_sites_up.drill(SCENARIOS["poison-and-crash"])

    assert {Invariant.NOTHING_LOST, Invariant.ATOMIC_WATERMARK} <= broken(report), against(report)


@LONG
async def test_a_constant_altered_at_one_site_is_an_alert_at_all_three(doctored_sites_up: SitesUp):
    report = await doctored_sites_up.drill(SCENARIOS["recorder-down"])

    assert Invariant.SAME_EVERYWHERE in broken(report), against(report)
    assert any("london" in reason for reason in against(report))
    async with doctored_sites_up.control() as control:
        reached = Reached(await control.state())
    reached.identity(GUARD, Role.SECURITY)
    async with asyncio.timeout(ALERTED_WITHIN_S):
        await asyncio.gather(*(alerted(reached, site, "pictures-differ") for site in reached.sites))


async def alerted(reached: Reached, site: str, rule: str) -> None:
    """Returns once the site's security has raised an alert by this rule."""
    async with reached.channel(site, "security", GUARD) as channel:
        security = SecurityServiceStub(channel)
        while True:
            answer = await security.ListAlerts(ListAlertsRequest())
            if any(alert.rule == rule for alert in answer.alerts):
                return
            await asyncio.sleep(ASK_AGAIN_S)
