"""What receivers and relays make of a race: errors that last, holes, fixes that come late or twice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ardoise.race.stage import Fixes
from numpy.typing import NDArray

from tests.accuracy.racing import Ridden
from tests.accuracy.truth import STEP_S
from tests.support.ride import T0_MS

OPEN_SKY_M, FOREST_M = 5.0, 15.0
"""1 sigma northwards, and as much eastwards."""
MEMORY_S = 30.0
"""An error is still e^-1 of itself after so long: a first-order Gauss-Markov process."""
WHITE_M = 0.5
SPEED_NOISE_MPS = 0.15
SPEED_WINDOW_S = 2.0
"""A receiver's speed is that of the last two seconds, a second late."""
LOST = 0.02
"""Share of the fixes that nobody hears."""


@dataclass(eq=False)
class Reports:
    """All that trackers report: a row a second, a column a tracker. Nuisances change it in place."""

    second: NDArray[np.int64]
    rider: NDArray[np.int64]
    """Row of the rider on whose bike each tracker is meant to be."""
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    device_ms: NDArray[np.int64]
    sent: NDArray[np.bool_]
    true_m: NDArray[np.float64]
    """Where the rider really was, NaN where the tracker is not with a rider in the race."""


@dataclass(frozen=True, eq=False)
class Delivery:
    """What one relay brings at one instant."""

    arrives_ms: int
    relay_id: str
    fixes: Fixes
    rider: NDArray[np.int64]
    true_m: NDArray[np.float64]
    true_ms: NDArray[np.int64]
    """When the fixes were made, by a clock that is right."""


@dataclass(frozen=True, eq=False)
class Relay:
    """`hears`: chance for a fix of each tracker. `every`: which seconds it reports at all."""

    name: str
    delay_ms: int
    hears: NDArray[np.float64] | float
    every: NDArray[np.bool_] | bool = True


def received(ridden: Ridden, seed: int, sigma_m: NDArray[np.float64] | float = OPEN_SKY_M) -> Reports:
    """One fix a second of each rider. `sigma_m`: by [time, rider] of the truth's tables, or one for all."""
    random = np.random.default_rng(seed)
    truth = ridden.truth
    every = round(1 / STEP_S)
    distance_m = truth.distance_m[::every]
    second = np.rint(truth.time_s[::every]).astype(np.int64)
    x_m, y_m = (column[::every] for column in ridden.place_m())
    sigma_m = np.broadcast_to(sigma_m, truth.distance_m.shape)[::every]
    shape = (2, *x_m.shape)
    error = np.empty(shape)
    error[:, 0] = random.normal(0.0, 1.0, (2, shape[2]))
    memory = np.exp(-1.0 / MEMORY_S)
    fresh = random.normal(0.0, np.sqrt(1 - memory**2), shape)
    for now in range(1, shape[1]):
        error[:, now] = memory * error[:, now - 1] + fresh[:, now]
    error = error * sigma_m + random.normal(0.0, WHITE_M, shape)
    window = round(SPEED_WINDOW_S / STEP_S)
    lagging_m = np.concatenate([np.repeat(truth.distance_m[:1], window, axis=0), truth.distance_m])[:-window]
    speed = np.abs(truth.distance_m - lagging_m)[::every] / SPEED_WINDOW_S
    speed = np.maximum(speed + random.normal(0.0, SPEED_NOISE_MPS, speed.shape), 0.0)
    device_ms = np.repeat(T0_MS + second[:, None] * 1000, x_m.shape[1], axis=1)
    sent = random.random(x_m.shape) >= LOST
    riders = np.arange(x_m.shape[1])
    return Reports(second, riders, x_m + error[0], y_m + error[1], speed, device_ms, sent, distance_m.copy())


def three_relays(riders: int) -> list[Relay]:
    """Two motorbikes that hear half of the field each, and a helicopter that hears two of three of all."""
    front = np.where(np.arange(riders) < riders / 2, 0.95, 0.15)
    return [
        Relay("moto-1", 150, front),
        Relay("moto-2", 400, np.where(front > 0.5, 0.15, 0.95)),
        Relay("helicopter-1", 650, 0.65),
    ]


def public_feed(seconds: int) -> list[Relay]:
    """Five fixes 6 s apart, then nothing for 36 s, all of it 2.6 s late."""
    second = np.arange(seconds) % 60
    return [Relay("race-centre", 2_600, 1.0, (second % 6 == 0) & (second <= 24))]


def delivered(ridden: Ridden, reports: Reports, relays: Sequence[Relay], seed: int) -> list[Delivery]:
    """Everything that arrives, in the order in which it does."""
    random = np.random.default_rng(seed)
    latitude_e7, longitude_e7 = ridden.course.degrees_e7(reports.x_m, reports.y_m)
    speed_mmps = np.where(reports.speed_mps < 0, -1000, np.rint(reports.speed_mps * 1000)).astype(np.int64)
    trackers = np.arange(9001, 9001 + reports.x_m.shape[1], dtype=np.uint64)
    found = []
    for relay in relays:
        heard = reports.sent & (random.random(reports.sent.shape) < relay.hears)
        heard &= np.broadcast_to(relay.every, len(reports.second))[:, None]
        for now in np.flatnonzero(heard.any(axis=1)).tolist():
            who = np.flatnonzero(heard[now])
            fixes = Fixes(
                trackers[who], reports.device_ms[now, who], latitude_e7[now, who], longitude_e7[now, who],
                speed_mmps[now, who],
            )  # fmt: skip
            made_ms = T0_MS + int(reports.second[now]) * 1000
            true_ms = np.full(len(who), made_ms)
            rest = (reports.rider[who], reports.true_m[now, who], true_ms)
            found.append(Delivery(made_ms + relay.delay_ms, relay.name, fixes, *rest))
    return sorted(found, key=lambda delivery: delivery.arrives_ms)
