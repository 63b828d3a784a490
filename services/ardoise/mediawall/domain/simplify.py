"""Fewer points for the same line: a wall has 3,840 pixels, a route has up to 200,000 points."""

import numpy as np
from numpy.typing import NDArray

SEARCHED_PER_KEPT = 12


def simplify(
    x: NDArray[np.float64], y: NDArray[np.float64], most: int, tolerance: float
) -> NDArray[np.int64]:
    """Indices of the points that keep the line (x, y), first and last included, at most `most` of them.

    Ramer, Douglas and Peucker's method with `tolerance` in the unit of x and y, widened until few enough are left.
    """
    if len(x) <= 2:
        return np.arange(len(x))
    # A route drawn metre by metre has more points than any screen can tell apart: not worth the search.
    every = np.unique(np.append(np.arange(0, len(x), 1 + len(x) // (SEARCHED_PER_KEPT * most)), len(x) - 1))
    while True:
        kept = every[_within(x[every], y[every], tolerance)]
        if len(kept) <= most:
            return kept
        tolerance *= 2


def _within(x: NDArray[np.float64], y: NDArray[np.float64], tolerance: float) -> NDArray[np.int64]:
    keep = np.zeros(len(x), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(x) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        apart = _distance_to_chord(x[inner], y[inner], x[first], y[first], x[last], y[last])
        worst = int(np.argmax(apart))
        if apart[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return np.flatnonzero(keep)


def _distance_to_chord(
    x: NDArray[np.float64], y: NDArray[np.float64], ax: float, ay: float, bx: float, by: float
) -> NDArray[np.float64]:
    along_x, along_y = bx - ax, by - ay
    squared = along_x * along_x + along_y * along_y
    # A loop of the road returns to where it began: the chord is a point then.
    part = ((x - ax) * along_x + (y - ay) * along_y) / squared if squared else np.zeros_like(x)
    part = np.clip(part, 0.0, 1.0)
    return np.hypot(x - ax - part * along_x, y - ay - part * along_y)
