import random

import pytest
from ardoise.ingest.racecentre.clock import MOST_AHEAD_MS, FeedClock

JULY_MS = 1_783_420_242_000
NOVEMBER_MS = 1_795_000_000_000


def recorded() -> FeedClock:
    return FeedClock(wall_at_zero_ms=NOVEMBER_MS)


def test_before_the_first_event_nobody_knows_the_time():
    assert recorded().now_ms(5.0) is None


def test_a_live_feed_is_measured_with_the_wall_clock():
    clock = FeedClock(wall_at_zero_ms=JULY_MS)
    clock.observe(JULY_MS + 97_000, 100.0)

    assert clock.live
    assert clock.now_ms(100.0) == JULY_MS + 100_000
    assert clock.now_ms(400.0) == JULY_MS + 400_000


@pytest.mark.parametrize("speed", [1.0, 7.5, 60.0, 300.0])
def test_between_the_events_of_a_recording_the_clock_flows_at_the_feeds_own_speed(speed: float):
    clock = recorded()
    for number in range(30):
        clock.observe(JULY_MS + 6_000 * number, 10 + 6 * number / speed)

    last_s = 10 + 6 * 29 / speed
    assert clock.flow == pytest.approx(speed)
    assert clock.now_ms(last_s + 3 / speed) == pytest.approx(JULY_MS + 6_000 * 29 + 3_000, abs=2)


def test_a_hole_that_the_sender_skips_is_jumped_over_and_the_speed_stays():
    clock = recorded()
    for number in range(40):
        hole_ms = 354_000 if number >= 30 else 0
        clock.observe(JULY_MS + 6_000 * number + hole_ms, number * 0.6)
        if number == 31:
            assert clock.now_ms(18.6) == JULY_MS + 186_000 + 354_000

    assert clock.flow == pytest.approx(10.0)


def test_a_hole_that_the_sender_keeps_is_flowed_through():
    clock = recorded()
    for number in range(10):
        clock.observe(JULY_MS + 6_000 * number, number * 0.6)

    assert clock.now_ms(9 * 0.6 + 3.0) == pytest.approx(JULY_MS + 54_000 + 30_000, abs=2)


def test_after_the_last_event_the_clock_runs_on_for_a_bounded_time_only():
    clock = recorded()
    for number in range(20):
        clock.observe(JULY_MS + 6_000 * number, number * 0.06)

    assert clock.now_ms(3_600.0) == JULY_MS + 6_000 * 19 + MOST_AHEAD_MS


def test_bursts_of_five_do_not_bend_the_speed():
    clock = recorded()
    for number in range(60):
        burst_end_s = (number // 5 + 1) * 30 / 10
        clock.observe(JULY_MS + 6_000 * number, burst_end_s + (number % 5) * 0.001)

    assert clock.flow == pytest.approx(10.0, rel=0.15)


@pytest.mark.parametrize("off_ms", [86_400_000 * 365, 3_600_000, 1_800_000, -1_800_000])
@pytest.mark.parametrize("wall_ms", [NOVEMBER_MS, JULY_MS], ids=["recorded", "live"])
def test_one_wrong_time_stamp_moves_nothing(wall_ms: int, off_ms: int):
    clock = FeedClock(wall_at_zero_ms=wall_ms)
    for number in range(10):
        clock.observe(JULY_MS + 6_000 * number, 6.0 * number)
    clock.observe(JULY_MS + 54_000 + off_ms, 57.0)
    assert clock.now_ms(57.0) == JULY_MS + 57_000

    clock.observe(JULY_MS + 60_000, 60.0)
    assert clock.now_ms(61.0) == JULY_MS + 61_000


def test_after_a_long_absence_the_first_time_stamp_is_believed():
    clock = recorded()
    for number in range(10):
        clock.observe(JULY_MS + 6_000 * number, 0.1 * number)
    clock.observe(JULY_MS + 54_000 + 600_000, 10.9)

    assert clock.now_ms(10.9) == JULY_MS + 54_000 + 600_000


def test_two_time_stamps_that_agree_on_another_day_are_believed():
    clock = recorded()
    clock.observe(JULY_MS - 86_400_000, 0.0)
    clock.observe(JULY_MS, 1.0)
    clock.observe(JULY_MS + 6_000, 7.0)

    assert clock.now_ms(7.0) == JULY_MS + 6_000


def test_the_clock_never_runs_backwards_and_is_never_far_from_the_feed():
    seed = 20_260_707
    print(f"seed {seed}")
    chance, clock = random.Random(seed), recorded()
    feed_ms, at_s, before = JULY_MS, 0.0, 0
    for _ in range(3_000):
        feed_ms += chance.choice([6_000] * 9 + [36_000])
        at_s += 0.12 * chance.uniform(0.2, 1.8)
        clock.observe(feed_ms, at_s)
        for _ in range(3):
            now = clock.now_ms(at_s + chance.uniform(0, 0.05))
            assert now is not None
            assert now >= before
            assert abs(now - feed_ms) <= MOST_AHEAD_MS
            before = now
