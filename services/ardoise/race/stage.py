"""The words of the race: who rides, on which road, with which trackers, and what race control decides.

The numbers of the enumerations are those of the contracts (common.proto, race.proto).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ardoise.race.route import Route


class RaceState(IntEnum):
    """Where the race as a whole stands."""

    PREPARED = 1
    NEUTRALISED = 2
    RACING = 3
    STOPPED = 4
    FINISHED = 5


class RiderStatus(IntEnum):
    """What one rider is doing, as far as it is known."""

    UNKNOWN = 0
    RACING = 1
    NEUTRAL = 2
    STOPPED = 3
    OFF_ROUTE = 4
    NO_SIGNAL = 5
    FINISHED = 6
    ABANDONED = 7


class Verdict(IntEnum):
    """What became of one fix."""

    USED = 1
    """Moves the rider's live position."""
    LATE = 2
    """Older than the live position: fills track and passages in."""
    DUPLICATE = 3
    """This tracker and device time were in the log before."""
    CLOCK_WRONG = 4
    """Device time too far from log time."""
    UNASSIGNED = 5
    """Nobody's tracker at that time."""
    OFF_ROUTE = 6
    """Not on the road of the race."""
    JUMP = 7
    """Where no bike can have come from the fix before; set aside."""
    FROZEN = 8
    """The same position again, at speed; set aside."""
    OUT_OF_RACE = 9
    """The rider has finished or abandoned."""
    UNCONFIRMED = 10
    """First fix of a rider who is not yet placed on the road; the next ones tell."""


class OddityKind(IntEnum):
    """What a bike cannot have done."""

    JUMP = 1
    TWO_PLACES = 2
    CLOCK = 3
    FROZEN = 4


class Trouble(IntEnum):
    """Why what is shown of a rider is to be taken with care; the numbers are those of race.proto."""

    NONE = 0
    FROZEN = 1
    """The tracker tells the same place again and again, at speed."""
    JUMP = 2
    """Fixes were set aside that are further away than a bike gets."""
    CLOCK = 3
    """The tracker's clock is ahead of the truck's, or more than a day behind: GPS weeks."""
    TWO_PLACES = 4
    """The same tracker is heard at two places in the same second."""
    SPEED = 5
    """The receiver's speed does not agree with its places."""
    LATE = 6
    """What is heard of the rider is old when it comes."""
    DRIVEN = 7
    """Moves as no rider does: in a vehicle, and not in the race."""
    LEG = 8
    """The road comes back here, and which of its legs the rider is on is not sure."""


class EventKind(IntEnum):
    """What happened in the race."""

    RACE_STATE = 1
    RIDER_STATUS = 2
    GROUP_SPLIT = 3
    GROUP_MERGE = 4
    FINISH = 5


class Action(IntEnum):
    """What race control can decide; the numbers are those of Decision's oneof (control.proto)."""

    START = 5
    NEUTRALISE = 6
    STOP = 7
    RESUME = 8
    ABANDON = 9
    FINISH = 10
    ASSIGN = 11
    CORRECT = 12
    UNDO = 13
    INCIDENT = 14


class IncidentKind(IntEnum):
    """What happened to a rider; the numbers are those of the contract (control.proto)."""

    FALL = 1
    PUNCTURE = 2
    MECHANICAL = 3


@dataclass(frozen=True)
class Assignment:
    """A tracker on a rider's bike, from the first instant until before the last (ms since 1970)."""

    tracker: int
    bib: int
    valid_from_ms: int | None = None
    valid_until_ms: int | None = None


@dataclass(frozen=True, eq=False)
class Stage:
    """What the engine needs to know before the first fix."""

    stage_id: str
    route: Route
    bibs: tuple[int, ...]
    """Ascending."""
    assignments: tuple[Assignment, ...]
    signal_timeout_ms: int


@dataclass(frozen=True)
class Decision:
    """One decision of race control. Only the fields of its action are read."""

    decision_id: str
    action: Action
    effective_time_ms: int
    bib: int = 0
    tracker: int = 0
    finish_time_ms: int | None = None
    undone_id: str = ""
    incident_kind: int = 0
    """IncidentKind."""


@dataclass(frozen=True, eq=False)
class Fixes:
    """The fixes of a frame as columns of one length, in the order of the frame."""

    tracker: NDArray[np.uint64]
    time_ms: NDArray[np.int64]
    """Device time, since 1970."""
    latitude_e7: NDArray[np.int64]
    longitude_e7: NDArray[np.int64]
    speed_mmps: NDArray[np.int64]
    """Below zero: unknown."""

    def __len__(self) -> int:
        return len(self.tracker)


@dataclass(frozen=True, eq=False)
class Judgement:
    """What became of each fix of a frame; columns as long as the frame's."""

    verdict: NDArray[np.uint8]
    """Verdict."""
    bib: NDArray[np.int32]
    """The rider on whose bike the tracker was; 0: nobody's."""
    distance_cm: NDArray[np.int32]
    """Point of the road, from kilometre 0; NOWHERE where the fix was not placed on it."""


NOWHERE = -(2**31)
"""The distance of what is not on the road."""
NO_SPEED = -1
"""Of a receiver that tells none."""


@dataclass(frozen=True)
class Oddity:
    """Something no bike can have done. Named by (epoch, sequence, ordinal)."""

    kind: OddityKind
    sequence: int
    ordinal: int
    time_ms: int
    relay_id: str
    tracker: int
    bib: int
    distance_m: int = 0
    clock_offset_ms: int = 0


@dataclass(frozen=True)
class RaceEvent:
    """Something that happened in the race. Named by (epoch, sequence, ordinal)."""

    kind: EventKind
    sequence: int
    ordinal: int
    time_ms: int
    bibs: tuple[int, ...] = ()
    distance_cm: int | None = None
    race_state: RaceState | None = None
    rider_status: RiderStatus | None = None
    group_id: int = 0
