"""Reads log, mirrors and database once all is quiet: the evidence."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import nats.errors
import psycopg
from google.protobuf.message import DecodeError
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import stream_of
from ardoise.pb.log_pb2 import LogRecord
from ardoise.rehearsal.drills.evidence import (
    Counted,
    Evidence,
    Forced,
    FrameRow,
    GivenUp,
    Message,
    Server,
    SetAside,
    Written,
)
from ardoise.rehearsal.drills.history import FixKey, FrameKey, History, Role
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.probes.database import TABLE, look
from ardoise.rehearsal.drills.scenario import REGIONS, Cast, Place

MESSAGE_LIMIT_S = 5.0
TABLE_LIMIT_S = 30.0
NOT_DERIVED = 0
"""Ledger's verdict on a message that was set aside (ardoise.chassis.tables.FixLedger)."""
HAVING_SEQUENCES = ("frame", "fix", "fix_ledger", "snapshot", "race_event", "decision")
_BEYOND = " UNION ALL ".join(
    f"SELECT '{table}', count(*) FROM {table} JOIN watermark w USING (epoch)"
    f" WHERE epoch = %(epoch)s AND {table}.sequence > w.sequence"
    for table in HAVING_SEQUENCES
)
_FRAMES = (
    "SELECT sequence, relay_id, boot_id, frame_number, fixes FROM frame"
    " WHERE epoch = %(epoch)s AND sequence <= %(upto)s"
)
_ROWS = (
    "SELECT sequence, tracker, (extract(epoch FROM device_time) * 1000)::bigint, count(*) FROM fix"
    " WHERE epoch = %(epoch)s AND sequence <= %(upto)s GROUP BY 1, 2, 3"
)
_LEDGER = "SELECT sequence, verdict, fixes FROM fix_ledger WHERE epoch = %(epoch)s AND sequence <= %(upto)s"
_DIGESTS = (
    "SELECT sequence, encode(digest, 'hex') FROM snapshot WHERE epoch = %(epoch)s AND sequence <= %(upto)s"
)
_WATERMARK = "SELECT sequence FROM watermark WHERE epoch = %(epoch)s"
_RACE_DECISIONS = "SELECT sequence, reason FROM decision WHERE epoch = %(epoch)s AND sequence <= %(upto)s"
_DECISIONS = f"SELECT key, timeline FROM {TABLE}"
_FORCED = (
    "SELECT region, messages_lost, lost, decisions_lost, operation FROM forced_failover"
    " WHERE begun >= to_timestamp(%(since_ms)s / 1000.0) ORDER BY begun"
)
NOTHING_WRITTEN = Written(0, {}, {}, frozenset(), {}, {}, {}, {})


async def read_evidence(reached: Reached, history: History, buses: Mapping[str, Bus], cast: Cast) -> Evidence:
    """What stands where, of every log. What cannot be read is said in `missing`."""
    found: list[Evidence] = []
    for epoch in history.epochs:
        successor = next((later for later in history.epochs if later > epoch), None)
        found.append(await _read_one(reached, history.of(epoch), buses, cast, successor))
    *earlier, newest = found
    return replace(newest, earlier=tuple(earlier))


