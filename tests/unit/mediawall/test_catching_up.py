"""When a picture that is behind will be up to date: told from its pace, and not told where nobody can know."""

from ardoise.mediawall.domain.catching_up import BEHIND_MS, LEAST_MS, CatchingUp

NOW_MS = 1_783_000_000_000


def shown(behind_ms: int, pace: float, for_ms: int, every_ms: int = 100) -> tuple[int | None, int, int]:
    """What is said after so long at this pace, with the instant and the tick it is said of."""
    race, said, now_ms, tick_ms = CatchingUp(), None, NOW_MS, NOW_MS - behind_ms
    for passed_ms in range(0, for_ms + 1, every_ms):
        now_ms, tick_ms = NOW_MS + passed_ms, NOW_MS - behind_ms + round(passed_ms * pace)
        said = race.up_to_date_ms(tick_ms, now_ms)
    return said, now_ms, tick_ms


def test_a_race_that_comes_ten_times_as_fast_is_there_after_a_ninth_of_what_it_is_behind():
    said, now_ms, tick_ms = shown(behind_ms=600_000, pace=10.0, for_ms=20_000)
    assert said is not None
    assert abs(said - now_ms - (now_ms - tick_ms) / 9) < 200
    assert abs(said - NOW_MS - 600_000 / 9) < 500


def test_nobody_can_say_before_the_pace_is_known():
    assert shown(600_000, 10.0, for_ms=LEAST_MS - 100)[0] is None
    assert shown(600_000, 10.0, for_ms=LEAST_MS)[0] is not None


def test_a_race_that_runs_as_fast_as_the_clock_does_not_come_closer():
    assert shown(600_000, 1.0, for_ms=20_000)[0] is None
    assert shown(600_000, 0.5, for_ms=20_000)[0] is None


def test_a_race_that_is_here_or_nearly_is_not_catching_up():
    assert shown(BEHIND_MS, 1.5, for_ms=5_000)[0] is None
    assert shown(800, 1.0, for_ms=20_000)[0] is None


def test_only_the_last_seconds_tell_the_pace():
    """A link that became ten times slower: what it did before says nothing."""
    race = CatchingUp()
    tick_ms = NOW_MS - 3_600_000
    for passed_ms in range(0, 60_000, 500):
        tick_ms += 500 * (30 if passed_ms < 30_000 else 3)
        said = race.up_to_date_ms(tick_ms, NOW_MS + passed_ms)
    assert said is not None
    behind_ms = NOW_MS + 59_500 - tick_ms
    assert abs(said - (NOW_MS + 59_500) - behind_ms / 2) < 2_000


def test_after_a_cut_the_seconds_before_it_tell_no_pace():
    race = CatchingUp()
    for second in range(60):
        race.up_to_date_ms(NOW_MS + 1000 * second - 500, NOW_MS + 1000 * second)
    back_ms = NOW_MS + 660_000
    assert race.up_to_date_ms(NOW_MS + 60_000, back_ms) is None
    said = race.up_to_date_ms(NOW_MS + 80_000, back_ms + 2_000)
    assert said == back_ms + 2_000 + 582_000 * 2_000 // 18_000


def test_however_fast_it_comes_little_is_kept():
    race = CatchingUp()
    for ms in range(30_000):
        race.up_to_date_ms(NOW_MS - 600_000 + 10 * ms, NOW_MS + ms)
    assert len(race._seen) <= 81
