"""Wind and heat from a weather report, eastwards and behind the turn to the north."""

from dataclasses import replace

from ardoise.race.weather import Weather

from tests.support.rider_values import Race

AIR = ("wind_along_mps", "wind_across_mps", "wind_along_5km_mps", "air_speed_mps", "temperature_c")
EAST_WIND = Weather(0, 25.0, 5.0, 90.0, 1001.3, 60.0, 0.0)


def at(at_m: float, weather: Weather | None) -> Race:
    return Race(weather=weather).at(0, {1: at_m})


def test_riding_east_an_east_wind_is_in_the_face_and_a_north_wind_from_the_left():
    race = at(5_000.0, EAST_WIND)
    race.has(wind_along_mps=5.0, wind_across_mps=0.0, wind_along_5km_mps=5.0, air_speed_mps=15.0)
    north = replace(EAST_WIND, wind_from_deg=0.0)
    at(5_000.0, north).has(wind_along_mps=0.0, wind_across_mps=-5.0, air_speed_mps=10.0)


def test_the_wind_of_the_next_kilometres_turns_with_the_road():
    race = at(48_000.0, EAST_WIND)
    race.has(wind_along_mps=5.0)
    race.has(wind_along_5km_mps=2.0, within=0.11)
    at(55_000.0, EAST_WIND).has(wind_along_mps=0.0, wind_across_mps=5.0)


def test_it_is_cooler_and_thinner_up_the_climb():
    # 1001.3 hPa is the standard atmosphere at 100 m, where the flat lies.
    at(5_000.0, EAST_WIND).has(temperature_c=25.0)
    at(5_000.0, EAST_WIND).has(air_density_kgpm3=1.161, within=0.002)
    at(29_500.0, EAST_WIND).has(temperature_c=25.0 - 0.0065 * 570)
    at(29_500.0, EAST_WIND).has(air_density_kgpm3=1.102, within=0.003)


def test_heat_is_temperature_and_humidity():
    # 0.567 * 25 + 0.393 * 19.0 hPa + 3.94.
    at(5_000.0, EAST_WIND).has(wbgt_c=26, within=0.5)
    at(5_000.0, replace(EAST_WIND, humidity_percent=20.0)).has(wbgt_c=21, within=0.5)


def test_without_a_report_the_air_is_unknown():
    at(5_000.0, None).has(**dict.fromkeys(AIR), air_density_kgpm3=None, wbgt_c=None)


def test_what_a_report_does_not_have_is_unknown_and_the_rest_is_not():
    windless = replace(EAST_WIND, wind_from_deg=None, humidity_percent=None, pressure_hpa=None)
    at(5_000.0, windless).has(wind_along_mps=None, wind_across_mps=None, wbgt_c=None, temperature_c=25.0)
    hot = replace(EAST_WIND, temperature_c=None)
    at(5_000.0, hot).has(temperature_c=None, air_density_kgpm3=None, wbgt_c=None, wind_along_mps=5.0)
