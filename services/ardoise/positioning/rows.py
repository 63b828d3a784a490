"""What came of log entries, as rows of the tables. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from google.protobuf.json_format import MessageToDict
from numpy.typing import NDArray

from ardoise.chassis.binary_copy import Column, Kind
from ardoise.chassis.log import LogEntry
from ardoise.positioning.domain import Applied, event_proto
from ardoise.race.engine import ENGINE_VERSION
from ardoise.race.snapshot import NONE, Snapshot
from ardoise.race.stage import NOWHERE, Verdict

NOT_DERIVED = 0
"""Ledger's verdict on a message that could not be derived: poison, set aside."""

type Row = dict[str, Any]

_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_RIDER_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("bib", "integer"),
    ("status", "smallint"),
    ("place", "integer"),
    ("distance_cm", "integer"),
    ("latitude_e7", "integer"),
    ("longitude_e7", "integer"),
    ("speed_mmps", "integer"),
    ("gradient_permille", "integer"),
    ("gap_ms", "integer"),
    ("group_id", "integer"),
)
_GROUP_COLUMNS: tuple[tuple[str, str, Kind], ...] = (
    ("group_id", "group_id", "integer"),
    ("role", "role", "smallint"),
    ("number", "number", "integer"),
    ("riders", "size", "integer"),
    ("distance_cm", "distance_cm", "integer"),
    ("speed_mmps", "speed_mmps", "integer"),
    ("gap_ms", "gap_ms", "integer"),
)


@dataclass(frozen=True, eq=False)
class Derived:
    """One entry of the log and what came of it; `applied` is None where deriving it failed."""

    entry: LogEntry
    log_time_ms: int
    """Log time at the entry."""
    applied: Applied | None
    opens_second: bool = False
    """Its snapshot is the first of a second: the one whose riders and groups become rows."""

    @property
    def rows(self) -> int:
        """About how many rows it makes: what batches are bounded by."""
        if self.applied is None:
            return 1
        fixes = len(self.applied.fixes) if self.applied.fixes is not None else 0
        riders = len(self.applied.snapshot.riders.bib) if self.opens_second else 0
        return 1 + fixes + riders

    @property
    def is_poison(self) -> bool:
        """Whether fixes of it were acknowledged and yet cannot be judged, or it cannot be read at all."""
        record = self.entry.record
        if record is None or self.applied is None:
            return True
        return record.WhichOneof("body") == "frame" and self.applied.judgement is None


def instant(time_ms: int) -> datetime:
    """Milliseconds since 1970 as the database's drivers take them."""
    return _EPOCH_START + timedelta(milliseconds=time_ms)


