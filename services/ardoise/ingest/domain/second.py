"""Frames of one relay's stream that a region does not have yet: bounded, answered in the order of their log."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

MOST_WAITING = 20_000
"""Five and a half hours at a frame a second, some 3 MB a relay: a stage with both links down."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A frame with its first acknowledgement."""

    frame_number: int
    epoch: int
    stream: str
    sequence: int


class SecondAcknowledgements:
    """What one relay is still owed. Beyond MOST_WAITING the oldest is forgotten, and `forgot` says so for good:
    the relay must connect anew, for it repeats what has no second acknowledgement only then.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: deque[Waiting] = deque()
        self.forgot = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, frame: Waiting) -> None:
        """A frame has got its first."""
        if len(self._waiting) >= self._most:
            self._waiting.popleft()
            self.forgot = True
        self._waiting.append(frame)

    def due(self, has: Callable[[str, int], bool]) -> list[Waiting]:
        """Takes out those that a region has. A stage that nobody mirrors any more does not hold up the next."""
        due = [frame for frame in self._waiting if has(frame.stream, frame.sequence)]
        if due:
            self._waiting = deque(frame for frame in self._waiting if not has(frame.stream, frame.sequence))
        return due
