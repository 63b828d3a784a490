"""A small race as a log in a real nats-server: duplicates, late fixes, wrong clocks, strangers, weather, poison."""

import random
import time

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import stream_of
from ardoise.chassis.settings import CommonSettings
from ardoise.pb.log_pb2 import EpochActivated, EpochOpened, Heartbeat, LogRecord
from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.pb.weather_pb2 import WeatherReport
from nats.js.api import StreamConfig

from tests.support.stage import small_stage

START_MS = 1_783_000_000_000
SPEED_MPS = 11.0
# The stage of small_stage: eastwards at 45 degrees north from 5 degrees east.
E7_PER_METRE = 127.0
RELAYS = ("moto-1", "moto-2", "plane")
STRANGER = 77
UNREADABLE = b"\xff\xff\xff"


def race_records(seed: int, seconds: int, riders: int = 8) -> list[bytes]:
    """The messages of a log from its beginning. Each relay hears most riders; some seconds hold trouble."""
    draw = random.Random(seed)
    opened = LogRecord(log_time_ms=START_MS, epoch_opened=EpochOpened(epoch=START_MS, cause=1))
    setup = LogRecord(log_time_ms=START_MS, stage_setup=small_stage(riders))
    active = LogRecord(log_time_ms=START_MS, epoch_activated=EpochActivated(activated_ms=START_MS))
    start = LogRecord(log_time_ms=START_MS)
    start.decision.decision_id, start.decision.author = "start", "director"
    start.decision.effective_time_ms = START_MS
    start.decision.start.SetInParent()
    records = [record.SerializeToString() for record in (opened, setup, active, start)]
    for second in range(1, seconds + 1):
        now_ms = START_MS + second * 1000
        for number, relay in enumerate(RELAYS):
            frame = _frame(draw, relay, second, now_ms, riders)
            records.append(LogRecord(log_time_ms=now_ms + 100 * number, frame=frame).SerializeToString())
        if draw.random() < 0.02:
            records.append(UNREADABLE)
        if second % 10 == 0:
            report = WeatherReport(source="finish", effective_time_ms=now_ms, temperature_c_e2=2_100)
            records.append(LogRecord(log_time_ms=now_ms, weather=report).SerializeToString())
        for quarter in (400, 650, 900):
            records.append(LogRecord(log_time_ms=now_ms + quarter, heartbeat=Heartbeat()).SerializeToString())
    return records


def _frame(draw: random.Random, relay: str, second: int, now_ms: int, riders: int) -> TelemetryFrame:
    frame = TelemetryFrame(relay_id=relay, boot_id=2**64 - 5, frame_number=second, base_time_ms=now_ms)
    for bib in range(1, riders + 1):
        if draw.random() < 0.2:
            continue
        age_ms = draw.choice((0, 0, 0, 1000, 30_000)) if second > 40 else 0
        clock_ms = 400 * 86_400_000 if draw.random() < 0.01 else 0
        metres = SPEED_MPS * (second - age_ms / 1000) - 5.0 * bib + draw.gauss(0, 2)
        _add(frame, 9000 + bib, clock_ms - age_ms, metres, draw)
    if draw.random() < 0.1:
        _add(frame, STRANGER, 0, 100.0, draw)
    if draw.random() < 0.02:
        frame.latitude_e7.append(1)  # a column longer than the others: ingest would have refused it
    return frame


def _add(frame: TelemetryFrame, tracker: int, offset_ms: int, metres: float, draw: random.Random) -> None:
    frame.tracker.append(tracker)
    frame.time_offset_ms.append(offset_ms)
    frame.latitude_e7.append(450_000_000 + round(draw.gauss(0, 200)))
    frame.longitude_e7.append(50_000_000 + round(max(metres, 0.0) * E7_PER_METRE))
    frame.speed_mmps.append(round(SPEED_MPS * 1000))


async def connect(url: str) -> Bus:
    """A connection to a plaintext nats-server."""
    return await Bus.connect(CommonSettings(plaintext=True, nats_url=url), "test")


async def write_log(bus: Bus, epoch: int, records: list[bytes]) -> None:
    """Writes them as the log of an epoch; returns when all are on disk."""
    name = stream_of(epoch)
    await bus.js.add_stream(StreamConfig(name=name, subjects=[f"log.{epoch}.>"]))
    began = time.monotonic()
    waiting = [await bus.js.publish_async(f"log.{epoch}.test", record) for record in records]
    for acknowledgement in waiting:
        await acknowledgement
    assert time.monotonic() - began < 30
