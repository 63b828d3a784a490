"""The time of day for what must never leap or stand still: the race's clock, the age of a picture.

It is the machine's clock as it was when this process began, and the time that has passed since. A clock that is set
right by a jump, by hand or after a wrong start, so moves nothing until the next start; what NTP corrects bit by bit is
followed, for the monotonic clock is corrected with it.
"""

import time

_BEGAN_NS = time.time_ns() - time.monotonic_ns()


def now_ms() -> int:
    """Milliseconds since 1970."""
    return (_BEGAN_NS + time.monotonic_ns()) // 1_000_000


def now_s() -> float:
    """Seconds since 1970."""
    return (_BEGAN_NS + time.monotonic_ns()) / 1e9
