"""What can be drilled in a region's own cluster. Pure.

A pod there reaches the API server of its own cluster and the ports of all sites: it can take pods away where it is, and
ask `sites` as people do. It cuts no link, stops no clock, and breaks nothing at another site. So each of these breaks
something in the region that is primary when it begins, where the drill runs.
"""

from collections.abc import Mapping
from dataclasses import replace

from ardoise.rehearsal.drills.scenario import Follow, Scenario, Step, Switchover
from ardoise.rehearsal.drills.scenarios import SCENARIOS

PRECHECK = "precheck"
"""Breaks nothing: whether a drill could begin."""
_INSTEAD: Mapping[str, tuple[Step, ...]] = {"Move it": (Switchover(),), "Move it home": (Switchover(),)}
"""What a runbook's commands do there, by section. The others look, and break nothing."""


def _asked(scenario: Scenario) -> Scenario:
    """Pages name commands of `ardoise sites up`; here `sites` is asked itself."""
    steps: list[Step] = []
    for step in scenario.steps:
        steps += _INSTEAD.get(step.section, ()) if isinstance(step, Follow) else (step,)
    return replace(scenario, steps=tuple(steps))


IN_CLUSTER: Mapping[str, Scenario] = {
    name: _asked(SCENARIOS[name])
    for name in ("patroni-killed", "region-lost", "switchover", "failback", "second-switchover-waits")
}
NAMES = (PRECHECK, *IN_CLUSTER)
