"""The truck's clock, as relays tell it."""

import pytest
from ardoise.ingest.domain.truck_clock import KEPT, LATELY_MS, SLOWEST_MS, SOONEST_MS, TruckClock

NOW_MS = 1_780_000_000_000
WAY_MS = 1_200
DAY_MS = 86_400_000
FEWEST = 3


def heard(behind_ms: int, relays: int = FEWEST, way_ms: int = WAY_MS) -> TruckClock:
    """Each relay brings three fixes of now over a way of that length, to a clock that is behind by so much."""
    clock = TruckClock()
    for relay in range(relays):
        made_ms = NOW_MS + behind_ms - way_ms
        clock.heard(f"moto-{relay}", [made_ms - 400, made_ms, made_ms + 400], NOW_MS)
    return clock


@pytest.mark.parametrize("behind_ms", [7_000, 3_600_000, -60_000])
def test_three_relays_that_agree_tell_how_far_it_is_off(behind_ms: int):
    assert heard(behind_ms).behind_ms("gateway", NOW_MS) == behind_ms - WAY_MS


@pytest.mark.parametrize("behind_ms", [0, SOONEST_MS + WAY_MS, SLOWEST_MS + WAY_MS])
def test_what_the_way_explains_is_no_fault_of_the_clock(behind_ms: int):
    assert heard(behind_ms).behind_ms("gateway", NOW_MS) == 0


def test_fewer_relays_tell_nothing_and_nobody_is_told_by_himself():
    assert heard(60_000, FEWEST - 1).behind_ms("gateway", NOW_MS) == 0
    assert heard(60_000).behind_ms("moto-0", NOW_MS) == 0


def test_a_relay_that_is_a_minute_late_and_a_receiver_that_is_a_day_ahead_tell_nothing():
    clock = heard(0)
    clock.heard("late", [NOW_MS - 60_000], NOW_MS)
    for relay in range(FEWEST):
        clock.heard(f"moto-{relay}", [NOW_MS - WAY_MS, NOW_MS - WAY_MS, NOW_MS + DAY_MS], NOW_MS)
    assert clock.behind_ms("gateway", NOW_MS) == 0


def test_frames_kept_in_a_valley_count_for_nothing_beside_those_of_now():
    clock = heard(0)
    for relay in range(FEWEST):
        for _ in range(KEPT - 1):
            clock.heard(f"moto-{relay}", [NOW_MS - 600_000], NOW_MS)
    assert clock.behind_ms("gateway", NOW_MS) == 0
    assert clock.behind_ms("gateway", NOW_MS + LATELY_MS) == 0


def test_relays_that_have_been_silent_tell_nothing_of_now():
    assert heard(60_000).behind_ms("gateway", NOW_MS + LATELY_MS) == 60_000 - WAY_MS
    assert heard(60_000).behind_ms("gateway", NOW_MS + LATELY_MS + 1) == 0
