"""The weather of a snapshot, as the values take it."""

import pytest
from ardoise.analytics.values.contract import weather_of
from ardoise.pb.race_pb2 import Snapshot, WeatherNow
from ardoise.pb.weather_pb2 import WeatherReport
from ardoise.race.weather import Weather

AT_MS = 1_700_000_000_000
WHOLE = WeatherReport(
    effective_time_ms=AT_MS,
    temperature_c_e2=-150,
    wind_mmps=4_500,
    wind_from_deg=270,
    pressure_pa=98_760,
    humidity_permille=655,
    rain_umph=1_250,
)
NOTHING = WeatherReport(effective_time_ms=AT_MS)


@pytest.mark.parametrize(
    ("report", "found"),
    [
        (WHOLE, Weather(AT_MS, -1.5, 4.5, 270, 987.6, 65.5, 1.25)),
        (NOTHING, Weather(AT_MS, None, None, None, None, None, None)),
    ],
)
def test_a_report_is_taken_in_the_units_of_the_formulas_and_what_is_unknown_stays_unknown(
    report: WeatherReport, found: Weather
):
    assert weather_of(Snapshot(weather=WeatherNow(report=report))) == found


def test_weather_that_is_old_is_none():
    assert weather_of(Snapshot()) is None
    assert weather_of(Snapshot(weather=WeatherNow(report=WHOLE, age_ms=1_800_001, old=True))) is None
