"""The air that a rider meets; all of it is unknown without a weather report."""

import numpy as np

from ardoise.analytics.values.scene import Scene
from ardoise.analytics.values.value import Column, Value
from ardoise.race import physics
from ardoise.race.weather import Weather

AHEAD_M = 5000.0

VALUES = (
    Value(
        "wind_along_mps",
        "m/s",
        "Wind in the face; from behind negative",
        "reported wind, 10 m up, on the road",
        1,
    ),
    Value(
        "wind_across_mps",
        "m/s",
        "Wind from the right; from the left negative",
        "as above, across the road",
        1,
    ),
    Value(
        "wind_along_5km_mps",
        "m/s",
        "Wind in the face, mean of the next 5 km",
        "over the road's directions",
        1,
    ),
    Value("air_speed_mps", "m/s", "Speed through the air", "speed + wind_along_mps", 1),
    Value(
        "temperature_c", "degC", "Temperature at the rider's height", "reported - 6.5 K/km above its place", 1
    ),
    Value(
        "air_density_kgpm3",
        "kg/m3",
        "Density of the air",
        "gas law for moist air, standard pressure there",
        3,
    ),
    Value(
        "wbgt_c", "degC", "Heat: wet bulb globe temperature", "0.567 T + 0.393 vapour pressure + 3.94 (ABM)"
    ),
)


def columns(scene: Scene) -> dict[str, Column]:
    """The values above."""
    along_mps, across_mps = wind_mps(scene)
    temperature_c, density = air(scene)
    humidity = _known(scene.weather, "humidity_percent")
    return {
        "wind_along_mps": along_mps,
        "wind_across_mps": across_mps,
        "wind_along_5km_mps": _wind_ahead_mps(scene),
        "air_speed_mps": scene.second.speed_mps + along_mps,
        "temperature_c": temperature_c,
        "air_density_kgpm3": density,
        "wbgt_c": physics.wet_bulb_globe_c(temperature_c, humidity),
    }


def wind_mps(scene: Scene) -> tuple[Column, Column]:
    """The reported wind along and across the road at each rider; NaN: unknown."""
    course, here_m = scene.course, scene.here_m
    return physics.wind_along_across_mps(
        _known(scene.weather, "wind_mps"),
        _known(scene.weather, "wind_from_deg"),
        course.at(course.east, here_m),
        course.at(course.north, here_m),
    )


def air(scene: Scene) -> tuple[Column, Column]:
    """Temperature, degrees Celsius, and density, kg/m3, of the air at each rider; NaN: unknown.

    A report does not say how high its place is, but its pressure does. Of an unknown humidity half is taken: it
    changes the density by less than one per cent.
    """
    weather, height_m = scene.weather, scene.course.at(scene.course.elevation_m, scene.here_m)
    place_hpa = _known(weather, "pressure_hpa")
    above_m = height_m - physics.standard_height_m(place_hpa)
    temperature_c = _known(weather, "temperature_c") - physics.LAPSE_C_PER_M * np.where(
        np.isfinite(above_m), above_m, 0.0
    )
    temperature_c = np.where(scene.second.live, temperature_c, np.nan)
    pressure_hpa = np.where(np.isfinite(height_m), physics.standard_pressure_hpa(height_m), place_hpa)
    humidity = np.nan_to_num(_known(weather, "humidity_percent"), nan=50.0)
    return temperature_c, physics.air_density_kgpm3(temperature_c, pressure_hpa, humidity)


def _wind_ahead_mps(scene: Scene) -> Column:
    """The mean direction of the road ahead, in which the wind blows as it is reported now."""
    course, here_m = scene.course, scene.here_m
    steps = np.linspace(0.0, 1.0, 51)[:, None]
    at_m = here_m + steps * np.minimum(AHEAD_M, np.maximum(course.finish_m - here_m, 0.0))
    east, north = course.at(course.east, at_m).mean(axis=0), course.at(course.north, at_m).mean(axis=0)
    wind, from_deg = _known(scene.weather, "wind_mps"), _known(scene.weather, "wind_from_deg")
    return physics.wind_along_across_mps(wind, from_deg, east, north)[0]


def _known(weather: Weather | None, field: str) -> float:
    found = None if weather is None else getattr(weather, field)
    return np.nan if found is None else float(found)
