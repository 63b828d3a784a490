"""The clock of a feed, so that "late" means something at any speed. Pure: the caller brings the time.

A live feed is measured with the wall clock. A recording, or a stream of one, brings its own time: the
clock follows the feed's time stamps at the speed at which they come and flows on between them. It
stands at the leading edge: the freshest event has age zero, one held up on its way is late.
"""

from collections import deque
from statistics import median

LIVE_WITHIN_MS = 600_000
"""A feed this close to the wall clock is live; clocks of real feeds are minutes wrong at worst."""
OBSERVATIONS = 32
"""Events from which the speed is estimated: about three minutes of a live feed."""
PAIRS_APART = range(5, 11)
"""How many events apart the pairs are from which it is estimated: the real feed's bursts are of five."""
LEADING = 4
"""Events of which the least delayed one leads the clock; more would let an error of the speed add up."""
MOST_AHEAD_MS = 90_000
"""How far the clock runs on without an event. Longer than a signal timeout, so that silence shows; bounded,
so that the end of a recording at 100 times the speed does not run off with the race."""
MOST_JUMP_MS = 120_000
"""A time stamp further than this from where the feed should be is believed only when the next agrees with it. An
hour or half of one is what a sender's wrong time zone makes; the feed's own holes last 66 s on a bad day."""
FASTEST_FLOW = 500.0
"""Above this speed a hiccup of the machine is half a minute of the race: the clock then moves in steps."""
SHORTEST_SPAN_S = 0.05
"""Two events closer together than this arrived as one burst and say nothing about the speed."""


class FeedClock:
    """Milliseconds since 1970 by the feed; never runs backwards.

    `wall_at_zero_ms`: what the wall clock shows when the monotonic clock shows 0
    (``time.time() * 1000 - time.monotonic() * 1000``).
    """

    def __init__(self, wall_at_zero_ms: float) -> None:
        self._wall_at_zero_ms = wall_at_zero_ms
        self._observed: deque[tuple[int, float]] = deque(maxlen=OBSERVATIONS)
        self._doubted: int | None = None
        self._flow = 1.0
        self._now_ms = 0
        self.live = False

    @property
    def flow(self) -> float:
        """Feed seconds per second, as estimated from the last events."""
        return self._flow

    def observe(self, feed_time_ms: int, monotonic_s: float) -> None:
        """An event with this time stamp arrived now."""
        if self._observed and self._off_ms(feed_time_ms, monotonic_s) > MOST_JUMP_MS:
            confirmed = self._doubted is not None and abs(feed_time_ms - self._doubted) <= MOST_JUMP_MS
            self._doubted = feed_time_ms
            if not confirmed:
                return
            self._observed.clear()
        self._doubted = None
        self.live = abs(feed_time_ms - self._wall_ms(monotonic_s)) <= LIVE_WITHIN_MS
        self._observed.append((feed_time_ms, monotonic_s))
        self._flow = self._estimated_flow()

    def now_ms(self, monotonic_s: float) -> int | None:
        """The clock's time; None before the first event, which alone says what year it is."""
        if not self._observed:
            return None
        self._now_ms = max(self._now_ms, int(self._reading_ms(monotonic_s)))
        return self._now_ms

    def _off_ms(self, feed_time_ms: int, monotonic_s: float) -> float:
        """How far a time stamp is from anything between the last one and what should have passed since."""
        last_ms, last_s = self._observed[-1]
        passed_ms = (monotonic_s - last_s) * 1000 * max(self._flow, 1.0)
        ahead_ms = feed_time_ms - last_ms
        return max(-ahead_ms, ahead_ms - passed_ms)

    def _reading_ms(self, monotonic_s: float) -> float:
        if self.live:
            return self._wall_ms(monotonic_s)
        newest_ms = max(feed_ms for feed_ms, _ in self._observed)
        if self._flow > FASTEST_FLOW:
            return newest_ms
        latest = list(self._observed)[-LEADING:]
        flowed_ms = max(feed_ms + (monotonic_s - at_s) * 1000 * self._flow for feed_ms, at_s in latest)
        return min(flowed_ms, newest_ms + MOST_AHEAD_MS)

    def _estimated_flow(self) -> float:
        # The median over pairs a few events apart: five events in one burst do not bend it (the pairs
        # reach over bursts), nor does one hole that the sender skipped (few pairs reach over it).
        seen = list(self._observed)
        apart = PAIRS_APART if len(seen) > PAIRS_APART.stop else range(max(len(seen) - 1, 1), len(seen))
        slopes = [
            (later_ms - earlier_ms) / 1000 / (later_s - earlier_s)
            for step in apart
            for (earlier_ms, earlier_s), (later_ms, later_s) in zip(seen, seen[step:], strict=False)
            if later_s - earlier_s >= SHORTEST_SPAN_S
        ]
        if slopes:
            return max(median(slopes), 0.0)
        # All in one burst: a recording sent as fast as it goes.
        return FASTEST_FLOW * 2 if len(seen) > 2 else self._flow

    def _wall_ms(self, monotonic_s: float) -> float:
        return self._wall_at_zero_ms + monotonic_s * 1000
