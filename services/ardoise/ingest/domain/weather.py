"""Which weather reports can be true. Pure."""

from ardoise.pb.weather_pb2 import WeatherReport

MOST_AHEAD_MS = 6 * 3_600_000
"""A report may hold from later on: a forecast of the stage's last hours. What is further ahead is a typing error."""
MOST_BEHIND_MS = 24 * 3_600_000
MAX_SOURCE_CHARACTERS = 100

VALUES = {
    "temperature_c_e2": (-3_000, 6_000),
    "wind_mmps": (0, 60_000),
    "wind_from_deg": (0, 359),
    "pressure_pa": (50_000, 110_000),
    "humidity_permille": (0, 1_000),
    "rain_umph": (0, 400_000),
}
"""Each value of a report, with the least and the most that it can be where bicycles are ridden."""
_PLACE = {"latitude_e7": 900_000_000, "longitude_e7": 1_800_000_000}


def check(report: WeatherReport, now_ms: int) -> None:
    """Raises ValueError, "field: why", for a report that cannot be true. `now_ms`: the log's time; 0: none yet."""
    if not now_ms:
        raise ValueError(
            "effective_time_ms: a recording's log has no time before its first frame: report it then"
        )
    if not 1 <= len(report.source) <= MAX_SOURCE_CHARACTERS or not report.source.isprintable():
        raise ValueError(
            f"source: say where it comes from, in 1 to {MAX_SOURCE_CHARACTERS} printable characters"
        )
    if not -MOST_BEHIND_MS <= report.effective_time_ms - now_ms <= MOST_AHEAD_MS:
        raise ValueError(
            f"effective_time_ms: more than {MOST_AHEAD_MS // 3_600_000} hours ahead of the log's time, or "
            f"{MOST_BEHIND_MS // 3_600_000} behind it"
        )
    if report.HasField("latitude_e7") != report.HasField("longitude_e7"):
        raise ValueError("latitude_e7: a place has a latitude and a longitude")
    for field, most in _PLACE.items():
        if abs(getattr(report, field)) > most:
            raise ValueError(f"{field}: no place on Earth")
    stated = [field for field in VALUES if report.HasField(field)]
    if not stated:
        raise ValueError(f"report: none of {', '.join(VALUES)} is there")
    for field in stated:
        least, most = VALUES[field]
        if not least <= getattr(report, field) <= most:
            raise ValueError(f"{field}: {getattr(report, field)} is not between {least} and {most}")
