"""Official times by worked examples of the UCI's rules, and what must hold of all."""

import pytest
from ardoise.race.standings.times import Incident, companies, credited_times, stage_times
from hypothesis import given
from hypothesis import strategies as st

START_MS = 1_700_000_000_000
WIN_MS = START_MS + 4 * 3_600_000 + 700
WIN_S = 4 * 3_600


def times(*behind_ms: int, bunch_from: int | None = None) -> list[int]:
    """Seconds behind the winner, of riders so far behind the winner at the line."""
    found = stage_times([WIN_MS + ms for ms in behind_ms], START_MS, bunch_from)
    assert found[0] == WIN_S
    return [time_s - WIN_S for time_s in found]


@pytest.mark.parametrize(
    ("behind_ms", "expected_s"),
    [
        pytest.param([0], [0], id="alone"),
        pytest.param(
            range(0, 10_000, 100), [0] * 100, id="a hundred strung out over ten seconds have one time"
        ),
        pytest.param([0, 999], [0, 0], id="999 ms are no gap"),
        pytest.param([0, 1_000], [0, 1], id="1 s is one"),
        pytest.param([0, 900, 1_800, 2_800], [0, 0, 0, 3], id="from the winner, not from the rider ahead"),
        pytest.param([0, 1_299, 2_298], [0, 1, 1], id="the group has the time of its first"),
        pytest.param([0, 1_299], [0, 1], id="0.700 and 1.999: fractions are dropped"),
        pytest.param([0, 1_300], [0, 2], id="0.700 and 2.000"),
        pytest.param([0, 0, 127_000], [0, 0, 127], id="ties"),
    ],
)
def test_a_new_time_takes_a_gap_of_a_second(behind_ms: list[int], expected_s: list[int]) -> None:
    assert times(*behind_ms) == expected_s


@pytest.mark.parametrize(
    ("behind_ms", "bunch_from", "expected_s"),
    [
        pytest.param([0, 2_999], 0, [0, 0], id="2.999 s within the bunch are no gap"),
        pytest.param([0, 3_000], 0, [0, 3], id="3 s are one"),
        pytest.param([0, 1_500, 3_000, 4_500], 0, [0] * 4, id="from rider to rider, not from the winner"),
        pytest.param([0, 2_000, 3_500], 1, [0, 2, 2], id="a break that stays clear by 2 s keeps them"),
        pytest.param([0, 3_000, 4_500], 0, [0, 3, 5], id="behind the bunch a second is a gap again"),
        pytest.param([0, 1_500], None, [0, 2], id="no stage for a bunch sprint"),
    ],
)
def test_within_the_main_bunch_of_a_bunch_sprint_it_takes_three(
    behind_ms: list[int], bunch_from: int | None, expected_s: list[int]
) -> None:
    assert times(*behind_ms, bunch_from=bunch_from) == expected_s


def test_a_result_before_the_start_is_no_time_below_zero() -> None:
    assert stage_times([START_MS - 5_000, START_MS + 2_000], START_MS) == [0, 2]


def test_nobody_has_no_times() -> None:
    assert stage_times([], START_MS) == []


INSTANTS = st.lists(st.integers(0, 60_000), min_size=1, max_size=40).map(
    lambda behind: [WIN_MS + ms for ms in sorted(behind)]
)


@given(INSTANTS, st.none() | st.integers(0, 40))
def test_no_rider_is_better_than_the_one_ahead_nor_worse_than_the_clock(
    instants_ms: list[int], bunch_from: int | None
) -> None:
    found = stage_times(instants_ms, START_MS, bunch_from)
    assert found == sorted(found)
    for place, (instant_ms, time_s) in enumerate(zip(instants_ms, found, strict=True)):
        assert time_s <= (instant_ms - START_MS) // 1000
        behind_ms = instant_ms - instants_ms[place - 1] if place else None
        if behind_ms is not None and behind_ms < 1_000:
            assert time_s == found[place - 1]
        if behind_ms is not None and behind_ms >= 3_000:
            assert time_s > found[place - 1]


@given(INSTANTS, st.integers(0, 40))
def test_the_rule_of_three_seconds_makes_nobody_slower(instants_ms: list[int], bunch_from: int) -> None:
    with_it = stage_times(instants_ms, START_MS, bunch_from)
    without = stage_times(instants_ms, START_MS)
    assert all(a <= b for a, b in zip(with_it, without, strict=True))
    assert with_it[: bunch_from + 1] == without[: bunch_from + 1]


@given(INSTANTS)
def test_a_later_start_by_whole_seconds_takes_as_much_off_everybody(instants_ms: list[int]) -> None:
    shifted = stage_times(instants_ms, START_MS + 5_000)
    assert [time_s + 5 for time_s in shifted] == stage_times(instants_ms, START_MS)


def test_riders_within_two_seconds_of_each_other_are_in_company() -> None:
    passages = [(7, 0), (3, 2_000), (5, 4_000), (9, 6_001)]
    assert companies(passages) == [[7, 3, 5], [9]]
    assert companies([]) == []


ZONE_CM = 15_000_000
NEAR = ZONE_CM + 100


def incident(bib: int, *company: int, at_cm: int = NEAR, fall: bool = False) -> Incident:
    return Incident(bib, fall, at_cm, company)


@pytest.mark.parametrize(
    ("times_s", "incidents", "credited"),
    [
        pytest.param({1: 100, 2: 100, 3: 190}, [incident(3, 1, 2)], {3: 100}, id="the time of the group"),
        pytest.param({1: 100, 3: 190}, [incident(3, 1, at_cm=ZONE_CM)], {3: 100}, id="at its first centimetre"),
        pytest.param({1: 100, 3: 190}, [incident(3, 1, at_cm=ZONE_CM - 1)], {}, id="before the zone"),
        pytest.param({1: 88, 2: 100, 4: 100, 3: 190}, [incident(3, 1, 2, 4)], {3: 100}, id="not the attacker's"),
        pytest.param({1: 88, 2: 100, 3: 190}, [incident(3, 1, 2)], {3: 88}, id="halves: the earlier"),
        pytest.param({1: 100, 3: 90}, [incident(3, 1)], {}, id="nobody's becomes worse"),
        pytest.param({3: 190}, [incident(3)], {}, id="alone: his own"),
        pytest.param({1: 100, 2: 170, 3: 190}, [incident(2, 1, 3), incident(3, 1, 2)], {2: 100, 3: 100}, id="two"),
        pytest.param({2: 170, 3: 190}, [incident(2, 3), incident(3, 2)], {}, id="a pile-up of the whole group"),
        pytest.param({1: 100}, [incident(3, 1, fall=True)], {3: 100}, id="one who did not get to the line"),
        pytest.param({1: 100, 2: 90, 3: 190}, [incident(3, 1), incident(3, 2)], {3: 90}, id="twice: the better"),
    ],
)  # fmt: skip
def test_an_incident_in_the_last_kilometres_costs_no_time(
    times_s: dict[int, int], incidents: list[Incident], credited: dict[int, int]
) -> None:
    assert credited_times(times_s, incidents, ZONE_CM) == credited