async def _read_one(
    reached: Reached, history: History, buses: Mapping[str, Bus], cast: Cast, successor: int | None
) -> Evidence:
    """Of one log, up to its last acknowledged sequence. `successor`: the log that took over from it."""
    truck, regions = cast[Place.TRUCK], [cast[place] for place in REGIONS]
    upto = max((one.sequence for one in history.acknowledged), default=0)
    missing: list[str] = []
    logs: dict[str, dict[int, Message]] = {}
    for site in regions if successor else (truck, *regions):
        try:
            logs[site] = await read_log(buses[site], history.epoch, upto)
        except (nats.errors.Error, APIError, TimeoutError) as error:
            missing.append(f"{site}: its copy of the log cannot be read: {error!r}")
            logs[site] = {}
    mirrors = {site: logs[site] for site in regions}
    log, given_up = logs.get(truck, {}), None
    if successor:
        log = max(mirrors.values(), key=len)
        upto = min(upto, max(log, default=0))
        try:
            given_up = await _said_of(buses[truck], successor)
        except (nats.errors.Error, APIError, TimeoutError) as error:
            missing.append(f"{truck}: the beginning of log {successor} cannot be read: {error!r}")
            given_up = GivenUp(0, None)
    servers = {site: await _server(reached, site, history) for site in regions}
    primary = next((site for site, server in servers.items() if server.role is Role.PRIMARY), None)
    written, forced = NOTHING_WRITTEN, ()
    if primary is None:
        missing.append("no database server is primary: what is written cannot be read")
    else:
        try:
            written = await read_written(reached, primary, history.epoch, upto)
            forced = await read_forced(reached, primary, history)
        except (psycopg.Error, TimeoutError) as error:
            missing.append(f"{primary}: the database cannot be read: {error!r}")
    aside = {site: read_set_aside(reached.set_aside_at(site), history) for site in regions}
    return Evidence(
        upto,
        log,
        mirrors,
        written,
        servers,
        aside,
        frozenset(site for site in regions if is_copied(reached.database_at(site), history)),
        forced,
        missing,
        epoch=history.epoch,
        given_up=given_up,
    )


async def _said_of(bus: Bus, successor: int) -> GivenUp:
    """What the first message of a log says of the one before it. Raises as NATS does."""
    content = (await bus.js.get_msg(stream_of(successor), seq=1)).data or b""
    opened = LogRecord.FromString(content).epoch_opened
    lost = (opened.lost.first_sequence, opened.lost.last_sequence) if opened.HasField("lost") else None
    return GivenUp(opened.previous.sequence, lost)


async def read_log(bus: Bus, epoch: int, upto: int) -> dict[int, Message]:
    """Every message up to `upto`, or to the end of this copy, by sequence."""
    found: dict[int, Message] = {}
    upto = min(upto, (await bus.js.stream_info(stream_of(epoch))).state.last_seq)
    if not upto:
        return found
    subscription = await bus.js.subscribe(
        "",
        stream=stream_of(epoch),
        ordered_consumer=True,
        config=ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=1),
    )
    try:
        while True:
            message = await subscription.next_msg(timeout=MESSAGE_LIMIT_S)
            sequence = message.metadata.sequence.stream
            if sequence <= upto:
                digest = hashlib.blake2b(message.subject.encode(), digest_size=16)
                digest.update(message.data)
                found[sequence] = Message(digest.digest(), *_content_of(message.data))
            if sequence >= upto:
                return found
    finally:
        await subscription.unsubscribe()


async def read_written(reached: Reached, primary: str, epoch: int, upto: int) -> Written:
    """What the tables hold of the epoch, as of one moment."""
    asked = {"epoch": epoch, "upto": upto}
    async with asyncio.timeout(TABLE_LIMIT_S):
        session = await reached.database(primary)
        async with session:
            await session.set_autocommit(False)
            await session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

            async def rows(query: str) -> list[tuple]:
                return await (await session.execute(query, asked)).fetchall()

            watermark = await rows(_WATERMARK)
            beyond = {table: count for table, count in await rows(_BEYOND) if count}
            frames, fixes, ledger = await rows(_FRAMES), await rows(_ROWS), await rows(_LEDGER)
            digests, decisions = dict(await rows(_DIGESTS)), dict(await rows(_DECISIONS))
            of_race = dict(await rows(_RACE_DECISIONS))
    reached = watermark[0][0] if watermark else 0
    return written(reached, beyond, frames, fixes, ledger, digests, decisions, of_race)


async def read_forced(reached: Reached, primary: str, history: History) -> tuple[Forced, ...]:
    """Failovers that were forced since the drill began."""
    async with asyncio.timeout(TABLE_LIMIT_S), await reached.database(primary) as session:
        found = await (await session.execute(_FORCED, {"since_ms": history.origin_utc_ms})).fetchall()
    return tuple(_forced(history.epoch, *row) for row in found)


