"""What decoding costs: time and memory for each byte of a message."""

import time
import tracemalloc
from collections.abc import Callable

REPEATS = 5
"""The fastest counts: whatever else the machine does only adds."""
STEP = 8
"""Two lengths are compared, the one so many times the other: what is quadratic takes 64 times as long."""
MOST_RATIO = 5.0
"""Of times, to that of the lengths."""
NOT_WORTH_MEASURING_S = 0.002
"""What even the longest message costs at most: nobody is slowed by it, and no clock tells it from noise."""
MOST_MEMORY_A_BYTE = 128
MEMORY_AT_ALL = 256 * 1024


def seconds[T](work: Callable[[T], object], of: T) -> float:
    """Processor time of one go."""
    least = float("inf")
    for _ in range(REPEATS):
        begin = time.process_time()
        work(of)
        least = min(least, time.process_time() - begin)
        if least <= NOT_WORTH_MEASURING_S:
            break
    return least


def peak_bytes[T](work: Callable[[T], object], of: T) -> int:
    """The most that one go has at once."""
    tracemalloc.start()
    try:
        work(of)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
