"""Values as people and sources say them -> a report of the contract. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from ardoise.ingest.domain.weather import VALUES
from ardoise.ingest.setup.road_line import finite
from ardoise.pb.weather_pb2 import WeatherReport

UNITS = {
    "temperature_c": ("temperature_c_e2", 100),
    "wind_mps": ("wind_mmps", 1_000),
    "wind_from_deg": ("wind_from_deg", 1),
    "pressure_hpa": ("pressure_pa", 100),
    "humidity_percent": ("humidity_permille", 10),
    "rain_mmph": ("rain_umph", 1_000),
}
"""What a source may say, with the field of the contract and how many of its units make one."""
PLACE = {"latitude": ("latitude_e7", 90), "longitude": ("longitude_e7", 180)}
"""Degrees, with the field of the contract and the most that there are."""
_E7 = 10_000_000


class Why(StrEnum):
    """Why what a source said is no report."""

    UNREACHABLE = "unreachable"
    STATUS = "status"
    TOO_SLOW = "too slow"
    TOO_LARGE = "too large"
    NO_JSON = "no JSON"
    MALFORMED = "malformed"
    UNIT = "unit"
    IMPLAUSIBLE = "implausible"


class SourceRefused(ValueError):
    """A source is not there, or said something that is no report."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why


def report_of(said: Mapping[str, object], time_ms: int, source: str) -> WeatherReport:
    """A report of the values in `said` by their names in UNITS and PLACE; None: not known. `time_ms` 0: now.

    Raises SourceRefused: MALFORMED for what is no finite number or without any value, IMPLAUSIBLE.
    """
    report = WeatherReport(source=source, effective_time_ms=time_ms)
    for name, (field, per_unit) in UNITS.items():
        if (number := _number(said, name)) is None:
            continue
        least, most = VALUES[field]
        if name == "wind_from_deg" and 0 <= number <= 360:
            number = round(number) % 360  # north is said as 360, and 0 is meant for calm
        if not least <= round(number * per_unit) <= most:
            raise SourceRefused(
                Why.IMPLAUSIBLE, f"{name} {number:g}: {least / per_unit:g} to {most / per_unit:g}"
            )
        setattr(report, field, round(number * per_unit))
    if not any(report.HasField(field) for field, _ in UNITS.values()):
        raise SourceRefused(Why.MALFORMED, f"none of {', '.join(UNITS)} is there")
    for name, (field, most) in PLACE.items():
        if (degrees := _number(said, name)) is not None:
            if abs(degrees) > most:
                raise SourceRefused(Why.IMPLAUSIBLE, f"{name} {degrees:g}: {-most} to {most}")
            setattr(report, field, round(degrees * _E7))
    return report


def instant_ms(text: object) -> int:
    """Milliseconds since 1970 of an ISO 8601 time with its offset. Raises SourceRefused(MALFORMED)."""
    try:
        instant = datetime.fromisoformat(str(text))
        if instant.tzinfo is not None:
            return round(instant.timestamp() * 1_000)
    except (ValueError, OverflowError):
        pass
    raise SourceRefused(Why.MALFORMED, f"time {str(text)[:40]!r}: as in 2026-07-07T14:00:00+02:00")


def _number(said: Mapping[str, object], name: str) -> float | None:
    value = said.get(name)
    if value is None:
        return None
    number = finite(value)
    if number is None:
        raise SourceRefused(Why.MALFORMED, f"{name} {str(value)[:40]!r}: no number")
    return number
