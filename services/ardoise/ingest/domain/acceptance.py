"""Which fixes of a frame are let into the log.

Late, out of order, duplicated, from a wrong clock: let in, because positioning derives from the whole log what to
make of them. Refused is only what can never mean anything.
"""

import re
from dataclasses import dataclass

from ardoise.pb.telemetry_pb2 import BiometricFrame, RefusalReason, RefusedFix, TelemetryFrame

MAX_FIXES = 2_048
MAX_FRAME_BYTES = 256 * 1024
# GPS time began on 1980-01-06; no offset of a clock explains a date before it. Past 2100 integers were misread.
EARLIEST_MS = 315_964_800_000
LATEST_MS = 4_102_444_800_000
MAX_LATITUDE_E7 = 900_000_000
MAX_LONGITUDE_E7 = 1_800_000_000
# Receivers without a fix report 0, 0 and its immediate neighbourhood: 1e-4 degree is 11 m.
NULL_ISLAND_E7 = 1_000

_RELAY_ID = re.compile(r"[a-z0-9-]{1,64}\Z")
_OPTIONAL = ("speed_mmps", "accuracy_cm", "heart_rate_bpm", "power_w", "cadence_rpm")
_REQUIRED = ("tracker", "time_offset_ms", "latitude_e7", "longitude_e7")


class FrameRefused(Exception):
    """The whole frame is refused; `reason` is a RefusalReason."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Accepted[F: (TelemetryFrame, BiometricFrame)]:
    """What may go into the log, without the refused fixes. The frame may be left with no fix at all."""

    frame: F
    refused: list[RefusedFix]


def accept[F: (TelemetryFrame, BiometricFrame)](
    frame: F, relay_id: str, known_trackers: frozenset[int]
) -> Accepted[F]:
    """Checks one frame of the relay whose certificate says relay_id. Raises FrameRefused."""
    _check_frame(frame, relay_id)
    columns = [name for name in (*_REQUIRED, *_OPTIONAL) if len(getattr(frame, name, ()))]
    refused = _refused(frame, known_trackers)
    if not refused:
        return Accepted(frame, refused)
    out = {fix.index for fix in refused}
    kept = type(frame)()
    kept.CopyFrom(frame)
    for name in columns:
        values = getattr(frame, name)
        del getattr(kept, name)[:]
        getattr(kept, name).extend(value for index, value in enumerate(values) if index not in out)
    return Accepted(kept, refused)


def _check_frame(frame: TelemetryFrame | BiometricFrame, relay_id: str) -> None:
    fixes = len(frame.tracker)
    if fixes > MAX_FIXES:
        raise FrameRefused(
            RefusalReason.REFUSAL_REASON_TOO_LARGE,
            f"{fixes} fixes: a frame has at most {MAX_FIXES}, send several",
        )
    size = frame.ByteSize()
    if size > MAX_FRAME_BYTES:
        raise FrameRefused(
            RefusalReason.REFUSAL_REASON_TOO_LARGE, f"{size} bytes: a frame has at most {MAX_FRAME_BYTES}"
        )
    malformed = RefusalReason.REFUSAL_REASON_MALFORMED
    if not _RELAY_ID.match(frame.relay_id):
        raise FrameRefused(malformed, f"relay_id {frame.relay_id[:64]!r}: 1 to 64 of a-z, 0-9 and -")
    if frame.relay_id != relay_id:
        raise FrameRefused(malformed, f"relay_id {frame.relay_id!r} is not the certificate's: {relay_id!r}")
    if not frame.frame_number:
        raise FrameRefused(malformed, "frame_number is missing: count frames from 1")
    if not fixes:
        raise FrameRefused(malformed, "the frame has no fix")
    for name in _REQUIRED:
        if hasattr(frame, name) and len(getattr(frame, name)) != fixes:
            raise FrameRefused(
                malformed, f"{fixes} trackers but {len(getattr(frame, name))} values in {name}"
            )
    for name in _OPTIONAL:
        if len(getattr(frame, name, ())) not in (0, fixes):
            raise FrameRefused(
                malformed, f"{fixes} trackers but {len(getattr(frame, name))} values in {name}"
            )


def _refused(frame: TelemetryFrame | BiometricFrame, known_trackers: frozenset[int]) -> list[RefusedFix]:
    base = frame.base_time_ms
    has_position = isinstance(frame, TelemetryFrame)
    latitudes = frame.latitude_e7 if has_position else [1] * len(frame.tracker)
    longitudes = frame.longitude_e7 if has_position else [NULL_ISLAND_E7] * len(frame.tracker)
    refused = []
    columns = zip(frame.tracker, frame.time_offset_ms, latitudes, longitudes, strict=True)
    for index, (tracker, offset, latitude, longitude) in enumerate(columns):
        if tracker not in known_trackers:
            reason = RefusalReason.REFUSAL_REASON_UNKNOWN_TRACKER
        elif not EARLIEST_MS <= base + offset < LATEST_MS:
            reason = RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME
        elif (
            abs(latitude) > MAX_LATITUDE_E7
            or abs(longitude) > MAX_LONGITUDE_E7
            or (abs(latitude) < NULL_ISLAND_E7 and abs(longitude) < NULL_ISLAND_E7)
        ):
            reason = RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION
        else:
            continue
        refused.append(RefusedFix(index=index, reason=reason))
    return refused
