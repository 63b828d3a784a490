"""The suite from end to end on something tiny, and what holds of its lists and tables."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.accuracy import plots, table
from tests.accuracy.page import page
from tests.accuracy.peers import beside
from tests.accuracy.results import Result, Results, ridden
from tests.accuracy.scenarios import QUICK, SCENARIOS
from tests.accuracy.targets import TARGETS


def tiny(name: str, seconds: float = 90.0):
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)
    return replace(scenario, where=replace(scenario.where, seconds=seconds, seconds_each=seconds, riders=6))


def test_a_tiny_scenario_from_truth_to_report():
    scenario, results = tiny("ladder"), Results(seed=1)
    case = scenario.case(results.seed)
    measured, run = ridden(case, lambda share: None)
    others = beside(case.ridden.course, run.placed, run.cpu_s)
    results.scenarios.append(Result(scenario, measured, run.fixes, run.cpu_s, others))
    # What the engine reaches today, with room for another seed's luck.
    assert np.percentile(np.abs(measured.distance_m), 95) < 14
    assert np.percentile(np.abs(measured.gap_s), 50) < 2
    assert (measured.wrong_legs, measured.teleports) == ([], [])
    assert measured.shown > 0.99 * measured.judged > 0
    # On a ladder the nearest leg is not always the right one; on a straight run-in it is.
    assert np.median(np.abs(others.shapely.distance_m)) < 6
    assert np.median(np.abs(others.sampled_leuven.distance_m)) < 8
    results.pictures["ladder"] = plots.of_scenario("ladder", case.ridden, run, measured)
    results.pictures["peers"] = plots.of_peers(results.peers)
    document = page(results)
    assert document.count("<svg") == document.count("</svg>") == 2
    assert all(target.name in document for target in TARGETS)
    assert table.scenarios(results).row_count == 3


def test_riders_who_are_lapped_are_on_their_own_lap():
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == "loop-lapped")
    scenario = replace(scenario, where=replace(scenario.where, lapping_s=900.0, riders=12))
    case = scenario.case(2)
    behind_m = case.ridden.truth.distance_m[-1].max() - case.ridden.truth.distance_m[-1].min()
    assert behind_m > case.ridden.course.lap_m
    measured, _ = ridden(case, lambda share: None)
    assert (measured.wrong_laps, measured.teleports) == ([], [])


def test_the_same_seed_is_the_same_scenario_and_arrives_in_order():
    scenario = tiny("loop-forest")
    one, same = scenario.case(5).deliveries, scenario.case(5).deliveries
    assert len(one) == len(same) > 150
    for a, b in zip(one, same, strict=True):
        assert (a.fixes.latitude_e7 == b.fixes.latitude_e7).all()
    arrivals = [delivery.arrives_ms for delivery in one]
    assert arrivals == sorted(arrivals)


def test_scenarios_that_need_no_data_come_first_and_the_quick_ones_are_of_these():
    real = [scenario.where.real for scenario in SCENARIOS]
    assert real == sorted(real)
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
    assert set(names) >= QUICK
    assert not any(scenario.where.real for scenario in SCENARIOS if scenario.quick)


def test_the_command_says_what_it_takes_and_refuses_a_name_that_is_not_there(repository: Path):
    command = [sys.executable, "-m", "tests.accuracy"]
    told = subprocess.run([*command, "--help"], cwd=repository, capture_output=True, text=True, timeout=60)
    assert all(option in told.stdout for option in ("--only", "--quick", "--report", "--seed"))
    refused = subprocess.run(
        [*command, "--only", "nothing-like-it"], cwd=repository, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1
    assert "ladder-tunnel" in refused.stderr