def _forced(epoch: int, region, messages_lost, lost, decisions_lost, operation) -> Forced:
    before = operation.get("watermarks_before", {}).get("watermarks", [])
    held = operation.get("logs_before", {}).get("logs", [])
    return Forced(
        region=region,
        messages_lost=messages_lost,
        lost=frozenset(one for of, first, last in lost if of == epoch for one in range(first, last + 1)),
        decisions_lost=decisions_lost,
        # 64-bit numbers are strings in protobuf's JSON.
        watermark_before=next((int(one["sequence"]) for one in before if int(one["epoch"]) == epoch), None),
        mirror_before=next((int(one["last_sequence"]) for one in held if int(one["epoch"]) == epoch), None),
    )


def written(watermark, beyond, frames, fixes, ledger, digests, decisions, race_decisions) -> Written:
    """The tables' rows, put together by sequence."""
    by_fix: dict[FixKey, int] = {}
    rows: dict[int, int] = {}
    for sequence, tracker, device_ms, count in fixes:
        key = (_unsigned(tracker), device_ms)
        by_fix[key] = by_fix.get(key, 0) + count
        rows[sequence] = rows.get(sequence, 0) + count
    whole = {sequence: fixes for sequence, *_, fixes in frames}
    counted: dict[int, int] = {}
    for sequence, _, count in ledger:
        counted[sequence] = counted.get(sequence, 0) + (whole.get(sequence, 0) if count is None else count)
    return Written(
        watermark=watermark,
        beyond_watermark=beyond,
        frames={
            sequence: FrameRow(
                (relay, _unsigned(boot), number), count, rows.get(sequence, 0), counted.get(sequence, 0)
            )
            for sequence, relay, boot, number, count in frames
        },
        set_aside=frozenset(sequence for sequence, verdict, _ in ledger if verdict == NOT_DERIVED),
        fixes=by_fix,
        digests=digests,
        decisions=decisions,
        race_decisions=race_decisions,
    )


def read_set_aside(directory: Path, history: History) -> list[SetAside]:
    """What was set aside there since the drill began."""
    found = []
    for path in sorted(directory.glob("*-*.jsonl")):
        if path.stat().st_mtime * 1000 >= history.origin_utc_ms:
            lines = [json.loads(line) for line in path.read_text().splitlines()]
            mine = [line for line in lines if line["kind"] == "row" and line["table"] == TABLE]
            counts = [
                line for line in lines if line["kind"] == "count" and line.get("epoch") == history.epoch
            ]
            found.append(
                SetAside(
                    timeline=lines[0]["timeline"],
                    keys=frozenset(line["row"]["key"] for line in mine),
                    counted={
                        line["table"]: Counted(line["rows"], line["first"], line["last"]) for line in counts
                    },
                )
            )
    return found


def is_copied(data: Path, history: History) -> bool:
    """Whether this directory was made from another server's since the drill began."""
    manifest = data / "backup_manifest"
    return manifest.exists() and manifest.stat().st_mtime * 1000 >= history.origin_utc_ms


async def _server(reached: Reached, site: str, history: History) -> Server:
    try:
        async with asyncio.timeout(MESSAGE_LIMIT_S):
            session = await reached.database(site)
            async with session:
                seen = await look(session, site, history)
    except (psycopg.Error, TimeoutError):
        return Server(Role.AWAY, None)
    return Server(seen.role, seen.timeline)


def _content_of(data: bytes) -> tuple[FrameKey | None, str]:
    """The frame's key, or the decision's reason."""
    try:
        record = LogRecord.FromString(data)
    except DecodeError:
        return None, ""
    if record.WhichOneof("body") != "frame":
        return None, record.decision.reason
    return (record.frame.relay_id, record.frame.boot_id, record.frame.frame_number), ""


def _unsigned(number: int) -> int:
    """Columns are signed: the same 64 bits as on the wire."""
    return number % 2**64
