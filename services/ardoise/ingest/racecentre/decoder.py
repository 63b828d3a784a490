"""One server-sent event of a race centre -> columns of fixes. Pure: no I/O, no clock.

Shape, as the feed of a Grand Tour sends it: ``{"bind": "telemetryCompetitor-2026", "data": {"TimeStamp":
1783430676, "Riders": [{"Bib": 1, "Latitude": 42.9, "Longitude": 2.2, "kph": 46.12, "kmToFinish": 98.07}]}}``.
Its own derived values (kmToFinish, gaps) are known to be wrong now and then and are not read.
"""

import json
from collections import Counter
from dataclasses import dataclass, field

from ardoise.ingest.setup.road_line import finite
from ardoise.pb.telemetry_pb2 import (
    REFUSAL_REASON_IMPOSSIBLE_POSITION,
    REFUSAL_REASON_IMPOSSIBLE_TIME,
    REFUSAL_REASON_MALFORMED,
    REFUSAL_REASON_TOO_LARGE,
    RefusalReason,
    TelemetryFrame,
)

RELAY_ID = "race-centre"
TELEMETRY_BIND = "telemetryCompetitor"

MOST_EVENT_CHARACTERS = 1_048_576
"""A whole field of 181 riders takes 25 kB."""
MOST_RIDERS = 1_000
LARGEST_BIB = 999
EARLIEST_TIME_MS = 315_964_800_000
"""6 January 1980: GPS time begins."""
LATEST_TIME_MS = 4_102_444_800_000
"""2100."""
SMALLEST_MILLISECONDS = 100_000_000_000
"""The feed counts seconds; a number this large (year 5138 in seconds) counts milliseconds."""
FASTEST_KPH = 200.0
"""A faster rider is a fault of the feed; the speed is then unknown, the position may still be right."""
EXCERPT_BYTES = 256
MMPS_PER_KPH = 1_000_000 / 3_600


class EventRefused(Exception):
    """A whole event cannot be used. Carries the reason that goes on record."""

    def __init__(self, reason: RefusalReason, detail: str, excerpt: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.excerpt = excerpt.encode(errors="replace")[:EXCERPT_BYTES]


@dataclass(frozen=True)
class RefusedRider:
    """One element of Riders that is not a fix."""

    reason: RefusalReason
    detail: str
    bib: int | None
    """Where it could be read."""


@dataclass
class Telemetry:
    """The fixes of one event, as columns of equal length; tracker number = bib."""

    time_ms: int
    """When the feed says they were taken, milliseconds since 1970: one time for all."""
    bind: str
    bib: list[int] = field(default_factory=list)
    latitude_e7: list[int] = field(default_factory=list)
    longitude_e7: list[int] = field(default_factory=list)
    speed_mmps: list[int] = field(default_factory=list)
    """-1 where unknown."""
    refused: list[RefusedRider] = field(default_factory=list)

    def refusals(self) -> Counter[RefusalReason]:
        """How many riders were refused, by reason."""
        return Counter(rider.reason for rider in self.refused)

    def frame(self, boot_id: int, frame_number: int) -> TelemetryFrame:
        """The fixes as a frame of the relay `race-centre`."""
        return TelemetryFrame(
            relay_id=RELAY_ID,
            boot_id=boot_id,
            frame_number=frame_number,
            base_time_ms=self.time_ms,
            tracker=self.bib,
            time_offset_ms=[0] * len(self.bib),
            latitude_e7=self.latitude_e7,
            longitude_e7=self.longitude_e7,
            speed_mmps=self.speed_mmps,
        )


def decode(text: str) -> Telemetry | None:
    """Reads the text of one event; None where it carries no telemetry (news, rankings, weather).

    A rider that cannot be used is set aside in `Telemetry.refused`. Raises EventRefused, and nothing else.
    """
    if len(text) > MOST_EVENT_CHARACTERS:
        raise EventRefused(REFUSAL_REASON_TOO_LARGE, f"{len(text)} characters", text[:EXCERPT_BYTES])
    try:
        event = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventRefused(REFUSAL_REASON_MALFORMED, f"not JSON: {error}", text[:EXCERPT_BYTES]) from error
    if not isinstance(event, dict) or not isinstance(event.get("bind"), str):
        raise EventRefused(REFUSAL_REASON_MALFORMED, "no bind", text[:EXCERPT_BYTES])
    if not event["bind"].startswith(TELEMETRY_BIND):
        return None
    return _telemetry(event["bind"], event.get("data"), text[:EXCERPT_BYTES])


def _telemetry(bind: str, data: object, excerpt: str) -> Telemetry:
    if not isinstance(data, dict) or not isinstance(data.get("Riders"), list):
        raise EventRefused(REFUSAL_REASON_MALFORMED, "no data.Riders", excerpt)
    riders = data["Riders"]
    if len(riders) > MOST_RIDERS:
        raise EventRefused(REFUSAL_REASON_TOO_LARGE, f"{len(riders)} riders", excerpt)
    telemetry = Telemetry(_time_ms(data.get("TimeStamp"), excerpt), bind)
    for rider in riders:
        _read_rider(rider, telemetry)
    return telemetry


def _time_ms(stamp: object, excerpt: str) -> int:
    value = finite(stamp)
    if value is None:
        raise EventRefused(REFUSAL_REASON_MALFORMED, f"TimeStamp is {_shown(stamp)}", excerpt)
    time_ms = value if value >= SMALLEST_MILLISECONDS else value * 1000
    if not EARLIEST_TIME_MS <= time_ms <= LATEST_TIME_MS:
        raise EventRefused(REFUSAL_REASON_IMPOSSIBLE_TIME, f"TimeStamp is {_shown(stamp)}", excerpt)
    return round(time_ms)


def _read_rider(rider: object, into: Telemetry) -> None:
    def refuse(reason: RefusalReason, detail: str, bib: int | None = None) -> None:
        into.refused.append(RefusedRider(reason, detail, bib))

    if not isinstance(rider, dict):
        return refuse(REFUSAL_REASON_MALFORMED, f"a rider is {_shown(rider)}")
    number = finite(rider.get("Bib"))
    if number is None or number != int(number) or not 1 <= number <= LARGEST_BIB:
        return refuse(REFUSAL_REASON_MALFORMED, f"Bib is {_shown(rider.get('Bib'))}")
    bib = int(number)
    latitude, longitude = finite(rider.get("Latitude")), finite(rider.get("Longitude"))
    if latitude is None or longitude is None:
        return refuse(REFUSAL_REASON_MALFORMED, "Latitude or Longitude is not a number", bib)
    if not (abs(latitude) <= 90.0 and abs(longitude) <= 180.0) or (latitude == 0.0 and longitude == 0.0):
        return refuse(REFUSAL_REASON_IMPOSSIBLE_POSITION, f"{latitude:.6g}, {longitude:.6g}", bib)
    kph = finite(rider.get("kph"))
    known = kph is not None and 0.0 <= kph <= FASTEST_KPH
    into.bib.append(bib)
    into.latitude_e7.append(round(latitude * 1e7))
    into.longitude_e7.append(round(longitude * 1e7))
    into.speed_mmps.append(round(kph * MMPS_PER_KPH) if known else -1)
    return None


def _shown(value: object) -> str:
    # The repr of a list that is 900 lists deep would be an exception of its own.
    return f"a {type(value).__name__}" if isinstance(value, list | dict) else repr(value)[:40]
