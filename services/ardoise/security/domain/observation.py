"""What security hears, in one shape: a refusal of ingest or an oddity of positioning, each with its own clock."""

from typing import NamedTuple

from ardoise.pb import log_pb2, race_pb2, telemetry_pb2
from ardoise.security.domain.alert import Origin

MOST_NAME_CHARACTERS = 64
MOST_DETAIL_CHARACTERS = 200
EXCERPT_BYTES = 24

_REFUSALS = {
    number: f"refusal:{name.removeprefix('REFUSAL_REASON_').lower().replace('_', '-')}"
    for name, number in telemetry_pb2.RefusalReason.items()
    if number
}
_ODDITIES = {
    number: f"oddity:{name.removeprefix('ODDITY_KIND_').lower().replace('_', '-')}"
    for name, number in race_pb2.OddityKind.items()
    if number
}
_OF_A_LOG = {
    race_pb2.ODDITY_KIND_LOG_FILLING: "has taken three quarters of its bound",
    race_pb2.ODDITY_KIND_LOG_GIVEN_UP: "was lost, rolled back or made again: the race goes on in another",
}
# Records that the stream had discarded before they were read: a flood can hide something behind itself.
MISSED = "stream:missed"
SIGNALS = frozenset({*_REFUSALS.values(), *_ODDITIES.values(), MISSED})


class Observation(NamedTuple):
    """One thing that somebody should perhaps know of.

    `signal` is one of SIGNALS ("refusal:malformed"). `time_ms` is milliseconds since 1970 on the clock of the
    stream it came from: wall clock for refusals, log time for oddities. `tracker` is 0 where there is none.
    """

    signal: str
    time_ms: int
    source: str
    tracker: int
    count: int
    detail: str
    origin: Origin


def from_refusal(record: log_pb2.RefusalRecord) -> Observation | None:
    """A refusal; None for a reason that this version does not know."""
    signal = _REFUSALS.get(record.reason)
    if signal is None:
        return None
    tracker = record.tracker if record.HasField("tracker") else 0
    return Observation(
        signal,
        record.time_ms,
        clean(record.source, MOST_NAME_CHARACTERS) or "unknown",
        tracker,
        max(1, record.count),
        _refusal_detail(record, tracker),
        _outside_the_log(record.time_ms),
    )


def _refusal_detail(record: log_pb2.RefusalRecord, tracker: int) -> str:
    parts = [record.detail[:MOST_DETAIL_CHARACTERS]]
    if tracker:
        parts.append(f"tracker {tracker}")
    if record.peer:
        parts.append(f"peer {record.peer[:MOST_NAME_CHARACTERS]}")
    if record.excerpt:
        parts.append(f"begins {record.excerpt[:EXCERPT_BYTES].hex()}")
    return clean(", ".join(filter(None, parts)), MOST_DETAIL_CHARACTERS)


def from_oddity(record: race_pb2.OddityRecord) -> Observation | None:
    """An oddity; None for a kind that this version does not know."""
    signal = _ODDITIES.get(record.kind)
    if signal is None:
        return None
    origin = Origin(record.epoch, record.sequence, record.oddity_id)
    source = clean(record.relay_id, MOST_NAME_CHARACTERS) or "unknown"
    if record.kind == race_pb2.ODDITY_KIND_PICTURES_DIFFER:
        what = f"two sites derived different races at {clean(record.oddity_id, MOST_NAME_CHARACTERS)}"
        return Observation(signal, record.time_ms, source, 0, 1, what, origin)
    if record.kind in _OF_A_LOG:
        what = f"log {record.epoch} {_OF_A_LOG[record.kind]}"
        return Observation(signal, record.time_ms, source, 0, 1, what, origin)
    rider = f" (bib {record.bib})" if record.bib else ""
    if record.kind == race_pb2.ODDITY_KIND_CLOCK:
        side = "ahead" if record.clock_offset_ms > 0 else "behind"
        what = f"clock {abs(record.clock_offset_ms) / 1000:.1f} s {side}"
    elif record.kind == race_pb2.ODDITY_KIND_FROZEN:
        what = "the same position again and again at racing speed"
    elif record.kind == race_pb2.ODDITY_KIND_TWO_PLACES:
        what = f"heard in two places {record.distance_m} m apart"
    else:
        what = f"jumped {record.distance_m} m"
    return Observation(
        signal,
        record.time_ms,
        source,
        record.tracker,
        1,
        f"tracker {record.tracker}{rider}: {what}",
        origin,
    )


def missed(stream: str, time_ms: int, count: int) -> Observation:
    """Records of a stream that were discarded unread."""
    detail = f"{count} records of {stream} discarded unread"
    return Observation(MISSED, time_ms, stream, 0, count, detail, _outside_the_log(time_ms))


def _outside_the_log(time_ms: int) -> Origin:
    return Origin(0, time_ms, str(time_ms))


def clean(text: str, most: int) -> str:
    """Text of a stranger, fit for a log and a page: printable, on one line, cut at `most` characters."""
    text = text[: most + 1]
    if not text.isprintable():
        text = "".join(
            character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
        )
    return text if len(text) <= most else text[: most - 1] + "…"
