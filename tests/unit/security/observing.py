"""Observations to try rules on."""

from ardoise.security.domain.alert import Origin
from ardoise.security.domain.observation import Observation

START_MS = 1_782_561_600_000


def seen(
    signal: str,
    at_s: float = 0.0,
    *,
    source: str = "moto-3",
    tracker: int = 9123,
    count: int = 1,
    detail: str = "as seen",
) -> Observation:
    """One observation `at_s` seconds after START_MS."""
    time_ms = START_MS + round(at_s * 1000)
    return Observation(
        signal, time_ms, source, tracker, count, detail, Origin(1, time_ms, f"{signal}-{time_ms}")
    )
