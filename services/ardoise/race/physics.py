"""What air, slope and weight cost a rider. Pure, over columns; floats, and no part of the engine or of its digest.

The balance of power after Martin, Milliken, Cobb, McFadden and Coggan, "Validation of a mathematical model for road
cycling power", J. Appl. Biomech. 14 (1998) 276-291; the standard atmosphere after ISO 2533; saturation of vapour
after Buck (1981). A column may have any shape, and single numbers stand for columns.
"""

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Numbers = Column | float

GRAVITY_MPS2 = 9.80665
GAS_DRY_J_PER_KGK, GAS_VAPOUR_J_PER_KGK = 287.05, 461.495
ZERO_C_IN_K = 273.15
SEA_LEVEL_HPA, SEA_LEVEL_C, LAPSE_C_PER_M = 1013.25, 15.0, 0.0065
WHEELS_KGM2, WHEEL_RADIUS_M = 0.14, 0.311
"""Moment of inertia of both wheels, and their radius (Martin et al. 1998)."""
SPOKES_M2 = 0.0044
"""Drag area of turning wheels (Martin et al. 1998)."""
CHAIN_EFFICIENCY = 0.976
"""Of what the legs give, so much reaches the wheel (Martin et al. 1998)."""
BEARINGS_N, BEARINGS_NS_PER_M = 0.091, 0.0087
"""Friction of both wheels' bearings, and by speed (Martin et al. 1998)."""

PUBLISHED_SIZES = (1, 2, 8, 121)
PUBLISHED_LEAST_SHARES = (1.0, 0.62, 0.5, 0.05)
"""Least share of the air's drag in a group of so many: at a wheel (Olds 1998), in a line (Barry et al. 2015), in the
belly of a peloton of 121 (Blocken et al. 2018). Between these sizes it is interpolated by their logarithm."""
FOLLOWING_MOST_SHARE = 0.86
"""Of who follows, in the least favourable position measured (Blocken et al. 2013)."""
FRONT_LEAST_SHARE = 0.5
"""Near the front one takes turns in a line: leading, and at a wheel the next moment."""


def standard_pressure_hpa(height_m: Numbers) -> Numbers:
    """Pressure of the standard atmosphere at a height above the sea, up to 11 km."""
    return SEA_LEVEL_HPA * (1.0 - LAPSE_C_PER_M * height_m / (SEA_LEVEL_C + ZERO_C_IN_K)) ** 5.25588


def standard_height_m(pressure_hpa: Numbers) -> Numbers:
    """The height at which the standard atmosphere has this pressure."""
    share = (pressure_hpa / SEA_LEVEL_HPA) ** (1.0 / 5.25588)
    return (1.0 - share) * (SEA_LEVEL_C + ZERO_C_IN_K) / LAPSE_C_PER_M


def vapour_hpa(temperature_c: Numbers, humidity_percent: Numbers) -> Numbers:
    """Partial pressure of the water in the air."""
    saturated_hpa = 6.1121 * np.exp(17.502 * temperature_c / (240.97 + temperature_c))
    return saturated_hpa * humidity_percent / 100.0


def air_density_kgpm3(temperature_c: Numbers, pressure_hpa: Numbers, humidity_percent: Numbers) -> Numbers:
    """Mass of a cubic metre of moist air: the gas law for dry air and for vapour."""
    water_hpa = vapour_hpa(temperature_c, humidity_percent)
    dry = (pressure_hpa - water_hpa) / GAS_DRY_J_PER_KGK
    return 100.0 * (dry + water_hpa / GAS_VAPOUR_J_PER_KGK) / (temperature_c + ZERO_C_IN_K)


def wet_bulb_globe_c(temperature_c: Numbers, humidity_percent: Numbers) -> Numbers:
    """Heat as a body feels it, in moderate sun and light wind (Australian Bureau of Meteorology's approximation)."""
    return 0.567 * temperature_c + 0.393 * vapour_hpa(temperature_c, humidity_percent) + 3.94


def wind_along_across_mps(
    wind_mps: Numbers, wind_from_deg: Numbers, east: Numbers, north: Numbers
) -> tuple[Numbers, Numbers]:
    """The wind in the face (positive: headwind) and from the right (positive), riding in a direction (unit vector)."""
    from_east = wind_mps * np.sin(np.radians(wind_from_deg))
    from_north = wind_mps * np.cos(np.radians(wind_from_deg))
    return from_east * east + from_north * north, from_east * north - from_north * east


def drag_shares(size: Numbers, front: NDArray[np.bool_] | bool) -> tuple[Column, Column]:
    """Least and greatest share of a lone rider's drag that a rider meets in a group of `size`.

    `front`: is near its head, where who leads changes faster than positions tell.
    """
    size = np.maximum(np.asarray(size, float), 1.0)
    least = np.interp(np.log(size), np.log(PUBLISHED_SIZES), PUBLISHED_LEAST_SHARES)
    in_the_wind = np.asarray(front) | (size == 1)
    return (
        np.where(in_the_wind, np.maximum(least, FRONT_LEAST_SHARE), least),
        np.where(in_the_wind, 1.0, FOLLOWING_MOST_SHARE),
    )


def power_w(
    speed_mps: Numbers,
    gain_m2ps3: Numbers,
    gradient: Numbers,
    *,
    mass_kg: Numbers,
    drag_area_m2: Numbers,
    rolling: Numbers,
    density_kgpm3: Numbers,
    headwind_mps: Numbers,
) -> Numbers:
    """Power at the cranks that riding so takes; negative where brakes do the work.

    `gain_m2ps3`: half the change of the speed's square, a second. `gradient`: rise over way along the road.
    `drag_area_m2`: of the rider, times the share that a group leaves of it.
    """
    slope = 1.0 / np.sqrt(1.0 + np.square(gradient))
    through_mps = speed_mps + headwind_mps
    air = 0.5 * density_kgpm3 * (drag_area_m2 + SPOKES_M2) * through_mps * np.abs(through_mps)
    road = mass_kg * GRAVITY_MPS2 * slope * (rolling + gradient)
    bearings = BEARINGS_N + BEARINGS_NS_PER_M * speed_mps
    kinetic_w = (mass_kg + WHEELS_KGM2 / WHEEL_RADIUS_M**2) * gain_m2ps3
    return ((air + road + bearings) * speed_mps + kinetic_w) / CHAIN_EFFICIENCY
