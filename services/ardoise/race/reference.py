"""The ride that gaps are measured against: the race's first, also where the first was not heard.

Where the first falls silent, the next one heard is for a while the first who is known to have passed: as far behind
as before, not at the front. And a group is not torn where the ride that it is measured against changes.
"""

import numpy as np
from numpy.typing import NDArray

UNKNOWN = 2**31 - 1
LEADS_UNHEARD_MS = 600_000
"""A first who is heard no more is believed to ride on for so long."""
BREAK_MS = 2_000
"""A ride that goes on so much earlier or later than the rider's own pace is another's."""
LONGEST_STEP_MS, USUAL_STEP_MS = 12_000, 2_500
"""Between two points of the road: nobody rides slower than 2 m/s; where nothing else is known, at 10 m/s."""


def unheard_leads(
    time: NDArray[np.int32],
    first: NDArray[np.int32],
    first_of: NDArray[np.int32],
    heard_point: NDArray[np.int64],
    heard: NDArray[np.int64],
    now: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How much earlier than the first who was heard somebody passed each point, and for how long unheard (both ms).

    `time` [rider, point] with the least and its rider in `first` and `first_of`; `heard_point` and `heard`: where and
    when each rider was heard last. All times count from the same instant.
    """
    lead, unheard = np.zeros(len(first), np.int64), np.zeros(len(first), np.int64)
    known = np.flatnonzero(first != UNKNOWN)
    another = np.flatnonzero(first_of[known[1:]] != first_of[known[:-1]])
    before, after = known[another], known[another + 1]
    gone, other = first_of[before], first_of[after]
    lost = time[gone, after] == UNKNOWN
    silent = (heard[gone] < first[after]) & (now - heard[gone] <= LEADS_UNHEARD_MS)
    begins = lost & ((heard_point[gone] >= after) | silent)
    changes = lost | (time[other, before] == UNKNOWN)
    until, left = 0, 0
    for i in np.flatnonzero(changes).tolist():
        point, row = int(after[i]), int(other[i])
        if point >= until:
            if not begins[i]:
                continue
            back = np.flatnonzero(time[gone[i], point:] != UNKNOWN)
            until, left = point + int(back[0]) if len(back) else len(first), int(before[i])
        passed = np.flatnonzero(time[row, : left + 1] != UNKNOWN)
        if len(passed):
            last = int(passed[-1])
            behind = int(time[row, last]) - int(first[last]) + int(lead[last])
            lead[point:until] = behind if behind > BREAK_MS else 0
            unheard[point:until] = first[point:until] - int(first[left])
    nobody = first == UNKNOWN
    return np.where(nobody, 0, lead), np.where(nobody, 0, np.maximum(unheard - lead, 0))


def unbroken(
    time: NDArray[np.int32], first: NDArray[np.int32], first_of: NDArray[np.int32]
) -> NDArray[np.int64]:
    """The first's times at each point as one ride at a rider's pace: only their differences mean something."""
    known = np.flatnonzero(first != UNKNOWN)
    if not len(known):
        return first.astype(np.int64)
    before, after = known[:-1], known[1:]
    step = first[after].astype(np.int64) - first[before]
    longest = (after - before) * LONGEST_STEP_MS
    own = (after - before) * USUAL_STEP_MS
    for rider in (first_of[before], first_of[after]):
        began, ended = time[rider, before].astype(np.int64), time[rider, after].astype(np.int64)
        own = np.where((began != UNKNOWN) & (ended != UNKNOWN), ended - began, own)
    own = np.minimum(own, longest)
    step = np.where(np.abs(step - own) > BREAK_MS, own, step)
    ride = np.full(len(first), UNKNOWN, np.int64)
    ride[known] = int(first[known[-1]]) - np.append(np.cumsum(step[::-1])[::-1], 0)
    return ride
