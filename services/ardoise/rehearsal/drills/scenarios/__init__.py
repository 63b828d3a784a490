"""The drills there are, by name, in the order of the fault catalogue; then those of several faults together."""

from collections.abc import Mapping

from ardoise.rehearsal.drills.scenario import Scenario
from ardoise.rehearsal.drills.scenarios import (
    alone,
    broken_log,
    clocks,
    links,
    log,
    majority,
    primary,
    regions,
    slow_links,
    truck,
)

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in sorted(
        (
            *regions.ALL,
            *links.ALL,
            *slow_links.ALL,
            *clocks.ALL,
            *log.ALL,
            *broken_log.ALL,
            *majority.ALL,
            *primary.ALL,
            *truck.ALL,
            *alone.ALL,
        ),
        key=lambda scenario: (not scenario.numbers, scenario.numbers),
    )
}


def by_name(name: str) -> Scenario:
    """Also by a number of the catalogue, where one drill alone has it. Raises ValueError that names what there is."""
    if name in SCENARIOS:
        return SCENARIOS[name]
    numbered = [scenario for scenario in SCENARIOS.values() if name in map(str, scenario.numbers)]
    if len(numbered) == 1:
        return numbered[0]
    raise ValueError(f"there is no drill {name!r}: there are {', '.join(SCENARIOS)}")
