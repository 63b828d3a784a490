"""What riding so must cost, estimated from speed, road and air; nothing here was measured on a rider.

Nobody outside a team knows a rider's weight, position or draft, so that a power is an interval. Each thing that is not
known has a range; the power is computed with all of them in the middle, then with each at either end, and the
deviations, being independent, are added as squares.
"""

import numpy as np

from ardoise.analytics.values.air import air, wind_mps
from ardoise.analytics.values.race import front_m
from ardoise.analytics.values.scene import Scene
from ardoise.analytics.values.value import Column, Value
from ardoise.race import physics

POWER_S = 30
RIDER_KG = (52.0, 86.0)
"""From climbers to the heaviest sprinters and time trialists."""
EQUIPMENT_KG = 9.0
"""A bike of at least 6.8 kg (UCI), bottles, shoes, helmet, clothes."""
DRAG_AREA_M2 = (0.25, 0.40)
"""On drops to upright on hoods (Martin et al. 1998; Debraux et al. 2011)."""
ROLLING = (0.003, 0.007)
"""Racing tyres, from smooth to coarse asphalt."""
GRADIENT_ERROR = 0.008
"""Elevation of a route over the 300 m of half a minute."""
WIND_UNKNOWN_MPS = 3.0
WIND_SHARE, GUST_MPS = (0.2, 0.8), 1.0
"""Of the wind reported for ten metres up so much reaches a rider, behind hedges and in the open."""
DENSITY_UNKNOWN, DENSITY_ERROR = 0.07, 0.02
"""Of a warm or cold day, and with a thermometer."""
FRONT_M = 5.0
"""Who is so near the first rider of the group rides in front, as well as a receiver can tell."""
LEAST_FOLLOWED_S = 600.0
POWER_STEP_W, SHARE_STEP_PERCENT = 5.0, 5.0

_RANGED = ("rider_kg", "drag_area_m2", "rolling", "gradient", "headwind_mps", "density_kgpm3", "share")
SCENARIOS = 1 + 2 * len(_RANGED)
"""All in the middle, then each at its low and at its high end."""
_MADE_OF = "Martin et al. 1998 from speed, acceleration, gradient, height, wind"

VALUES = (
    Value("power_low_w", "W", "Estimated power of the last 30 s, lower end", _MADE_OF),
    Value("power_high_w", "W", "Estimated power of the last 30 s, upper end", _MADE_OF),
    Value("power_low_wpkg", "W/kg", "Estimated power by the rider's weight, lower end", _MADE_OF, 1),
    Value("power_high_wpkg", "W/kg", "Estimated power by the rider's weight, upper end", _MADE_OF, 1),
    Value("work_low_kj", "kJ", "Estimated work while followed, lower end", "sum of the power above 0"),
    Value("work_high_kj", "kJ", "Estimated work while followed, upper end", "sum of the power above 0"),
    Value(
        "effort_low_percent",
        "%",
        "Power of the last 30 s against the rider's own mean, lower end",
        "from 600 s on",
    ),
    Value(
        "effort_high_percent",
        "%",
        "Power of the last 30 s against the rider's own mean, upper end",
        "as above",
    ),
    Value(
        "drag_low_percent",
        "%",
        "Share of a lone rider's drag, lower end",
        "Olds 1998, Barry 2015, Blocken 2018",
    ),
    Value(
        "drag_high_percent", "%", "Share of a lone rider's drag, upper end", "Blocken et al. 2013; alone: 100"
    ),
    Value(
        "front_s", "s", "Time in front of a group while followed", "within 5 m of the first of two or more"
    ),
    Value("front_peloton_s", "s", "Time in front of the peloton while followed", "as front_s"),
    Value("alone_s", "s", "Time alone while followed", "seconds in a group of one"),
    Value(
        "breakaway_s", "s", "Time ahead of the peloton while followed", "seconds with gap_peloton_s above 0"
    ),
)


def columns(scene: Scene) -> dict[str, Column]:
    """The values above."""
    memory, live = scene.memory, scene.second.live
    means_w = np.where(live, memory.power.mean(POWER_S), np.nan)
    scenarios_w, floored_w = means_w[:-1], means_w[-1]
    down_w, up_w = spread(scenarios_w)
    # Where brakes take part the power at the pedals is anything from nothing to what every second's sum gives.
    power_w = scenarios_w[0] - down_w, floored_w + up_w
    down_wpkg, up_wpkg = spread(scenarios_w / _rider_kg())
    middle_kg = sum(RIDER_KG) / 2
    power_wpkg = scenarios_w[0] / middle_kg - down_wpkg, floored_w / middle_kg + up_wpkg
    followed_s = memory.sum["followed_s"]
    # Without elevation there is no power to add up, and no work is not the same as none.
    known = (followed_s > 0) & np.isfinite(scene.course.elevation_m[0])
    worked_kj = np.where(known, memory.work_j / 1000, np.nan)
    mean_w = np.where(followed_s >= LEAST_FOLLOWED_S, 1000 * worked_kj / np.maximum(followed_s, 1.0), np.nan)
    effort = 100 * np.maximum(scenarios_w, 0.0) / np.where(mean_w > 0, mean_w, np.nan)
    share_low, share_high = drag_shares(scene)
    return {
        **_interval("power", "w", *power_w, POWER_STEP_W),
        **_interval("power", "wpkg", *power_wpkg, 0.1),
        **_interval("work", "kj", *_ends(worked_kj), 1.0),
        **_interval("effort", "percent", *_ends(effort), SHARE_STEP_PERCENT),
        **_interval("drag", "percent", 100 * share_low, 100 * share_high, 1.0),
        **{name: memory.total(name) for name in ("front_s", "front_peloton_s", "alone_s", "breakaway_s")},
    }


