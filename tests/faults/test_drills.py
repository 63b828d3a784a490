"""Six faults on three real sites: what was promised holds, by histories of the drills' own probes."""

import asyncio
import os

import pytest
from ardoise.rehearsal.drills.faults import Faults
from ardoise.rehearsal.drills.history import Kind
from ardoise.rehearsal.drills.report.model import Verdict
from ardoise.rehearsal.drills.scenario import Step
from ardoise.rehearsal.drills.scenarios import SCENARIOS
from ardoise.up.control import Action

from tests.support.sites_up import MARKS, SitesUp, against

pytestmark = MARKS

# A switchover waits for a minute after the last change of the primary: the first two make none.
CORE = (
    "truck-loses-power",
    "mirror-stuck",
    "switchover",
    "database-killed",
    "region-lost",
    "region-lost-recorder-crashes",
)


@pytest.mark.parametrize("name", CORE)
async def test_nothing_acknowledged_is_lost_and_nobody_stands_longer_than_promised(
    sites_up: SitesUp, name: str
):
    report = await sites_up.drill(SCENARIOS[name])

    assert report.verdict is Verdict.HELD, against(report)
    assert report.figures.fixes.acknowledged > 100
    assert report.figures.fixes.lost == report.figures.fixes.doubled == 0


async def test_a_regions_processes_yield_to_the_trucks(sites_up: SitesUp):
    async with sites_up.control() as control:
        sites = (await control.state())["sites"]
    nice = {
        site: {os.getpriority(os.PRIO_PROCESS, part["pid"]) for part in found["parts"].values()}
        for site, found in sites.items()
    }
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert nice == {"truck": {own}, "amsterdam": {own + 5}, "london": {own + 5}}


@pytest.mark.slow
async def test_a_drill_on_a_degraded_platform_is_refused_with_the_reason(sites_up: SitesUp):
    async with sites_up.control() as control:
        await control.act("london", Action.KILL, "recorder")
        try:
            report = await sites_up.drill(SCENARIOS["region-lost"])
        finally:
            await control.act("london", Action.RESTORE, "recorder")

    assert report.verdict is Verdict.REFUSED
    assert report.reasons == ["london: recorder is held"]
    assert report.events == []


@pytest.mark.slow
async def test_an_error_that_nobody_foresaw_ends_the_drill_and_not_its_putting_right(
    sites_up: SitesUp, monkeypatch: pytest.MonkeyPatch
):
    do = Faults.do

    async def broken(self: Faults, step: Step) -> None:
        await do(self, step)
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr(Faults, "do", broken)
    report = await sites_up.drill(SCENARIOS["truck-isolated"])
    async with sites_up.control() as control:
        state = await control.state()

    assert report.verdict is Verdict.FAILED
    assert "KeyError('nobody foresaw it')" in report.reasons
    assert any(event.kind is Kind.FAULT for event in report.events)
    assert state["links"] == []


@pytest.mark.slow
async def test_a_drill_that_is_aborted_puts_right_what_it_broke(sites_up: SitesUp):
    drill = asyncio.create_task(sites_up.drill(SCENARIOS["truck-isolated"]))
    async with sites_up.control() as control:
        while not (await control.state())["links"]:
            assert not drill.done(), against(drill.result())
            await asyncio.sleep(0.1)
        drill.cancel()
        report = await drill
        state = await control.state()

    assert report.verdict is Verdict.ABORTED
    assert any(event.kind is Kind.FAULT for event in report.events)
    assert report.reasons == ["it was ended from outside"]
    assert state["links"] == []
    assert {part["state"] for site in state["sites"].values() for part in site["parts"].values()} == {
        "running"
    }
