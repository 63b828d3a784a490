"""How wrong a device's clock is, from when its fixes come: shown, and never corrected."""

from dataclasses import dataclass
from enum import StrEnum

WEEK_MS = 7 * 24 * 3_600_000
ROLLOVER_WEEKS = 1_024
"""GPS counts weeks in ten bits: receivers that do not know of it are so many behind, or a multiple of it."""
HOUR_MS = 3_600_000
QUARTER_MS = HOUR_MS // 4
ROUND_WITHIN_MS = 60_000
"""A time zone taken for UTC is off by quarters of an hour, to within what the way takes."""
RIGHT_WITHIN_MS = 2_000
"""A second of rounding, and the way."""
LATE_MS = 30_000
"""What comes so long after it was made was kept by the device, which had no network."""
SLOW_MS = 3_000
"""Behind by more, and always by as much, is a clock that is slow: what a way takes varies."""
KEPT = 8
"""Newest offsets kept. The greatest is the clock's: nothing comes before it was made, and all else is delay."""


class Wrong(StrEnum):
    """What a clock's offset is explained by."""

    NOT = "right"
    AHEAD = "ahead"
    BEHIND = "behind"
    TIME_ZONE = "time-zone"
    WEEKS = "gps-weeks"


@dataclass(frozen=True)
class Clock:
    """A device's clock against the relays' trackers, and where they tell nothing against the truck's."""

    offsets_ms: tuple[int, ...] = ()
    """Device time less time of arrival, newest last."""

    def after(self, time_ms: int, received_ms: int) -> "Clock":
        """What is known after another fix."""
        return Clock((*self.offsets_ms, time_ms - received_ms)[-KEPT:])

    @property
    def offset_ms(self) -> int | None:
        """By how much it is ahead, at least; negative: behind, or its fixes come late. None: nothing was heard."""
        return max(self.offsets_ms, default=None)

    @property
    def wrong(self) -> Wrong:
        """Behind by less than LATE_MS, and not steadily so, is not told from a slow way."""
        offset = self.offset_ms or 0
        if (-SLOW_MS if self._steady else -LATE_MS) <= offset <= RIGHT_WITHIN_MS:
            return Wrong.NOT
        weeks = round(offset / WEEK_MS)
        if weeks and weeks % ROLLOVER_WEEKS == 0 and abs(offset - weeks * WEEK_MS) <= HOUR_MS:
            return Wrong.WEEKS
        quarters = round(offset / QUARTER_MS)
        if quarters and abs(quarters) <= 56 and abs(offset - quarters * QUARTER_MS) <= ROUND_WITHIN_MS:
            return Wrong.TIME_ZONE
        return Wrong.AHEAD if offset > 0 else Wrong.BEHIND

    @property
    def _steady(self) -> bool:
        """Whether all that is kept is as far off, to within what rounding and the way explain."""
        kept = self.offsets_ms
        return len(kept) == KEPT and max(kept) - min(kept) <= RIGHT_WITHIN_MS
