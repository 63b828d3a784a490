"""Fixes a second from relay to row: acknowledged by ingest, derived by positioning, stored by the recorder.

Relays that were out of touch bring what they kept, as fast as it is acknowledged, so that device times are of the
past and log time is the machine's own: the race's work per fix, at many times its speed. In the same run, on the same
servers: the same payloads published to JetStream and nothing else; the same rows copied and nothing else.
"""

import asyncio
import time
from dataclasses import dataclass, field

import psycopg
import pytest
from ardoise.chassis.bus import Bus
from ardoise.pb import race_pb2, race_pb2_grpc
from ardoise.pb.log_pb2 import LogRecord
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.telemetry_pb2 import RelayResponse, TelemetryFrame
from ardoise.race.stage import Verdict
from ardoise.rehearsal.simulator import SimulatedSecond
from nats.js.api import StorageType, StreamConfig

from tests.bench.conftest import LENGTH_S, OFFSET_S
from tests.bench.race_site import RaceSite, at, load

LEAST_FIXES_PER_S = 20_000
GOAL_FIXES_PER_S = 100_000
IN_FLIGHT = 128
"""Frames that all relays together have sent and not seen acknowledged: they stay within seconds of each other, as
relays of one race do."""
LIMIT_S = 90.0
POLL_S = 0.02
COLUMNS = ("tracker", "time_offset_ms", "latitude_e7", "longitude_e7", "speed_mmps", "accuracy_cm")


@dataclass
class Sent:
    """What relays sent and what ingest answered."""

    fixes: int
    acknowledged: int = 0
    refused: int = 0
    last_sequence: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    """Every fix has been acknowledged or refused."""
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT))
    waiting: dict[tuple[str, int], int] = field(default_factory=dict)
    """Fixes of frames that are under way, by relay and number."""

    def answered(self, relay_id: str, response: RelayResponse, _: float) -> None:
        """An acknowledgement came."""
        assert response.HasField("acknowledgement"), response
        acknowledgement = response.acknowledgement
        fixes, refused = (
            self.waiting.pop((relay_id, acknowledgement.frame_number)),
            len(acknowledgement.refused),
        )
        self.last_sequence = max(self.last_sequence, acknowledgement.position.sequence)
        self.acknowledged += fixes - refused
        self.refused += refused
        self.room.release()
        if self.acknowledged + self.refused == self.fixes:
            self.complete.set()


@dataclass(frozen=True)
class Written:
    """What the database has of an epoch."""

    rows: int
    duplicates: int
    """Fixes that the ledger counts."""
    verdicts: dict[str, int]


@pytest.mark.timeout(240)
async def test_twenty_thousand_fixes_a_second_are_acknowledged_derived_and_stored(
    race_site: RaceSite, stage: StageSetup, seconds: list[SimulatedSecond]
):
    as_heard = [frame for second in seconds for frame in second.frames]
    rates = [
        await _measure("as 14 relays hear them", race_site, stage, as_heard),
        await _measure("each heard once, the field in one frame", race_site, stage, _once(seconds)),
    ]
    assert min(rates) > LEAST_FIXES_PER_S


def _once(seconds: list[SimulatedSecond]) -> list[TelemetryFrame]:
    """One frame a second, with the first word of each tracker that was heard."""
    frames = []
    for number, second in enumerate(seconds, 1):
        merged = TelemetryFrame(
            relay_id="aircraft-1", boot_id=1, frame_number=number, base_time_ms=second.time_ms
        )
        known: set[int] = set()
        for frame in second.frames:
            if frame.base_time_ms == second.time_ms:
                new = [index for index, tracker in enumerate(frame.tracker) if tracker not in known]
                known.update(frame.tracker)
                for name in COLUMNS:
                    column = getattr(frame, name)
                    getattr(merged, name).extend(column[index] for index in new)
        frames.append(merged)
    return frames


