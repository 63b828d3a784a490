"""Weather in the engine's words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Weather:
    """The weather at a place of the race from an instant on. What its source does not have is None."""

    time_ms: int
    """From when on it holds, milliseconds since 1970 in log time."""
    temperature_c: float | None
    """Of the air, degrees Celsius."""
    wind_mps: float | None
    """Mean speed of the wind ten metres above the ground, metres per second."""
    wind_from_deg: float | None
    """Where it blows from, degrees clockwise from true north."""
    pressure_hpa: float | None
    """Of the air at that place, not reduced to sea level, hectopascals."""
    humidity_percent: float | None
    """Relative, per cent."""
    rain_mmph: float | None
    """Rain and what melts to it, millimetres per hour."""