def in_front(scene: Scene) -> np.ndarray:
    """Who rides in front of a group of at least two."""
    second = scene.second
    return (front_m(second) <= FRONT_M) & (second.of_group(second.groups.riders) > 1)


def drag_shares(scene: Scene) -> tuple[Column, Column]:
    """Least and greatest share of a lone rider's drag that each rider meets; NaN: in no group."""
    riders = scene.second.of_group(scene.second.groups.riders)
    low, high = physics.drag_shares(np.nan_to_num(riders, nan=1.0), in_front(scene))
    return np.where(np.isnan(riders), np.nan, low), np.where(np.isnan(riders), np.nan, high)


def scenario_powers_w(scene: Scene, gain_m2ps3: Column) -> Column:
    """The power of this second with all in the middle and with each at either end, [scenario, rider]."""
    course, here_m = scene.course, scene.here_m
    at_m = np.clip(here_m, course.start_m + 50.0, None)
    gradient = course.gradient(at_m - 50.0, at_m + 50.0)
    low, high = drag_shares(scene)
    given = {
        "rider_kg": RIDER_KG,
        "drag_area_m2": DRAG_AREA_M2,
        "rolling": ROLLING,
        "gradient": (gradient - GRADIENT_ERROR, gradient + GRADIENT_ERROR),
        "headwind_mps": _headwind_mps(scene),
        "density_kgpm3": _density_kgpm3(scene),
        "share": (low, high),
    }
    columns = {}
    for number, name in enumerate(_RANGED):
        ends = np.broadcast_to(given[name][0], here_m.shape), np.broadcast_to(given[name][1], here_m.shape)
        columns[name] = np.tile((ends[0] + ends[1]) / 2, (SCENARIOS, 1))
        columns[name][1 + 2 * number], columns[name][2 + 2 * number] = ends
    return physics.power_w(
        scene.second.speed_mps,
        gain_m2ps3,
        columns["gradient"],
        mass_kg=columns["rider_kg"] + EQUIPMENT_KG,
        drag_area_m2=columns["drag_area_m2"] * columns["share"],
        rolling=columns["rolling"],
        density_kgpm3=columns["density_kgpm3"],
        headwind_mps=columns["headwind_mps"],
    )


def spread(scenarios: Column) -> tuple[Column, Column]:
    """How far down and up from the middle, of [scenario, rider] in the order of SCENARIOS."""
    off = (scenarios[1:] - scenarios[0]).reshape(-1, 2, scenarios.shape[1])
    down, up = np.minimum(off, 0.0).min(axis=1), np.maximum(off, 0.0).max(axis=1)
    return np.sqrt(np.square(down).sum(axis=0)), np.sqrt(np.square(up).sum(axis=0))


def _headwind_mps(scene: Scene) -> tuple[Column, Column]:
    along_mps, _ = wind_mps(scene)
    ends = np.array([WIND_SHARE[0] * along_mps, WIND_SHARE[1] * along_mps])
    unknown = np.isnan(along_mps)
    return (
        np.where(unknown, -WIND_UNKNOWN_MPS, ends.min(axis=0) - GUST_MPS),
        np.where(unknown, WIND_UNKNOWN_MPS, ends.max(axis=0) + GUST_MPS),
    )


def _density_kgpm3(scene: Scene) -> tuple[Column, Column]:
    height_m = scene.course.at(scene.course.elevation_m, scene.here_m)
    standard_c = physics.SEA_LEVEL_C - physics.LAPSE_C_PER_M * height_m
    standard = physics.air_density_kgpm3(standard_c, physics.standard_pressure_hpa(height_m), 50.0)
    _, density = air(scene)
    known = np.isfinite(density)
    middle, error = np.where(known, density, standard), np.where(known, DENSITY_ERROR, DENSITY_UNKNOWN)
    return middle * (1 - error), middle * (1 + error)


def _rider_kg() -> Column:
    """The rider's weight of each scenario, [scenario, 1]."""
    weights = np.full(SCENARIOS, sum(RIDER_KG) / 2)
    at = 1 + 2 * _RANGED.index("rider_kg")
    weights[at : at + 2] = RIDER_KG
    return weights[:, None]


def _ends(scenarios: Column) -> tuple[Column, Column]:
    down, up = spread(scenarios)
    return scenarios[0] - down, scenarios[0] + up


def _interval(name: str, unit: str, low: Column, high: Column, step: float) -> dict[str, Column]:
    """Both ends, none below 0, rounded outwards: more digits would say more than is known."""
    return {
        f"{name}_low_{unit}": np.floor(np.maximum(low, 0.0) / step) * step,
        f"{name}_high_{unit}": np.ceil(np.maximum(high, 0.0) / step) * step,
    }