async def _measure(name: str, site: RaceSite, stage: StageSetup, frames: list[TelemetryFrame]) -> float:
    """Sends the frames as a stage of their own, checks that nothing is lost, prints; fixes a second."""
    first_time_ms = (int(time.time()) - LENGTH_S) * 1000
    frames = [at(frame, first_time_ms) for frame in frames]
    sent = Sent(fixes=sum(len(frame.tracker) for frame in frames))
    epoch = await site.open_stage(stage, OFFSET_S + LENGTH_S)
    relay_ids = {frame.relay_id for frame in frames}
    async with asyncio.timeout(LIMIT_S), site.relays(relay_ids, sent.answered) as relays:
        cpu_before, busy, began = site.cpu_s(), load(), time.monotonic()
        async with asyncio.TaskGroup() as readers:
            derived = readers.create_task(_derived(site, epoch, sent))
            stored = readers.create_task(_stored(site, epoch, sent))
            for frame in frames:
                await sent.room.acquire()
                sent.waiting[frame.relay_id, frame.frame_number] = len(frame.tracker)
                relays[frame.relay_id].send(frame)
            await sent.complete.wait()
            acknowledged_s = time.monotonic() - began
        derived_s, stored_s = (task.result() - began for task in (derived, stored))
        cpu = {process: spent - cpu_before[process] for process, spent in site.cpu_s().items()}
    jetstream_s = await _bare_jetstream(site, frames)
    copy_s = await asyncio.to_thread(_bare_copy, site.database_url, epoch)
    written = await asyncio.to_thread(_written, site.database_url, epoch)

    print(
        f"\nend to end, {name}: {sent.fixes:,} fixes of 176 riders in {len(frames):,} frames,"
        f" {written.rows:,} said for the first time; {busy}"
    )
    for step, passed_s in {"acknowledged": acknowledged_s, "derived": derived_s, "stored": stored_s}.items():
        rate, new = sent.fixes / passed_s, written.rows / passed_s
        print(f"  {step:12} after {passed_s:6.2f} s {rate:10,.0f} fixes/s {new:10,.0f} new/s")
    print(f"  limit {LEAST_FIXES_PER_S:,} fixes/s, goal {GOAL_FIXES_PER_S:,}")
    print(f"  bare JetStream, same payloads  {sent.fixes / jetstream_s:10,.0f} fixes/s")
    print(f"  bare COPY, same rows           {written.rows / copy_s:10,.0f} rows/s")
    print(f"  rows {written.verdicts}, ledger {written.duplicates:,} duplicates")
    print("  processor seconds " + ", ".join(f"{process} {spent:.1f}" for process, spent in cpu.items()))
    ceiling = 2 * sent.fixes / sum(cpu.values())
    print(f"  {sum(cpu.values()):.1f} in all: two cores for nothing else would take {ceiling:,.0f} fixes/s")
    assert sent.acknowledged == sent.fixes
    assert written.rows + written.duplicates == sent.acknowledged
    return sent.fixes / max(derived_s, stored_s)


async def _derived(site: RaceSite, epoch: int, sent: Sent) -> float:
    """When positioning's newest snapshot is past everything that was acknowledged (monotonic clock)."""
    async with site.channel("positioning") as opened:
        stub = race_pb2_grpc.RaceServiceStub(opened)
        async for step in stub.WatchSnapshots(race_pb2.WatchSnapshotsRequest()):
            past = step.resume.epoch == epoch and step.resume.sequence >= sent.last_sequence
            if past and sent.complete.is_set():
                return time.monotonic()
    raise AssertionError("the watch ended")


async def _stored(site: RaceSite, epoch: int, sent: Sent) -> float:
    """When the recorder's watermark is past everything that was acknowledged (monotonic clock)."""
    await sent.complete.wait()
    query = "SELECT sequence FROM watermark WHERE epoch = %s AND sequence >= %s"
    async with await psycopg.AsyncConnection.connect(site.database_url, autocommit=True) as connection:
        # A row in a database is no event.
        while not await (await connection.execute(query, (epoch, sent.last_sequence))).fetchone():  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)
    return time.monotonic()


async def _bare_jetstream(site: RaceSite, frames: list[TelemetryFrame]) -> float:
    """Seconds for the same records into a stream like the log's, each synced, as many under way as the relays had."""
    now_ms = time.time_ns() // 1_000_000
    payloads = [LogRecord(log_time_ms=now_ms, frame=frame).SerializeToString() for frame in frames]
    bus = await Bus.connect(site.settings, "ingest")
    await bus.ensure_stream(StreamConfig(name="BENCH", subjects=["bench"], storage=StorageType.FILE))
    left = iter(payloads)

    async def publish() -> None:
        for payload in left:
            await bus.js.publish("bench", payload, stream="BENCH")

    began = time.monotonic()
    await asyncio.gather(*(publish() for _ in range(IN_FLIGHT)))
    passed_s = time.monotonic() - began
    await bus.close()
    return passed_s


def _bare_copy(url: str, epoch: int) -> float:
    """Seconds for the same rows into a table like theirs, as bytes already, in one transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        query = f"COPY (SELECT * FROM fix WHERE epoch = {epoch}) TO STDOUT (FORMAT BINARY)"
        with connection.cursor().copy(query) as copy:
            content = b"".join(copy)
        connection.execute("CREATE TABLE IF NOT EXISTS bench (LIKE fix INCLUDING ALL)")
        began = time.monotonic()
        with connection.cursor().copy("COPY bench FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(content)
        return time.monotonic() - began


def _written(url: str, epoch: int) -> Written:
    with psycopg.connect(url, autocommit=True) as connection:
        ledger = "SELECT coalesce(sum(fixes), 0) FROM fix_ledger WHERE epoch = %s"
        (duplicates,) = connection.execute(ledger, (epoch,)).fetchone()
        verdicts = connection.execute(
            "SELECT verdict, count(*) FROM fix WHERE epoch = %s GROUP BY verdict ORDER BY verdict", (epoch,)
        ).fetchall()
        by_name = {Verdict(verdict).name.lower(): count for verdict, count in verdicts}
        return Written(sum(by_name.values()), int(duplicates), by_name)
