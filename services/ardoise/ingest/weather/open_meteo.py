"""The block `current` of Open-Meteo's forecast API (open-meteo.com/en/docs) -> a report. Pure.

Asked with `current=` and the names in VARIABLES it is {"latitude": 45.2, "longitude": 6.0, "utc_offset_seconds": 7200,
"current_units": {"time": "iso8601", "temperature_2m": "°C", ...}, "current": {"time": "2026-07-07T14:15", "interval":
900, "temperature_2m": 21.4, ...}}. Times are local, or seconds since 1970 with `timeformat=unixtime`; precipitation is
the sum of the `interval` seconds before. What was not asked for is not known; other variables are left alone.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ardoise.ingest.setup.road_line import finite
from ardoise.ingest.weather.values import PLACE, SourceRefused, Why, report_of
from ardoise.pb.weather_pb2 import WeatherReport

VARIABLES = {
    "temperature_2m": ("temperature_c", {"°C": 1.0}),
    "wind_speed_10m": ("wind_mps", {"km/h": 1 / 3.6, "m/s": 1.0}),
    "wind_direction_10m": ("wind_from_deg", {"°": 1.0}),
    "surface_pressure": ("pressure_hpa", {"hPa": 1.0}),
    "relative_humidity_2m": ("humidity_percent", {"%": 1.0}),
    "precipitation": ("rain_mmph", {"mm": 1.0}),
}
"""What is read, as what, and how much of it one of each unit is."""
LONGEST_OFFSET_S = 86_400
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 60, 86_400


def decode(body: bytes, source: str) -> WeatherReport:
    """Raises SourceRefused: NO_JSON, MALFORMED, UNIT, IMPLAUSIBLE."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceRefused(Why.NO_JSON, str(error)) from error
    answer = _object(answer, "the answer")
    current = _object(answer.get("current"), "current")
    units = _object(answer.get("current_units"), "current_units")
    said: dict[str, object] = {name: answer.get(name) for name in PLACE}
    for variable, (name, factors) in VARIABLES.items():
        value = current.get(variable)
        if value is None:
            continue
        number, unit = finite(value), units.get(variable)
        if number is None:
            raise SourceRefused(Why.MALFORMED, f"{variable} {str(value)[:40]!r}: no number")
        if not isinstance(unit, str) or unit not in factors:
            raise SourceRefused(Why.UNIT, f"{variable} in {str(unit)[:20]!r}: ask for {' or '.join(factors)}")
        said[name] = number * factors[unit]
        if variable == "precipitation":
            interval_s = _between(current, "interval", SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S)
            said[name] = number * 3_600 / interval_s
    return report_of(said, _time_ms(answer, current, units), source)


def _time_ms(answer: Mapping, current: Mapping, units: Mapping) -> int:
    if units.get("time") == "unixtime":
        return round(_between(current, "time", 1, 1e10) * 1_000)
    offset_s = _between(answer, "utc_offset_seconds", -LONGEST_OFFSET_S, LONGEST_OFFSET_S)
    try:
        local = datetime.fromisoformat(str(current.get("time")))
        return round((local.replace(tzinfo=UTC) - timedelta(seconds=offset_s)).timestamp() * 1_000)
    except (ValueError, OverflowError) as error:
        raise SourceRefused(Why.MALFORMED, f"time {str(current.get('time'))[:40]!r}") from error


def _object(value: object, name: str) -> Mapping:
    if not isinstance(value, dict):
        raise SourceRefused(Why.MALFORMED, f"{name} is no object: ask with current={','.join(VARIABLES)}")
    return value


def _between(said: Mapping, name: str, least: float, most: float) -> float:
    number = finite(said.get(name))
    if number is None or not least <= number <= most:
        raise SourceRefused(Why.MALFORMED, f"{name} {str(said.get(name))[:40]!r}: {least:g} to {most:g}")
    return number
