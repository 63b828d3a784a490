"""The race at the close of a tick, as integer columns, and its digest."""

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ardoise.race.stage import RaceState

NONE = -1
"""A gap that is not known."""


@dataclass(frozen=True, eq=False)
class RiderColumns:
    """Every rider of the stage, by place, those without a place last, by bib. int64 each."""

    bib: NDArray[np.int64]
    status: NDArray[np.int64]
    place: NDArray[np.int64]
    distance_cm: NDArray[np.int64]
    latitude_e7: NDArray[np.int64]
    longitude_e7: NDArray[np.int64]
    speed_mmps: NDArray[np.int64]
    gradient_permille: NDArray[np.int64]
    gap_ms: NDArray[np.int64]
    """NONE: unknown."""
    gap_within_ms: NDArray[np.int64]
    """The gap is right to so much nine times in ten. NONE: unknown."""
    group_id: NDArray[np.int64]
    fix_time_ms: NDArray[np.int64]
    """0: none yet."""
    finish_time_ms: NDArray[np.int64]
    """0: not yet."""
    trouble: NDArray[np.int64]
    """stage.Trouble."""


@dataclass(frozen=True, eq=False)
class GroupColumns:
    """The groups from the front. int64 each."""

    group_id: NDArray[np.int64]
    role: NDArray[np.int64]
    number: NDArray[np.int64]
    size: NDArray[np.int64]
    distance_cm: NDArray[np.int64]
    gap_ms: NDArray[np.int64]
    """NONE: unknown."""
    speed_mmps: NDArray[np.int64]
    bibs: NDArray[np.int64]
    """The riders from the front, group by group: the first `size[0]` are the first group's."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The race at a whole second of log time: a function of the log up to `sequence`."""

    epoch: int
    sequence: int
    race_time_ms: int
    race_state: RaceState
    riders: RiderColumns
    groups: GroupColumns

    @cached_property
    def digest(self) -> bytes:
        """BLAKE2b-128 of all numbers above but the epoch and sequence that name them."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(np.array([self.race_time_ms, self.race_state], "<i8").tobytes())
        for columns in (self.riders, self.groups):
            for field in fields(columns):
                column = getattr(columns, field.name)
                digest.update(len(column).to_bytes(4, "little"))
                digest.update(np.ascontiguousarray(column, "<i8").tobytes())
        return digest.digest()
