"""What riding costs: the road-load equation, and the reserve that is spent above critical power.

All per kilogram of rider. Orders of magnitude: road load after Martin et al. 1998, drafting after
Blocken et al. 2018, critical power and its reserve after Skiba et al. 2012.
"""

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

GRAVITY_MPS2 = 9.81
ROLLING = 0.0042
RIDER_KG = 68.0
ALL_UP = 1.13
"""Mass with bike, bottles and clothes over that of the rider."""
AIR_PER_KG = 0.5 * 1.12 * 0.31 / RIDER_KG
SLOWEST_MPS = 2.0
FASTEST_MPS = 30.0
NEWTON_STEPS = 6
RECOVERY = 0.35
"""Share of the power below critical that refills the reserve."""
FATIGUE_PER_KJ = 0.0013
"""Loss of critical power for each kilojoule of work per kilogram: some 6 % after a mountain stage."""


def power_wkg(speed_mps: Column, gradient: Column, drafting: Column) -> Column:
    """Power that a speed costs; `drafting` is the share of the air's drag that is left (1: alone)."""
    lifting = ALL_UP * GRAVITY_MPS2 * (gradient + ROLLING)
    return (lifting + AIR_PER_KG * drafting * speed_mps**2) * speed_mps


def speed_mps(power: Column, gradient: Column, drafting: Column, guess_mps: Column) -> Column:
    """Speed that a power gives: Newton's method on the road load, from a guess."""
    lifting = ALL_UP * GRAVITY_MPS2 * (gradient + ROLLING)
    drag = AIR_PER_KG * drafting
    # Above the minimum of the cubic, so that descents do not send it off.
    floor = np.sqrt(np.maximum(-lifting / (3 * drag), 0.0)) + 0.5
    speed = np.maximum(guess_mps, floor)
    for _ in range(NEWTON_STEPS):
        excess = (lifting + drag * speed**2) * speed - power
        speed = np.maximum(speed - excess / np.maximum(lifting + 3 * drag * speed**2, 0.05), floor)
    return np.clip(speed, SLOWEST_MPS, FASTEST_MPS)


class Legs:
    """The state of every rider's legs."""

    def __init__(self, critical_wkg: Column, reserve_jkg: Column) -> None:
        self._fresh_wkg = critical_wkg
        self._full_jkg = reserve_jkg
        self._reserve_jkg = reserve_jkg.copy()
        self._work_kjkg = np.zeros_like(critical_wkg)

    @property
    def critical_wkg(self) -> Column:
        """Power that could be held for an hour now."""
        return self._fresh_wkg * (1 - FATIGUE_PER_KJ * self._work_kjkg)

    @property
    def most_wkg(self) -> Column:
        """Power that can be given this second."""
        return self.critical_wkg * (0.96 + 0.6 * self._reserve_jkg / self._full_jkg)

    def spend(self, power: Column, seconds: float) -> None:
        """Rides at these powers for a time."""
        power = np.maximum(power, 0.0)
        over = power - self.critical_wkg
        change = np.where(over > 0, -over, -over * RECOVERY * (1.05 - self._reserve_jkg / self._full_jkg))
        self._reserve_jkg = np.clip(self._reserve_jkg + change * seconds, 0.0, self._full_jkg)
        self._work_kjkg += power * seconds / 1000
