"""A tracker that repeats one place at speed tells nothing by it; what comes behind that is believed at once."""

import numpy as np
from ardoise.race.stage import RiderStatus, Trouble, Verdict

from tests.support.ride import T0_MS, Run, fixes, stage_on, winding

FROZEN_S = range(100, 155)
RIDERS = [9001, 9002]
TICK_S = 0.25


def frozen_ride(metres: list[float]) -> tuple[Run, list[int]]:
    """Two riders a second apart, who are there second by second; what became of the second's fixes.

    The second's tracker repeats one place from 100 s to 155 s, and goes on telling the speed.
    """
    run, verdicts = Run.of(stage_on(winding(), riders=2, signal_timeout_ms=120_000)), []
    for second in range(1, len(metres)):
        place_m = metres[FROZEN_S.start - 1] if second in FROZEN_S else metres[second - 1]
        mps = metres[second] - metres[second - 1]
        frame = fixes(run.engine.stage.route, RIDERS, T0_MS + second * 1000, [metres[second], place_m], mps)
        verdicts.append(int(run.frame(second, frame).verdict[1]))
        for part in (1, 2, 3):
            run.beat(second + part * TICK_S)
    return run, verdicts


def off_m(run: Run, metres: list[float], bib: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds, and how far from the truth the rider was shown."""
    at_s = np.array([(s.race_time_ms - T0_MS) / 1000 for s in run.snapshots])
    true_m = np.interp(at_s - (bib - 1), range(len(metres)), metres)
    return at_s, np.abs(run.column(bib, "distance_cm") / 100 - true_m)


def test_however_long_the_place_is_repeated_it_is_not_believed_and_what_follows_is_at_once():
    metres = [10.0 * second for second in range(300)]
    run, verdicts = frozen_ride(metres)
    assert set(verdicts[FROZEN_S.start : FROZEN_S.stop - 1]) == {Verdict.FROZEN}
    at_s, away_m = off_m(run, metres, 2)
    assert away_m[at_s > 60].max() < 15
    within_ms = run.column(2, "gap_within_ms")
    during = (at_s > FROZEN_S.start + 2) & (at_s < FROZEN_S.stop)
    assert (np.diff(within_ms[during]) >= 0).all()
    assert within_ms[during][-1] > within_ms[during][0] + 2_000
    assert within_ms[at_s > FROZEN_S.stop + 1].max() < within_ms[during][0] + 500


def test_who_stops_while_the_place_is_repeated_is_not_put_where_it_is_repeated():
    ridden_m = [10.0] * 120 + [5.0] + [0.0] * 100
    metres = np.concatenate(([0.0], np.cumsum(ridden_m))).tolist()
    run, verdicts = frozen_ride(metres)
    assert set(verdicts[FROZEN_S.start : FROZEN_S.stop - 1]) == {Verdict.FROZEN}
    during = range((FROZEN_S.start + 2) * 4, (FROZEN_S.stop - 1) * 4)
    assert {int(run.column(2, "trouble")[tick]) for tick in during} == {Trouble.FROZEN}
    assert run.last(2, "status") == RiderStatus.STOPPED
    passed_cm, passed_ms = run.engine.track(2)
    assert metres[-1] - 30 < passed_cm[-1] / 100 <= metres[-1]
    assert passed_ms[-1] > T0_MS + FROZEN_S.start * 1000


def test_who_brakes_to_a_stop_with_a_receiver_that_lags_stands_there():
    run = Run.of(stage_on(winding()))
    for second in range(1, 90):
        # Its speed is that of two seconds ago; standing it tells one place alone.
        frame = fixes(run.engine.stage.route, RIDERS[:1], T0_MS + second * 1000, [10.0 * min(second, 60)])
        frame.speed_mmps[:] = 10_000 if second < 63 else 0
        run.frame(second, frame)
    assert run.last(1, "status") == RiderStatus.STOPPED
    # Shown two seconds' way ahead, and nobody is shown riding back who has not turned.
    assert abs(run.last(1, "distance_cm") / 100 - 600) < 40
