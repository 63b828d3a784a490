"""How the stage will be won: a rider alone, a small group, or a bunch.

Who is in front at the line comes from the same futures as the catches. What becomes of those riders on
the way there (attacks, splits) comes from base rates: how 631 road stages of the Tour of 60 km and more
were won from 1990 to 2024, by metres climbed per kilometre (logistic fits to results/tour-stages-1919-2024.csv
of the shared data; stages whose manner is not on record, and solos as long as the stage, are left out).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

BUNCH_AT_LEVEL, BUNCH_PER_M_KM = 3.158, -0.3068
"""Logit of a bunch sprint, of all stages."""
SOLO_AT_LEVEL, SOLO_PER_M_KM = -0.759, 0.0660
"""Logit of a rider alone, of the stages without a bunch sprint."""
LARGEST_SMALL_GROUP = 15
DECISIVE_KM = 15.0
"""Half of the winning solos began 9 km from the line or later: their mean without the top tenth is about 15 km."""
SHORTEST_TERRAIN_KM = 10.0
"""Below that a last ramp would look like an Alpine stage."""
SAME_TIME_S = 1.0
"""Riders with less between them crossed the line together (UCI 2.3.040: one second)."""


@dataclass(frozen=True, slots=True)
class FinishType:
    """Probabilities; they add up to 1."""

    solo: float
    small_group: float
    bunch_sprint: float


def base_rate(climbed_m_per_km: float) -> FinishType:
    """How stages of that terrain were won."""
    bunch = _logistic(BUNCH_AT_LEVEL + BUNCH_PER_M_KM * climbed_m_per_km)
    solo = _logistic(SOLO_AT_LEVEL + SOLO_PER_M_KM * climbed_m_per_km) * (1 - bunch)
    return FinishType(solo, 1 - bunch - solo, bunch)


def finish_type(front: Sequence[tuple[int, float]], to_go_km: float, ascent_m: float) -> FinishType:
    """`front`: size of each group that may lead over the line, with the probability that it does."""
    terrain = base_rate(ascent_m / max(to_go_km, SHORTEST_TERRAIN_KM))
    alone = terrain.solo / (terrain.solo + terrain.small_group)
    moves = 1 - float(np.exp(-to_go_km / DECISIVE_KM))
    solo = small = bunch = 0.0
    for size, probability in front:
        if size > LARGEST_SMALL_GROUP:
            broken = moves * (1 - terrain.bunch_sprint)
            bunch += probability * (1 - broken)
            solo += probability * broken * alone
            small += probability * broken * (1 - alone)
        elif size > 1:
            solo += probability * moves * alone
            small += probability * (1 - moves * alone)
        else:
            # A rider alone who is caught from behind by companions does not stay alone.
            joined = moves * (1 - alone)
            solo += probability * (1 - joined)
            small += probability * joined
    total = solo + small + bunch
    return FinishType(solo / total, small / total, bunch / total)


def decided(finish_times_s: Sequence[float], race_time_s: float) -> FinishType | None:
    """The finish as it was; None while the winner's group may still grow."""
    if not finish_times_s:
        return None
    size = 1
    for before, after in pairwise(finish_times_s):
        if after - before > SAME_TIME_S or size > LARGEST_SMALL_GROUP:
            break
        size += 1
    if size > LARGEST_SMALL_GROUP:
        return FinishType(0.0, 0.0, 1.0)
    last_s = finish_times_s[size - 1]
    if size == len(finish_times_s) and race_time_s - last_s <= SAME_TIME_S:
        return None
    return FinishType(float(size == 1), float(size > 1), 0.0)


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
