"""Cases of a race day that went wrong: one nuisance each, some riders struck, all the others watched too."""

import numpy as np
from ardoise.race.stage import Action, Decision

from tests.accuracy import nuisances
from tests.accuracy.cases import Case, Where, case, raced
from tests.accuracy.racing import Fade, Pause
from tests.accuracy.receivers import received, three_relays
from tests.accuracy.running import Order
from tests.support.ride import T0_MS

STRUCK = 4
"""Row of the rider whom it strikes, where it strikes one."""
RACE_CONTROL_S = 120
"""After so long race control has said what is the matter."""
BIKE_CHANGE_S = 25.0
HANDED_OVER_S = 40


def spare_bike(where: Where, seed: int) -> Case:
    """Both bikes' trackers are the rider's from the start; one of the two is on a car roof."""
    return _with_spare_bike(where, seed, assigned=True)


def bike_change(where: Where, seed: int) -> Case:
    """The new bike's tracker is nobody's until race control assigns it."""
    return _with_spare_bike(where, seed, assigned=False)


def short_cut(where: Where, seed: int) -> Case:
    """A rider two minutes behind goes straight across to a place 500 m further on."""
    fade = Fade(STRUCK, 0.0, where.seconds_each * 0.5, 120.0)
    ridden = raced(where, seed, fades=[fade])
    ridden = nuisances.short_cut(ridden, STRUCK, where.seconds_each * 0.6, 500.0)
    reports = received(ridden, seed + 1)
    nuisances.off_the_road(ridden, reports, STRUCK)
    return case(ridden, reports, seed)


def ambulance(where: Where, seed: int) -> Case:
    """A rider is taken past the race; race control says so two minutes later."""
    return _taken_away(where, seed, nuisances.AMBULANCE_MPS)


def back_to_the_start(where: Where, seed: int) -> Case:
    """A rider turns round and rides home against the race."""
    return _taken_away(where, seed, -nuisances.HOMEWARDS_MPS)


def frozen(where: Where, seed: int) -> Case:
    ridden = raced(where, seed)
    reports = received(ridden, seed + 1)
    for tracker in range(0, reports.x_m.shape[1], 3):
        for from_s in range(60 + 5 * tracker, len(reports.second) - 60, 180):
            nuisances.frozen(reports, tracker, from_s)
    return case(ridden, reports, seed)


def jump(where: Where, seed: int) -> Case:
    ridden = raced(where, seed)
    reports = received(ridden, seed + 1)
    for tracker in range(0, reports.x_m.shape[1], 3):
        for nth, from_s in enumerate(range(60 + 5 * tracker, len(reports.second) - 60, 120)):
            nuisances.jump(reports, tracker, from_s, 1 + nth % 4)
    return case(ridden, reports, seed)


def negative_speed(where: Where, seed: int) -> Case:
    ridden = raced(where, seed)
    reports = received(ridden, seed + 1)
    nuisances.negative_speed(reports, slice(0, None, 3))
    return case(ridden, reports, seed)


def holes(where: Where, seed: int) -> Case:
    """36 s in every 150 nobody is heard."""
    ridden = raced(where, seed)
    reports = received(ridden, seed + 1)
    nuisances.whole_field_silent(reports, 150, 36)
    return case(ridden, reports, seed)


def two_clocks(where: Where, seed: int) -> Case:
    """Every other tracker's clock is 3 s ahead."""
    ridden = raced(where, seed)
    reports = received(ridden, seed + 1)
    nuisances.clocks_apart(reports, slice(0, None, 2), 3_000)
    return case(ridden, reports, seed)


def late_relay(where: Where, seed: int) -> Case:
    """One motorbike reports everything a minute late."""
    ridden = raced(where, seed)
    reports = received(ridden, seed + 1)
    relays = three_relays(reports.x_m.shape[1])
    relays[1] = type(relays[1])("moto-2", 60_000, relays[1].hears)
    return case(ridden, reports, seed, relays)


def _with_spare_bike(where: Where, seed: int, *, assigned: bool) -> Case:
    change_s = round(where.seconds_each * 0.4)
    # Where the rider is at that instant who does not stop: the same seed is the same race.
    at_m = float(np.interp(change_s, *_track(where, seed)))
    ridden = raced(where, seed, pauses=[Pause(STRUCK, at_m, BIKE_CHANGE_S)])
    reports = received(ridden, seed + 1)
    new = nuisances.spare_bike(ridden, reports, STRUCK, change_s + round(BIKE_CHANGE_S / 2))
    trackers = reports.rider.tolist()
    if assigned:
        return case(ridden, reports, seed, trackers=trackers)
    trackers[new] = -1
    told_s = change_s + HANDED_OVER_S
    decision = Decision("spare", Action.ASSIGN, T0_MS + told_s * 1000, bib=STRUCK + 1, tracker=9001 + new)
    return case(ridden, reports, seed, trackers=trackers, orders=[Order(told_s, decision)])


def _taken_away(where: Where, seed: int, mps: float) -> Case:
    from_s = round(where.seconds_each * 0.4)
    whole = raced(where, seed)
    ridden = nuisances.out_of_race(whole, STRUCK, from_s)
    reports = received(whole, seed + 1)
    nuisances.driven(whole, reports, STRUCK, from_s, mps)
    told_s = from_s + RACE_CONTROL_S
    decision = Decision("out", Action.ABANDON, T0_MS + told_s * 1000, bib=STRUCK + 1)
    return case(ridden, reports, seed, orders=[Order(told_s, decision)])


def _track(where: Where, seed: int) -> tuple[np.ndarray, np.ndarray]:
    truth = raced(where, seed).truth
    return truth.time_s, truth.distance_m[:, STRUCK]
