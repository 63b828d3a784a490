"""What the database ought to hold, derived straight from the log, against what it holds."""

from collections import Counter

from ardoise.chassis.log import LogReader
from ardoise.chassis.store import Store
from ardoise.positioning.domain import Race
from ardoise.race.stage import NOWHERE, Verdict
from sqlalchemy import Connection, text


async def differences(reader: LogReader, store: Store, epoch: int, last: int) -> list[str]:
    """Every way in which the database is not what the log up to `last` says; empty: it is."""
    wanted = await _derived(reader, epoch, last)
    found = await store.run(lambda connection: _found(connection, epoch))
    faults = []
    for table, rows in wanted.items():
        lost, extra = rows - found[table], found[table] - rows
        if lost or extra:
            faults.append(
                f"{table}: {lost.total()} lost {list(lost)[:3]}, {extra.total()} too many {list(extra)[:3]}"
            )
    return faults


async def _derived(reader: LogReader, epoch: int, last: int) -> dict[str, Counter]:
    tables = ("fix", "fix_ledger", "frame", "snapshot", "rider_second", "race_event", "decision")
    wanted: dict[str, Counter] = {name: Counter() for name in tables}
    race, second = Race(epoch), 0
    async for entries in reader.follow(epoch, 0):
        for entry in entries:
            applied = race.apply(entry)
            sequence, record = entry.sequence, entry.record
            body = record.WhichOneof("body") if record else None
            if body is None:
                wanted["fix_ledger"][sequence, 0, None] += 1
            elif body == "decision":
                wanted["decision"][sequence, record.decision.decision_id] += 1
            elif body == "frame" and applied.judgement is None:
                wanted["fix_ledger"][sequence, 0, len(record.frame.tracker)] += 1
            elif body == "frame":
                wanted["frame"][sequence, record.frame.relay_id, len(record.frame.tracker)] += 1
                _fixes(wanted, sequence, record.frame, applied)
            if applied.snapshot is not None:
                second = _snapshot(wanted, applied.snapshot, second)
            for event in applied.events:
                wanted["race_event"][event.sequence, event.ordinal, int(event.kind)] += 1
        if entries[-1].sequence >= last:
            return wanted
    raise AssertionError("unreachable: a log is followed for ever")


def _fixes(wanted: dict[str, Counter], sequence: int, frame: object, applied: object) -> None:
    duplicates = 0
    verdicts, distances = applied.judgement.verdict.tolist(), applied.judgement.distance_cm.tolist()
    for ordinal, (tracker, verdict, distance_cm) in enumerate(
        zip(frame.tracker, verdicts, distances, strict=True)
    ):
        if verdict == Verdict.DUPLICATE:
            duplicates += 1
            continue
        device_ms = frame.base_time_ms + frame.time_offset_ms[ordinal]
        place = None if distance_cm == NOWHERE else distance_cm
        wanted["fix"][sequence, ordinal, tracker, device_ms, place, verdict] += 1
    if duplicates:
        wanted["fix_ledger"][sequence, int(Verdict.DUPLICATE), duplicates] += 1


def _snapshot(wanted: dict[str, Counter], snapshot: object, second: int) -> int:
    wanted["snapshot"][snapshot.race_time_ms, snapshot.sequence, snapshot.digest] += 1
    if snapshot.race_time_ms // 1000 == second:
        return second
    riders = snapshot.riders
    for row in zip(riders.bib.tolist(), riders.status.tolist(), riders.distance_cm.tolist(), strict=True):
        wanted["rider_second"][snapshot.race_time_ms, *row] += 1
    return snapshot.race_time_ms // 1000


def _found(connection: Connection, epoch: int) -> dict[str, Counter]:
    def rows(columns: str, table: str) -> Counter:
        query = text(f"SELECT {columns} FROM {table} WHERE epoch = :epoch")
        return Counter(tuple(row) for row in connection.execute(query, {"epoch": epoch}))

    def ms(column: str) -> str:
        return f"(extract(epoch FROM {column}) * 1000)::bigint"

    return {
        "fix": rows(f"sequence, ordinal, tracker, {ms('device_time')}, distance_cm, verdict", "fix"),
        "fix_ledger": rows("sequence, verdict, fixes", "fix_ledger"),
        "frame": rows("sequence, relay_id, fixes", "frame"),
        "snapshot": rows(f"{ms('time')}, sequence, digest", "snapshot"),
        "rider_second": rows(f"{ms('time')}, bib, status, distance_cm", "rider_second"),
        "race_event": rows("sequence, ordinal, kind", "race_event"),
        "decision": rows("sequence, decision_id", "decision"),
    }
