"""Runs the engine on what arrives, through its public interface alone, and keeps what it shows and says."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from ardoise.race.engine import TICK_MS, RaceEngine
from ardoise.race.stage import Action, Assignment, Decision, RiderStatus, Stage, Verdict
from numpy.typing import NDArray

from tests.accuracy.course import Course
from tests.accuracy.receivers import Delivery
from tests.support.ride import T0_MS

SHOWN = (RiderStatus.RACING, RiderStatus.NEUTRAL, RiderStatus.STOPPED)
"""Statuses with a position that is known now."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What was shown, tick by tick: [tick, rider in the order of bibs]; NaN and -1 where nothing was."""

    time_s: NDArray[np.float64]
    status: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    gap_s: NDArray[np.float64]
    gap_within_s: NDArray[np.float64]
    group: NDArray[np.int64]
    heard_s: NDArray[np.float64]
    """When the newest fix of the rider that has arrived was made; -inf: none yet."""

    def until(self, time_s: float) -> "Shown":
        """The ticks up to this instant."""
        kept = self.time_s <= time_s
        return Shown(**{field.name: getattr(self, field.name)[kept] for field in fields(self)})


@dataclass(frozen=True, eq=False)
class Placed:
    """Where each new fix was put: one element a fix."""

    time_s: NDArray[np.float64]
    rider: NDArray[np.int64]
    placed_m: NDArray[np.float64]
    """NaN: not on the road."""
    true_m: NDArray[np.float64]
    latitude_e7: NDArray[np.int64]
    longitude_e7: NDArray[np.int64]

    def only(self, which: NDArray) -> "Placed":
        """Some of the fixes."""
        return Placed(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


@dataclass(frozen=True, eq=False)
class Run:
    """All of it. `fixes`: new ones; `cpu_s`: processor time for frames and ticks, a tenth of it our own keeping."""

    shown: Shown
    placed: Placed
    fixes: int
    frames: int
    cpu_s: float


@dataclass(frozen=True)
class Order:
    """A decision of race control at a second of the race."""

    second: float
    decision: Decision


def run(
    course: Course,
    riders: int,
    trackers: Sequence[int],
    deliveries: Sequence[Delivery],
    *,
    signal_timeout_s: float,
    orders: Sequence[Order] = (),
    progress: Callable[[float], None] = lambda share: None,
) -> Run:
    """`trackers`: the rider (row) to whom the stage gives each, -1 for nobody. Bib n is row n - 1."""
    assignments = tuple(
        Assignment(9001 + number, rider + 1) for number, rider in enumerate(trackers) if rider >= 0
    )
    bibs = tuple(range(1, riders + 1))
    stage = Stage("truth", course.route, bibs, assignments, round(signal_timeout_s * 1000))
    feeding = _Feeding(RaceEngine(stage, T0_MS), riders)
    # Asked once: where system calls are slow, asking at each call would be most of the time.
    began_s = time.process_time()
    feeding.begin()
    orders = sorted(orders, key=lambda order: order.second)
    last_ms = deliveries[-1].arrives_ms
    for count, delivery in enumerate(deliveries):
        while orders and T0_MS + orders[0].second * 1000 <= delivery.arrives_ms:
            order = orders.pop(0)
            feeding.decide(T0_MS + round(order.second * 1000), order.decision)
        feeding.frame(delivery)
        if count % 200 == 0:
            progress((delivery.arrives_ms - T0_MS) / (last_ms - T0_MS))
    feeding.beat_until(last_ms + TICK_MS)
    return feeding.result(time.process_time() - began_s)


class _Feeding:
    """An engine to which records happen in the order of log time, a heartbeat after every tick."""

    def __init__(self, engine: RaceEngine, riders: int) -> None:
        self.engine = engine
        self._sequence, self._now_ms = 1, T0_MS
        self._heard_ms = np.full(riders, np.iinfo(np.int64).min // 2)
        self._columns: dict[str, list] = {name: [] for name in ("time_ms", "heard_ms", *_COLUMNS)}
        self._placed: list[tuple] = []
        self._fixes, self._frames = 0, 0

    def begin(self) -> None:
        self._advance(T0_MS)
        self.engine.decide(Decision("start", Action.START, T0_MS))

    def decide(self, at_ms: int, decision: Decision) -> None:
        self.beat_until(at_ms)
        self._advance(at_ms)
        self.engine.decide(decision)

    def beat_until(self, at_ms: int) -> None:
        """Log time goes on to just before this instant: every tick is closed on its own."""
        while self._now_ms // TICK_MS < at_ms // TICK_MS:
            self._advance((self._now_ms // TICK_MS + 1) * TICK_MS + 1)

    def frame(self, delivery: Delivery) -> None:
        self.beat_until(delivery.arrives_ms)
        self._advance(delivery.arrives_ms)
        judgement = self.engine.frame(delivery.relay_id, delivery.fixes)
        new = judgement.verdict != Verdict.DUPLICATE
        self._fixes += int(np.count_nonzero(new))
        self._frames += 1
        put = np.isin(judgement.verdict, (Verdict.USED, Verdict.LATE))
        placed_m = np.where(put, judgement.distance_cm / 100, np.nan)
        fixes = delivery.fixes
        columns = (
            delivery.true_ms,
            delivery.rider,
            placed_m,
            delivery.true_m,
            fixes.latitude_e7,
            fixes.longitude_e7,
        )
        self._placed.append(tuple(column[new] for column in columns))
        np.maximum.at(self._heard_ms, delivery.rider, delivery.true_ms)

    def result(self, cpu_s: float) -> Run:
        raw = {name: np.array(column) for name, column in self._columns.items()}
        far = -1e9
        heard_s = (raw["heard_ms"] - T0_MS) / 1000
        known = np.isin(raw["status"], (*SHOWN, RiderStatus.FINISHED))
        shown = Shown(
            time_s=(raw["time_ms"] - T0_MS) / 1000,
            status=raw["status"],
            distance_m=np.where(known, raw["distance_cm"] / 100, np.nan),
            speed_mps=np.where(known, raw["speed_mmps"] / 1000, np.nan),
            gap_s=np.where(raw["gap_ms"] >= 0, raw["gap_ms"] / 1000, np.nan),
            gap_within_s=np.where(raw["gap_within_ms"] >= 0, raw["gap_within_ms"] / 1000, np.nan),
            group=np.where(raw["group_id"] > 0, raw["group_id"], -1),
            heard_s=np.where(heard_s < far, -np.inf, heard_s),
        )
        true_ms, *rest = (np.concatenate(parts) for parts in zip(*self._placed, strict=True))
        placed = Placed((true_ms - T0_MS) / 1000, *rest)
        return Run(shown, placed, self._fixes, self._frames, cpu_s)

    def _advance(self, at_ms: int) -> None:
        self._sequence += 1
        self._now_ms = at_ms
        snapshot = self.engine.advance(self._sequence, at_ms)
        self.engine.take_events(), self.engine.take_oddities()
        if snapshot is None:
            return
        order = np.argsort(snapshot.riders.bib)
        self._columns["time_ms"].append(snapshot.race_time_ms)
        self._columns["heard_ms"].append(self._heard_ms.copy())
        for name in _COLUMNS:
            self._columns[name].append(getattr(snapshot.riders, name)[order])


_COLUMNS = ("status", "distance_cm", "speed_mmps", "gap_ms", "gap_within_ms", "group_id")
