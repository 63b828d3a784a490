"""Drills in a region's own cluster: what they can do, who they are, what they tell of themselves."""

from ardoise.ingest.setup.source import read_setup
from ardoise.rehearsal.drills import platform
from ardoise.rehearsal.drills.in_cluster.scenarios import IN_CLUSTER
from ardoise.rehearsal.drills.probes.relays import START_OFFSET_S
from ardoise.rehearsal.drills.scenario import Act, Place, Switchover, WaitUntil
from ardoise.rehearsal.simulator import Simulation
from ardoise.up.control import Action
from ardoise.up.demo import SIMULATED_EVENT
from ardoise.up.identities import DRILL, DRILL_OPERATOR, DRILL_RELAYS


def test_its_certificates_are_of_those_that_it_shows():
    assert (DRILL, DRILL_OPERATOR) == (platform.IDENTITY, platform.OPERATOR)
    simulation = Simulation(read_setup(SIMULATED_EVENT), 1, start_offset_s=START_OFFSET_S)
    assert set(DRILL_RELAYS) == set(simulation.relay_ids)


def test_it_breaks_nothing_but_the_region_where_it_runs():
    for scenario in IN_CLUSTER.values():
        for step in scenario.steps:
            match step:
                case Act(place, Action.KILL | Action.RESTORE, ()) | Act(place, Action.RESTART, ("patroni",)):
                    assert place is Place.PRIMARY, scenario.name
                case _:
                    assert isinstance(step, Switchover | WaitUntil), scenario.name


def test_a_primary_that_moves_in_the_catalogue_moves_here_too():
    moving = [name for name, one in IN_CLUSTER.items() if any(isinstance(s, Switchover) for s in one.steps)]
    assert moving == ["failback", "switchover"]