def days_of(batch: Iterable[Derived]) -> set[int]:
    """Days since 1970 (UTC) that rows of the time tables lie in."""
    judged_ms = {item.log_time_ms for item in batch if item.applied and item.applied.judgement is not None}
    closed_ms = {snapshot.race_time_ms for snapshot in _of_seconds(batch)}
    return {time_ms // 86_400_000 for time_ms in judged_ms | closed_ms}


def fix_columns(epoch: int, batch: Iterable[Derived]) -> list[Column]:
    """Rows of fix: every fix that was not said before."""
    parts = [
        (
            item,
            item.applied.fixes,
            item.applied.judgement,
            item.applied.judgement.verdict != Verdict.DUPLICATE,
        )
        for item in batch
        if item.applied is not None and item.applied.judgement is not None
    ]
    if not parts:
        return []
    kept = np.concatenate([new for *_, new in parts])
    counts = [len(fixes) for _, fixes, *_ in parts]

    def each(values: Iterable[int]) -> NDArray[np.int64]:
        return np.repeat(np.fromiter(values, np.int64, len(parts)), counts)[kept]

    def whole(columns: Iterable[NDArray]) -> NDArray:
        return np.concatenate(list(columns))[kept]

    speed_mmps = whole(fixes.speed_mmps for _, fixes, *_ in parts)
    distance_cm = whole(judgement.distance_cm for *_, judgement, _ in parts)
    sequence = each(item.entry.sequence for item, *_ in parts)
    return [
        Column("time", "timestamptz", each(item.log_time_ms for item, *_ in parts)),
        Column("epoch", "bigint", np.full(len(sequence), epoch)),
        Column("sequence", "bigint", sequence),
        Column("ordinal", "integer", whole(np.arange(count) for count in counts)),
        Column("device_time", "timestamptz", whole(fixes.time_ms for _, fixes, *_ in parts)),
        Column("tracker", "bigint", whole(fixes.tracker.view(np.int64) for _, fixes, *_ in parts)),
        Column("bib", "integer", whole(judgement.bib for *_, judgement, _ in parts)),
        Column("latitude_e7", "integer", whole(fixes.latitude_e7 for _, fixes, *_ in parts)),
        Column("longitude_e7", "integer", whole(fixes.longitude_e7 for _, fixes, *_ in parts)),
        Column("speed_mmps", "integer", speed_mmps, speed_mmps < 0),
        Column("distance_cm", "integer", distance_cm, distance_cm == NOWHERE),
        Column("verdict", "smallint", whole(judgement.verdict for *_, judgement, _ in parts)),
    ]


def rider_columns(batch: Iterable[Derived]) -> list[Column]:
    """Rows of rider_second: the first tick of every second."""
    snapshots = _of_seconds(batch)
    if not snapshots:
        return []
    columns = _second_columns(snapshots, [len(snapshot.riders.bib) for snapshot in snapshots])
    for name, kind in _RIDER_COLUMNS:
        values = np.concatenate([getattr(snapshot.riders, name) for snapshot in snapshots])
        columns.append(Column(name, kind, values, values == NONE if name == "gap_ms" else None))
    return columns


def group_columns(batch: Iterable[Derived]) -> list[Column]:
    """Rows of group_second: the first tick of every second."""
    snapshots = _of_seconds(batch)
    if not snapshots:
        return []
    columns = _second_columns(snapshots, [len(snapshot.groups.group_id) for snapshot in snapshots])
    for name, attribute, kind in _GROUP_COLUMNS:
        values = np.concatenate([getattr(snapshot.groups, attribute) for snapshot in snapshots])
        columns.append(Column(name, kind, values, values == NONE if name == "gap_ms" else None))
    return columns


def frame_rows(epoch: int, batch: Iterable[Derived]) -> list[Row]:
    """Rows of frame: every frame that could be judged."""
    return [
        {
            **_place(epoch, item),
            "relay_id": item.applied.frame.relay_id,
            "boot_id": _signed(item.applied.frame.boot_id),
            "frame_number": _signed(item.applied.frame.frame_number),
            "fixes": len(item.applied.fixes),
        }
        for item in batch
        if item.applied is not None and item.applied.judgement is not None
    ]


def ledger_rows(epoch: int, batch: Iterable[Derived]) -> list[Row]:
    """Rows of fix_ledger: duplicates counted by frame, and poison."""
    rows = []
    for item in batch:
        if item.is_poison:
            record = item.entry.record
            fixes = None if record is None else len(record.frame.tracker)
            rows.append(_place(epoch, item) | {"verdict": NOT_DERIVED, "fixes": fixes})
        elif item.applied.judgement is not None:
            fixes = int(np.count_nonzero(item.applied.judgement.verdict == Verdict.DUPLICATE))
            if fixes:
                rows.append(_place(epoch, item) | {"verdict": int(Verdict.DUPLICATE), "fixes": fixes})
    return rows


def snapshot_rows(batch: Iterable[Derived]) -> list[Row]:
    """Rows of snapshot."""
    snapshots = [item.applied.snapshot for item in batch if item.applied and item.applied.snapshot]
    return [
        {
            "time": instant(snapshot.race_time_ms),
            "epoch": snapshot.epoch,
            "sequence": snapshot.sequence,
            "engine_version": ENGINE_VERSION,
            "race_state": int(snapshot.race_state),
            "digest": snapshot.digest,
        }
        for snapshot in snapshots
    ]


def event_rows(epoch: int, batch: Iterable[Derived]) -> list[Row]:
    """Rows of race_event."""
    return [
        {
            "event_id": event_proto(event, epoch).event_id,
            "epoch": epoch,
            "sequence": event.sequence,
            "ordinal": event.ordinal,
            "kind": int(event.kind),
            "time": instant(event.time_ms),
            "bibs": list(event.bibs),
            "distance_cm": event.distance_cm,
            "race_state": None if event.race_state is None else int(event.race_state),
            "rider_status": None if event.rider_status is None else int(event.rider_status),
            "group_id": event.group_id,
        }
        for item in batch
        if item.applied is not None
        for event in item.applied.events
    ]


def decision_rows(epoch: int, batch: Iterable[Derived]) -> list[Row]:
    """Rows of decision."""
    rows = []
    for item in batch:
        if item.entry.record is None or item.entry.record.WhichOneof("body") != "decision":
            continue
        decision = item.entry.record.decision
        action = decision.WhichOneof("action") or ""
        details = MessageToDict(getattr(decision, action), preserving_proto_field_name=True) if action else {}
        rows.append(
            {
                **_place(epoch, item),
                "decision_id": decision.decision_id,
                "effective_time": instant(decision.effective_time_ms),
                "author": decision.author,
                "reason": decision.reason,
                "action": action,
                "details": details,
            }
        )
    return rows


def _of_seconds(batch: Iterable[Derived]) -> list[Snapshot]:
    return [item.applied.snapshot for item in batch if item.opens_second]


def _place(epoch: int, item: Derived) -> Row:
    # No log time before the first frame of a recording.
    time = instant(item.log_time_ms) if item.log_time_ms else None
    return {"time": time, "epoch": epoch, "sequence": item.entry.sequence}


def _second_columns(snapshots: list[Snapshot], counts: list[int]) -> list[Column]:
    return [
        Column("time", "timestamptz", np.repeat([snapshot.race_time_ms for snapshot in snapshots], counts)),
        Column("epoch", "bigint", np.repeat([snapshot.epoch for snapshot in snapshots], counts)),
    ]


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
