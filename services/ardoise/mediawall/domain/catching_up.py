"""When a picture that is behind will be up to date, told from how fast its seconds came lately. Pure."""

from collections import deque

BEHIND_MS = 10_000
"""What is less behind is late, and soon here: nobody needs to be told when."""
WINDOW_MS = 20_000
"""How far back the pace is taken from: a link's rate changes, and what is caught up comes in bursts."""
LEAST_MS = 1_500
"""Two bursts in less time tell no pace."""
STEP_MS = 250
LEAST_GAIN = 0.02
"""Seconds gained in a second: with less nobody can say when, and it is not soon."""


class CatchingUp:
    """One race, from the first of its seconds that is shown."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque()
        """When each second was shown, and which it was; not more often than every STEP_MS."""

    def up_to_date_ms(self, tick_ms: int, now_ms: int) -> int | None:
        """The instant at which the race shown will be the race now, if it goes on coming like this.

        `tick_ms` is shown from `now_ms` on. None: it is not behind, or does not come closer.
        """
        while self._seen and now_ms - self._seen[0][0] > WINDOW_MS:
            self._seen.popleft()
        if not self._seen or now_ms - self._seen[-1][0] >= STEP_MS:
            self._seen.append((now_ms, tick_ms))
        began_ms, first_ms = self._seen[0]
        passed_ms, behind_ms = now_ms - began_ms, now_ms - tick_ms
        gained_ms = tick_ms - first_ms - passed_ms
        if behind_ms <= BEHIND_MS or passed_ms < LEAST_MS or gained_ms < passed_ms * LEAST_GAIN:
            return None
        return now_ms + behind_ms * passed_ms // gained_ms
