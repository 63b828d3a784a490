"""How stages are won: base rates, and the line itself."""

import csv
import re
from pathlib import Path

import pytest
from ardoise.analytics.domain.finish import FinishType, base_rate, decided, finish_type


def test_winners_alone_are_known_once_the_next_cannot_have_the_same_time():
    assert decided([100.0], race_time_s=100.5) is None
    assert decided([100.0], race_time_s=102.0) == FinishType(1.0, 0.0, 0.0)
    assert decided([100.0, 104.0], race_time_s=104.0) == FinishType(1.0, 0.0, 0.0)


def test_a_small_group_is_known_when_it_ends():
    together = [100.0, 100.2, 100.9]
    assert decided(together, race_time_s=101.0) is None
    assert decided(together, race_time_s=103.0) == FinishType(0.0, 1.0, 0.0)


def test_a_bunch_is_known_with_its_sixteenth_rider():
    assert decided([100.0 + 0.1 * place for place in range(16)], 101.6) == FinishType(0.0, 0.0, 1.0)


def test_with_nobody_home_nothing_is_decided():
    assert decided([], race_time_s=100.0) is None


def test_mountains_break_the_bunch():
    flat, hard = base_rate(5.0), base_rate(25.0)
    assert flat.bunch_sprint > 0.7 > 0.05 > hard.bunch_sprint
    assert hard.solo > flat.solo


def test_the_farther_the_line_the_more_can_happen_to_a_bunch():
    near = finish_type([(120, 1.0)], to_go_km=1.0, ascent_m=100.0)
    far = finish_type([(120, 1.0)], to_go_km=150.0, ascent_m=3000.0)
    assert near.bunch_sprint > 0.95
    assert far.bunch_sprint == pytest.approx(base_rate(20.0).bunch_sprint, abs=0.02)


def test_base_rates_are_those_of_the_tour(shared_data: Path):
    rows = csv.DictReader((shared_data / RESULTS).read_text().splitlines())
    stages = [stage for row in rows if (stage := won(row))]
    assert len(stages) == 631
    for low, high in ((0, 9), (9, 14), (14, 20), (20, 60)):
        there = [(climbed, how) for climbed, how in stages if low <= climbed < high]
        for kind in ("solo", "small_group", "bunch_sprint"):
            seen = sum(how == kind for _, how in there) / len(there)
            expected = sum(getattr(base_rate(climbed), kind) for climbed, _ in there) / len(there)
            assert expected == pytest.approx(seen, abs=0.08), (low, high, kind)


RESULTS = "results/tour-stages-1919-2024.csv"


def won(row: dict[str, str]) -> tuple[float, str] | None:
    """Metres climbed per kilometre, and how it was won; None where that is not on record or no road stage."""
    how = row["Won how:"]
    kilometres = float(row["Distance:"].split()[0])
    try:
        climbed = float(row["Vertical meters:"]) / kilometres
    except ValueError:
        return None
    solo = re.match(r"([\d.]+) km solo", how)
    time_trial = solo is not None and float(solo[1]) >= 0.95 * kilometres
    if int(row["Date:"].split()[-1]) < 1990 or kilometres < 60 or not climbed or time_trial:
        return None
    if "solo" in how:
        return climbed, "solo"
    if "large" in how:
        return climbed, "bunch_sprint"
    return (climbed, "small_group") if how.startswith("Sprint") else None
