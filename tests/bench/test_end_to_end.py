"""Fixes a second from relay to row: acknowledged by ingest, derived by positioning, stored by the recorder.

Relays that were out of touch bring what they kept, as fast as it is acknowledged, so that device times are of the
past and log time is the machine's own: the race's work per fix, at a hundred times its speed. In the same run, on the
same servers: the same payloads published to JetStream and nothing else; the same rows copied and nothing else.
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
PASSED_LIMIT_S = 60.0
POLL_S = 0.02


@dataclass
class Sent:
    """What relays sent and what ingest answered."""

    fixes: int = 0
    acknowledged: int = 0
    refused: int = 0
    last_sequence: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    """Every fix has been acknowledged or refused."""
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT))
    waiting: dict[tuple[str, int], int] = field(default_factory=dict)
    """Fixes of frames that are under way, by relay and number."""

    def answered(self, relay_id: str, response: RelayResponse, _: float) -> None:
        """An acknowledgement or a refusal came."""
        assert response.HasField("acknowledgement"), response
        acknowledgement = response.acknowledgement
        self.last_sequence = max(self.last_sequence, acknowledgement.position.sequence)
        self.refused += len(acknowledgement.refused)
        self.acknowledged += self.waiting.pop((relay_id, acknowledgement.frame_number)) - len(
            acknowledgement.refused
        )
        self.room.release()
        if self.acknowledged + self.refused == self.fixes:
            self.complete.set()


@pytest.mark.timeout(200)
async def test_twenty_thousand_fixes_a_second_are_acknowledged_derived_and_stored(
    race_site: RaceSite, stage: StageSetup, seconds: list[SimulatedSecond]
):
    first_time_ms = (int(time.time()) - LENGTH_S) * 1000
    frames = [at(frame, first_time_ms) for second in seconds for frame in second.frames]
    sent = Sent(fixes=sum(len(frame.tracker) for frame in frames))
    epoch = await race_site.open_stage(stage, OFFSET_S + LENGTH_S)
    relay_ids = {frame.relay_id for frame in frames}
    async with asyncio.timeout(PASSED_LIMIT_S), race_site.relays(relay_ids, sent.answered) as relays:
        cpu_before, began = race_site.cpu_s(), time.monotonic()
        async with asyncio.TaskGroup() as readers:
            derived = readers.create_task(_derived(race_site, epoch, sent))
            stored = readers.create_task(_stored(race_site, epoch, sent))
            for frame in frames:
                await sent.room.acquire()
                sent.waiting[frame.relay_id, frame.frame_number] = len(frame.tracker)
                relays[frame.relay_id].send(frame)
            await sent.complete.wait()
            acknowledged_s = time.monotonic() - began
        derived_s, stored_s = (task.result() - began for task in (derived, stored))
        cpu = {name: spent - cpu_before[name] for name, spent in race_site.cpu_s().items()}
    bare_jetstream_s = await _bare_jetstream(race_site, frames)
    bare_copy_s, rows = await asyncio.to_thread(_bare_copy, race_site.database_url)
    ledger, verdicts = await asyncio.to_thread(_written, race_site.database_url, epoch)

    total_s = max(derived_s, stored_s)
    print(
        f"\nend to end: {sent.fixes:,} fixes of 176 riders in {len(frames):,} frames of {len(relay_ids)} relays,"
        f" {rows:,} of them said for the first time; {load()}"
    )
    for name, passed_s in {"acknowledged": acknowledged_s, "derived": derived_s, "stored": stored_s}.items():
        rate, new = sent.fixes / passed_s, rows / passed_s
        print(f"  {name:12} after {passed_s:6.2f} s {rate:10,.0f} fixes/s, {new:,.0f} new/s")
    print(f"  limit {LEAST_FIXES_PER_S:,} fixes/s, goal {GOAL_FIXES_PER_S:,}")
    print(f"  bare JetStream, every message synced  {sent.fixes / bare_jetstream_s:10,.0f} fixes/s")
    print(f"  bare COPY of the {rows:,} rows         {rows / bare_copy_s:10,.0f} rows/s")
    print(f"  verdicts {verdicts}; duplicates counted in the ledger {ledger:,}")
    spent_s = sum(cpu.values())
    print("  processor seconds: " + ", ".join(f"{name} {spent:.1f}" for name, spent in cpu.items()))
    print(f"  {spent_s:.1f} in all: two cores of our own would take {2 * sent.fixes / spent_s:,.0f} fixes/s")

    assert sent.acknowledged == sent.fixes
    assert rows + ledger == sent.acknowledged
    assert sent.acknowledged / total_s > LEAST_FIXES_PER_S


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
    """Seconds for the same records into a stream like the log's, as many under way as the relays had."""
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


def _bare_copy(url: str) -> tuple[float, int]:
    """Seconds for the same rows into a table like theirs, as bytes already, in one transaction; and how many."""
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.cursor().copy("COPY (SELECT * FROM fix) TO STDOUT (FORMAT BINARY)") as copy:
            content = [bytes(block) for block in copy]
        connection.execute("CREATE TABLE bench (LIKE fix INCLUDING ALL)")
        began = time.monotonic()
        cursor = connection.cursor()
        with cursor.copy("COPY bench FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(b"".join(content))
        return time.monotonic() - began, cursor.rowcount


def _written(url: str, epoch: int) -> tuple[int, dict[str, int]]:
    """Fixes that the ledger counts; rows by verdict."""
    with psycopg.connect(url, autocommit=True) as connection:
        (ledger,) = connection.execute(
            "SELECT coalesce(sum(fixes), 0) FROM fix_ledger WHERE epoch = %s", (epoch,)
        ).fetchone()
        verdicts = connection.execute(
            "SELECT verdict, count(*) FROM fix WHERE epoch = %s GROUP BY verdict ORDER BY verdict", (epoch,)
        )
        return int(ledger), {Verdict(verdict).name.lower(): count for verdict, count in verdicts}
