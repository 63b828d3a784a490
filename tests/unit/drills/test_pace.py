"""What a fault may cost in time, and what screens say meanwhile: found where it is broken. And the figures of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import (
    AlertSeen,
    Blind,
    DatabaseSeen,
    Event,
    History,
    Kind,
    Outcome,
    Refused,
    Role,
    ScreenSeen,
    Words,
)
from ardoise.rehearsal.drills.scenario import Invariant, Place

from tests.support.drilled import (
    CAST,
    EPOCH,
    FIRST_MS,
    PROMOTED_S,
    SCENARIO,
    SECONDS,
    acknowledged,
    broken,
    checked,
    decision,
    history,
    report,
    sequence_of,
)

# I8


def test_slow_acknowledgements_are_found():
    def doctor(seen: History, _: Evidence) -> None:
        seen.acknowledged[:] = [replace(one, latency_s=0.7) for one in seen.acknowledged]

    broken(Invariant.BOUNDED, doctor, "acknowledgements: p99 700 ms, promised 500 ms")


@pytest.mark.parametrize("site", ["truck", "london"])
def test_a_second_that_a_surviving_screen_skips_is_found(site: str):
    def doctor(seen: History, _: Evidence) -> None:
        seen.screens[:] = [
            one for one in seen.screens if not (one.site == site and one.race_time_ms == FIRST_MS + 15_000)
        ]

    broken(Invariant.BOUNDED, doctor, f"{site} went from second", f"{site} stood still for 2.0 s")


def test_a_picture_stands_only_while_the_drill_looks():
    def missed(from_s: float, to_s: float) -> Callable[[History, Evidence], None]:
        def doctor(seen: History, _: Evidence) -> None:
            # What came meanwhile is seen all at once.
            late = [replace(one, at_s=22.0) if 19.5 < one.at_s < 22.0 else one for one in seen.screens]
            seen.screens[:] = late
            seen.blind.append(Blind(from_s, to_s))

        return doctor

    broken(Invariant.BOUNDED, missed(21.0, 21.5), "truck stood still for")
    assert checked(Invariant.BOUNDED, missed(19.6, 22.0)).holds


def test_a_screen_that_stops_for_good_is_found():
    def doctor(seen: History, _: Evidence) -> None:
        seen.screens[:] = [one for one in seen.screens if one.site != "truck" or one.at_s < 20]

    broken(Invariant.BOUNDED, doctor, "truck showed nothing new in the last 20")


def test_the_screen_of_the_lost_region_may_stand():
    assert Place.PRIMARY not in SCENARIO.promise.screens
    assert checked(Invariant.BOUNDED).holds


def test_a_database_that_comes_back_too_late_or_never_is_found():
    def late(seen: History, _: Evidence) -> None:
        seen.decisions[:] = [one for one in seen.decisions if not PROMOTED_S <= one.began_s < 36]

    def never(seen: History, _: Evidence) -> None:
        seen.decisions[:] = [one for one in seen.decisions if one.site == "amsterdam"]

    broken(Invariant.BOUNDED, late, "decisions stood for 27.0 s, promised 22 s")
    broken(Invariant.BOUNDED, never, "decisions never came back")


def test_a_decision_that_nobody_answered_within_its_limit_is_found():
    def doctor(seen: History, _: Evidence) -> None:
        seen.decisions.append(replace(decision(12, "london", Outcome.IN_DOUBT), ended_s=20.0))

    broken(Invariant.BOUNDED, doctor, "london took 7.9 s to answer")


# I9


def test_a_screen_that_calls_an_old_second_live_is_found():
    def doctor(seen: History, _: Evidence) -> None:
        seen.screens.append(ScreenSeen(39.9, "london", EPOCH, FIRST_MS, 14_000, Words.LIVE))

    broken(Invariant.HONEST, doctor, 'london says "live" over a second that is 14.0 s old')


def test_a_screen_that_blames_the_link_over_a_fresh_second_is_found():
    def doctor(seen: History, _: Evidence) -> None:
        seen.screens.append(ScreenSeen(39.9, "london", EPOCH, FIRST_MS, 300, Words.NO_TRUCK))

    broken(Invariant.HONEST, doctor, 'london says "no link to the truck" over a second that is 0.3 s old')


def test_a_screen_that_never_names_the_lost_truck_is_found():
    promise = replace(SCENARIO.promise, says_no_truck=frozenset({Place.STANDBY}))
    broken(Invariant.HONEST, lambda _, __: None, "london never said", promise=promise)


def full_log(refused_s: float, *warned: tuple[str, float]):
    def doctor(seen: History, _: Evidence) -> None:
        seen.refused.append(Refused(refused_s, acknowledged(20).frame))
        seen.alerts.extend(AlertSeen(at_s, site, "log-filling") for site, at_s in warned)

    return doctor


WARNS = replace(SCENARIO.promise, warned_by="log-filling")


def test_a_full_log_is_announced_at_every_site_before_a_frame_is_refused():
    everywhere = [(site, 15.0) for site in CAST.values()]
    assert checked(Invariant.HONEST, full_log(20.0, *everywhere), WARNS).holds
    broken(
        Invariant.HONEST,
        full_log(20.0, *everywhere[:2]),
        "london was warned never, the first frame was refused at 20.0 s",
        promise=WARNS,
    )
    broken(Invariant.HONEST, full_log(14.0, *everywhere), "truck was warned at 15.0 s", promise=WARNS)
    broken(Invariant.HONEST, lambda _, __: None, "the log was not full", promise=WARNS)


def test_a_frame_that_was_refused_and_never_taken_is_found():
    assert checked(Invariant.NOTHING_LOST, full_log(20.0)).holds
    never = Refused(20.0, ("moto-1", 7, 999))
    broken(Invariant.NOTHING_LOST, lambda seen, _: seen.refused.append(never), "and never taken")


# figures


def test_what_an_outage_left_and_is_written_down_late_is_replayed():
    """Frames of seconds 9 to 23 are passed at 29.2 s, over 5 s late; those up to 29 are in time by that measure."""
    figures = report().figures
    fixes = figures.fixes
    assert (fixes.acknowledged, fixes.stored, fixes.lost, fixes.doubled) == (80, 80, 0, 0)
    assert fixes.replayed == 2 * 15
    assert figures.replayed_times == pytest.approx(14 / 1.0)


def test_what_is_written_down_in_time_is_not_replayed():
    seen = history()
    seen.database[:] = [
        DatabaseSeen(second + 0.2, "london", Role.PRIMARY, 1, sequence_of(second))
        for second in range(SECONDS)
    ]
    assert report(seen).figures.fixes.replayed == 0
    assert report(seen).figures.replayed_times is None


def test_a_drill_of_a_replay_that_replays_nothing_does_not_hold():
    def doctor(seen: History, _: Evidence) -> None:
        seen.database[:] = [replace(one, watermark=1_000) for one in seen.database]

    promise = replace(SCENARIO.promise, replays=True)
    assert checked(Invariant.BOUNDED, promise=promise).holds
    broken(Invariant.BOUNDED, doctor, "there was no replay to be seen", promise=promise)


def test_what_a_failover_lost_and_is_written_again_is_replayed():
    """The new primary lacks all past 14, that is from second 7 on, until 28 s; until 19 s the old one had it."""
    seen = history()
    seen.database[:] = [
        *(DatabaseSeen(s + 0.2, "amsterdam", Role.PRIMARY, 1, sequence_of(s)) for s in range(20)),
        *(DatabaseSeen(s + 0.2, "london", Role.PRIMARY, 2, 14) for s in range(20, 28)),
        # It is primary no more, and does not know it yet: what it has written counts for nothing.
        DatabaseSeen(27.5, "amsterdam", Role.PRIMARY, 1, sequence_of(19)),
        *(DatabaseSeen(s + 0.2, "london", Role.PRIMARY, 2, sequence_of(s)) for s in range(28, SECONDS)),
    ]
    assert report(seen).figures.fixes.replayed == 2 * len(range(7, 24))


def test_the_longest_interruption_counts_from_the_last_decision_before_the_fault():
    seen = history()
    seen.events.append(Event(39.9, Kind.FAULT, "again"))
    assert report().figures.writes_interrupted_s == pytest.approx(20.0)
    assert report(seen).figures.writes_interrupted_s is None


def test_a_picture_that_never_came_back_stood_until_the_end():
    seen = history()
    seen.screens[:] = [one for one in seen.screens if one.site != "truck" or one.at_s < 20]
    assert report(seen).figures.picture_interrupted_s["truck"] == pytest.approx(seen.ended_s - 19.2)
