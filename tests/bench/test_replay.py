"""Seconds of the race that the recorder derives and writes in a second, from an empty database: as after a failover.

In its own processor time: neighbours on the machine change it little, and what the database works meanwhile is
measured elsewhere (test_recorder_copy). Once with the race as it is, and once with six times the reports, an hour's
volume in ten minutes: that counts as six seconds of the race in each.
"""

import asyncio
import time
from itertools import islice
from pathlib import Path

import pytest
from ardoise.chassis.log import LogReader
from ardoise.chassis.store import Store
from ardoise.pb.log_pb2 import EpochActivated, EpochOpened, Heartbeat, LogRecord
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.positioning.checkpoints import Checkpoints
from ardoise.positioning.epoch_recorder import EpochRecorder
from ardoise.positioning.store import RaceStore
from ardoise.positioning.store_watch import StoreWatch
from ardoise.rehearsal.simulator import Simulation

from tests.bench.conftest import OFFSET_S, SEED
from tests.support.nats import NatsServer
from tests.support.racelog import connect, write_log

START_MS = 1_783_000_000_000
BEATS_A_SECOND = 4
LEAST_TIMES = 100
POLL_S = 0.01


def log_of(stage: StageSetup, seconds: int, reports_a_second: int) -> list[bytes]:
    """A log of the race as ingest writes it."""
    records = [
        LogRecord(log_time_ms=START_MS, epoch_opened=EpochOpened(epoch=START_MS, cause=1)),
        LogRecord(log_time_ms=START_MS, stage_setup=stage),
        LogRecord(log_time_ms=START_MS, epoch_activated=EpochActivated(activated_ms=START_MS)),
    ]
    start = LogRecord(log_time_ms=START_MS)
    start.decision.decision_id, start.decision.effective_time_ms = "start", START_MS - OFFSET_S * 1000
    start.decision.start.SetInParent()
    records.append(start)
    simulation = Simulation(stage, SEED, start_offset_s=OFFSET_S, reports_a_second=reports_a_second)
    reports = simulation.seconds(START_MS)
    for report in islice(reports, seconds * reports_a_second):
        heard_ms = report.time_ms + 100
        records += [LogRecord(log_time_ms=heard_ms, frame=frame) for frame in report.frames]
        beats = BEATS_A_SECOND if reports_a_second == 1 else 1
        records += [
            LogRecord(log_time_ms=heard_ms + beat * 1000 // BEATS_A_SECOND, heartbeat=Heartbeat())
            for beat in range(beats)
        ]
    return [record.SerializeToString() for record in records]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("seconds", "reports_a_second"), [(600, 1), (100, 6)])
async def test_the_recorder_replays_a_hundred_times_as_fast_as_the_race(
    nats_server: NatsServer,
    plain_url: str,
    tmp_path: Path,
    stage: StageSetup,
    seconds: int,
    reports_a_second: int,
):
    bus = await connect(nats_server.url)
    records = log_of(stage, seconds, reports_a_second)
    await write_log(bus, START_MS, records)
    store = RaceStore(Store(plain_url, "bench"))
    await store.prepare()
    recorder = EpochRecorder(LogReader(bus), store, Checkpoints(tmp_path), StoreWatch(), START_MS)
    began, worked = time.perf_counter(), time.process_time()
    running = asyncio.create_task(recorder.run())
    while recorder.written < len(records):
        assert not running.done(), running.result()
        await asyncio.sleep(POLL_S)
    took_s, worked_s = time.perf_counter() - began, time.process_time() - worked
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await store.close()
    await bus.close()
    raced_s = seconds * reports_a_second
    print(
        f"\n{reports_a_second} reports a second: {raced_s / worked_s:.0f} times the race in processor time,"
        f" {raced_s / took_s:.0f} times by the clock of a machine that others use too"
    )
    assert raced_s / worked_s > LEAST_TIMES
