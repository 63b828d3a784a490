"""Riders who cross the line: between two fixes, or unheard."""

import numpy as np
from numpy.typing import NDArray

from ardoise.race.along import FIX_DOUBT_CM
from ardoise.race.matching import apart_m
from ardoise.race.passages import Passages
from ardoise.race.riders import Riders
from ardoise.race.road import STEP_CM, Road

SILENT_AT_LINE_MS = 45_000
SILENT_AT_LINE_CM = 80_000
"""A rider last heard within 800 m of the line and then no more has crossed it: the public feed drops finishers."""
NEAR_LINE_M = 500.0
NEAR_LINE_CM = 20_000


class FinishLine:
    """Of all riders, once the race has started."""

    def __init__(self, road: Road, riders: Riders, passages: Passages) -> None:
        self._road, self._riders, self._passages = road, riders, passages
        finish = np.array([(road.finish_cm - road.start_cm) // STEP_CM])
        self._place_m = float(road.x_m[finish][0]), float(road.y_m[finish][0])

    def cross(
        self,
        row: NDArray[np.int64],
        from_cm: NDArray[np.int64],
        from_ms: NDArray[np.int64],
        to_cm: NDArray[np.int64],
        to_ms: NDArray[np.int64],
    ) -> None:
        """Writes down when riders who rode from one place to another crossed the line, if it lies between."""
        line_cm = self._road.finish_cm
        crossed = (from_cm < line_cm) & (to_cm >= line_cm) & (self._riders.finish_ms[row] == 0)
        if crossed.any():
            row, from_cm, from_ms, to_cm, to_ms = (c[crossed] for c in (row, from_cm, from_ms, to_cm, to_ms))
            ridden_cm, took_ms = to_cm - from_cm, to_ms - from_ms
            self._riders.finish_ms[row] = from_ms + (line_cm - from_cm) * took_ms // ridden_cm

    def rolled_out(self, row: int, time_ms: int, place_m: tuple[float, float], expected_cm: int) -> bool:
        """Whether a fix off the road tells that the rider has crossed the line and left the finish straight."""
        line_cm, speed_mmps = self._road.finish_cm, int(self._riders.speed_mmps[row])
        if expected_cm < line_cm - NEAR_LINE_CM or speed_mmps <= 0:
            return False
        if apart_m(place_m, self._place_m) > NEAR_LINE_M:
            return False
        self._finish(row, min(self._line_ms(row), time_ms))
        return True

    def finish_silent(self, tick_ms: int, out: NDArray[np.bool_]) -> None:
        """Riders (but those who are out) last heard just before the line and then no more have crossed it."""
        riders, ahead_cm = self._riders, self._road.finish_cm - self._riders.fix_cm
        silent = riders.on_road & ~out & (tick_ms - riders.fix_ms > SILENT_AT_LINE_MS)
        silent &= (ahead_cm > 0) & (ahead_cm < SILENT_AT_LINE_CM) & (riders.speed_mmps > 0)
        for row in np.flatnonzero(silent).tolist():
            line_ms = self._line_ms(row)
            if line_ms <= tick_ms:
                self._finish(row, line_ms)

    def _finish(self, row: int, line_ms: int) -> None:
        """The rider crossed the line at this instant, unheard."""
        riders = self._riders
        if riders.finish_ms[row]:
            return
        riders.finish_ms[row] = line_ms
        last = (row, riders.fix_cm[row], riders.fix_ms[row], self._road.finish_cm, line_ms, FIX_DOUBT_CM)
        self._passages.record(*(np.array([value], np.int64) for value in last))

    def _line_ms(self, row: int) -> int:
        """When a rider reaches the line at the speed of the last fix (which must not be 0)."""
        riders = self._riders
        ahead_cm = self._road.finish_cm - int(riders.fix_cm[row])
        return int(riders.fix_ms[row]) + max(ahead_cm, 0) * 10_000 // int(riders.speed_mmps[row])
