"""With a guard taken out its drill fails, and says why: else the drills would prove nothing."""

import pytest
from ardoise.rehearsal.drills.report.model import Verdict
from ardoise.rehearsal.drills.scenario import Invariant
from ardoise.rehearsal.drills.scenarios import SCENARIOS

from tests.support.sites_up import SitesUp, against

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("sites")]


async def test_with_lazy_fsync_a_power_cut_loses_what_was_acknowledged(doctored_sites_up: SitesUp):
    report = await doctored_sites_up.drill(SCENARIOS["truck-loses-power"])

    broken = {one.invariant for one in report.findings if not one.holds}
    assert report.verdict is Verdict.FAILED
    assert Invariant.NOTHING_LOST in broken, against(report)


async def test_where_a_mirror_is_believed_that_it_lags_by_nothing_it_stays_stuck(doctored_sites_up: SitesUp):
    report = await doctored_sites_up.drill(SCENARIOS["mirror-stuck"])

    assert report.verdict is Verdict.FAILED
    assert any("MIRROR_REPAIRED" in reason for reason in report.reasons), against(report)


async def test_where_the_hook_always_agrees_a_region_is_promoted_that_cannot_go_on(
    doctored_sites_up: SitesUp,
):
    report = await doctored_sites_up.drill(SCENARIOS["guard-refuses"])

    broken = {one.invariant for one in report.findings if not one.holds}
    assert report.verdict is Verdict.FAILED
    assert Invariant.GUARD in broken, against(report)
