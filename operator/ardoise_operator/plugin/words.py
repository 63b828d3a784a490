"""Figures and times as people read them. Pure."""

from datetime import UTC, datetime
from typing import Any

UNKNOWN = "Unknown"
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
KIB = 1024


def parsed(instant: str) -> datetime:
    """An instant of the API server's."""
    found = datetime.fromisoformat(instant)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def perhaps(instant: str | None) -> datetime | None:
    """The same where there is one."""
    return parsed(instant) if instant else None


def clock(at: datetime, now: datetime) -> str:
    """In UTC; of another day with that and without seconds."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    if at.date() == now.date():
        return f"{at:%H:%M:%S}"
    return f"{at.day} {at:%b %H:%M}" if at.year == now.year else f"{at.day} {at:%b %Y %H:%M}"


def span(seconds: float) -> str:
    """How long: to the hundredth as long as it is short, since these are what is measured."""
    if seconds < MINUTE_S:
        return f"{seconds:.2f} s".replace(".00 s", " s")
    whole = round(seconds)
    for size, unit, below, smaller in ((DAY_S, "d", HOUR_S, "h"), (HOUR_S, "h", MINUTE_S, "min")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    rest = whole % MINUTE_S
    return f"{whole // MINUTE_S} min {rest} s" if rest else f"{whole // MINUTE_S} min"


def milliseconds(value: Any) -> str:
    """A field of milliseconds, or Unknown."""
    return span(value / 1000) if isinstance(value, int) else UNKNOWN


def number(value: Any) -> str:
    """A field that is a number or Unknown; where there is none at all it is a dash."""
    return "-" if value is None else str(value)


def count(value: Any, one: str) -> str:
    """So many of them."""
    return f"{value} {one}" if value == 1 else f"{UNKNOWN if value is None else value} {one}s"


def size(value: Any) -> str:
    """A field of bytes, or Unknown."""
    if not isinstance(value, int):
        return number(value)
    for unit in ("B", "KiB", "MiB"):
        if value < KIB:
            return f"{value} {unit}"
        value //= KIB
    return f"{value} GiB"


def phrase(word: str) -> str:
    """A word of the API as one of a sentence: SynchronousStandby, synchronous standby."""
    if word == UNKNOWN:
        return word
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in word).strip()


def clean(text: str) -> str:
    """Without what would steer a terminal: a status may hold what somebody else wrote."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
