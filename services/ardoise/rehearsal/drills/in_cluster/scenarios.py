"""What can be drilled in a region's own cluster. Pure.

A pod there reaches the API server of its own cluster and the ports of all sites: it can take pods away where it is, and
ask `sites` as people do. It cuts no link, stops no clock, and breaks nothing at another site. So each of these breaks
something in the region that is primary when it begins, where the drill runs.
"""

from collections.abc import Mapping
from dataclasses import replace

from ardoise.rehearsal.drills.conditions import attached, primary_is, written_down
from ardoise.rehearsal.drills.scenario import Follow, Place, Scenario, Step, Switchover, WaitUntil
from ardoise.rehearsal.drills.scenarios import SCENARIOS
from ardoise.rehearsal.drills.waits import Wait

PRECHECK = "precheck"
"""Breaks nothing: whether a drill could begin."""
_INSTEAD: Mapping[str, tuple[Step, ...]] = {"Move it home": (Switchover(),)}
"""What a runbook's commands do there, by section. The others look, and break nothing."""


def _asked(scenario: Scenario) -> Scenario:
    """Pages name commands of `ardoise sites up`; here `sites` is asked itself."""
    steps: list[Step] = []
    for step in scenario.steps:
        steps += _INSTEAD.get(step.section, ()) if isinstance(step, Follow) else (step,)
    return replace(scenario, steps=tuple(steps))


_THERE_AND_BACK = replace(
    SCENARIOS["switchover"],
    title="planned switchover under load, there and back",
    steps=(
        Switchover(),
        WaitUntil(primary_is(Place.STANDBY), Wait.SWITCHOVER),
        WaitUntil(attached(Place.PRIMARY), Wait.NORMAL_AGAIN),
        # It is told to wait first.
        Switchover(),
        WaitUntil(primary_is(Place.PRIMARY), Wait.SWITCHOVER),
        WaitUntil(attached(Place.STANDBY), Wait.NORMAL_AGAIN),
        WaitUntil(written_down(), Wait.WRITTEN_DOWN),
    ),
)
IN_CLUSTER: Mapping[str, Scenario] = {
    "patroni-killed": _asked(SCENARIOS["patroni-killed"]),
    "region-lost": _asked(SCENARIOS["region-lost"]),
    "failback": _asked(SCENARIOS["failback"]),
    "switchover": _THERE_AND_BACK,
}
NAMES = (PRECHECK, *IN_CLUSTER)
