"""Relays against a real ingest on a real nats-server."""

import asyncio
import gc
import time

import grpc
import pytest
from ardoise.chassis.log import LogReader
from ardoise.chassis.rpc import Reason, failure_of
from ardoise.ingest.publisher import unavailable
from ardoise.ingest.writer import LogWriter
from ardoise.pb.log_pb2 import RefusalRecord
from ardoise.pb.telemetry_pb2 import RefusalReason, RelayRequest, RelayResponse
from ardoise.pb.telemetry_pb2_grpc import TelemetryServiceStub

from tests.support.platform import activate
from tests.support.stage import frame_of

LIMIT_S = 20
FRAMES = 8


async def converse(call: grpc.aio.StreamStreamCall, frames: list, answers: int) -> list[RelayResponse]:
    """Sends frames, reads that many answers."""
    for frame in frames:
        await call.write(RelayRequest(frame=frame))
    return [await asyncio.wait_for(call.read(), LIMIT_S) for _ in range(answers)]


async def test_a_frame_is_acknowledged_on_disk_and_in_the_region_and_stands_in_the_log(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        epoch = await activate(platform, port)
        async with platform.channel(port, "moto-1") as channel:
            call = TelemetryServiceStub(channel).Relay()
            first, second = await converse(call, [frame_of("moto-1", 1, [9001, 9002])], 2)
        bus = await platform.bus("positioning")
        entry = await LogReader(bus).get(epoch, first.acknowledgement.position.sequence)
        await bus.close()
    assert (first.acknowledgement.durability, second.acknowledgement.durability) == (1, 2)
    assert first.acknowledgement.position.epoch == epoch
    assert list(entry.record.frame.tracker) == [9001, 9002]
    assert abs(entry.record.log_time_ms - time.time() * 1000) < 60_000


async def test_what_cannot_be_is_refused_by_fix_and_the_rest_of_the_frame_goes_in(platform, free_port):
    port = free_port()
    frame = frame_of("moto-1", 1, [9001, 777, 9002, 9003])
    frame.latitude_e7[2], frame.longitude_e7[2] = 0, 0
    frame.time_offset_ms[3] = -frame.base_time_ms
    async with platform.ingest(port):
        await activate(platform, port)
        async with platform.channel(port, "moto-1") as channel:
            call = TelemetryServiceStub(channel).Relay()
            answer, _ = await converse(call, [frame], 2)
        bus = await platform.bus("security")
        subscription = await bus.js.subscribe("", stream="REFUSED", ordered_consumer=True)
        records = [
            RefusalRecord.FromString((await subscription.next_msg(timeout=LIMIT_S)).data) for _ in range(3)
        ]
        await bus.close()
    assert [(fix.index, fix.reason) for fix in answer.acknowledgement.refused] == [
        (1, RefusalReason.REFUSAL_REASON_UNKNOWN_TRACKER),
        (2, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION),
        (3, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME),
    ]
    assert {(record.reason, record.source, record.tracker) for record in records} == {
        (RefusalReason.REFUSAL_REASON_UNKNOWN_TRACKER, "moto-1", 777),
        (RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION, "moto-1", 9002),
        (RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME, "moto-1", 9003),
    }


async def test_a_broken_client_is_answered_and_slows_no_honest_relay(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        await activate(platform, port)
        async with platform.channel(port, "moto-1") as honest, platform.channel(port, "moto-2") as broken:
            raw = broken.stream_stream(
                "/ardoise.v1.TelemetryService/Relay",
                request_serializer=lambda content: content,
                response_deserializer=RelayResponse.FromString,
            )()
            for _ in range(20):
                await raw.write(b"\xff\xff\xff nonsense")
            call = TelemetryServiceStub(honest).Relay()
            answers = await converse(call, [frame_of("moto-1", n, [9001]) for n in (1, 2)], 4)
            refused = [await asyncio.wait_for(raw.read(), LIMIT_S) for _ in range(20)]
            # The broken one may mend its ways on the same stream.
            await raw.write(RelayRequest(frame=frame_of("moto-2", 1, [9002])).SerializeToString())
            mended = await asyncio.wait_for(raw.read(), LIMIT_S)
    assert [answer.acknowledgement.frame_number for answer in answers] == [1, 1, 2, 2]
    assert {answer.refusal.reason for answer in refused} == {RefusalReason.REFUSAL_REASON_MALFORMED}
    assert mended.acknowledgement.frame_number == 1


async def test_a_relay_that_speaks_for_another_is_refused(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        await activate(platform, port)
        async with platform.channel(port, "moto-1") as channel:
            call = TelemetryServiceStub(channel).Relay()
            (answer,) = await converse(call, [frame_of("moto-2", 1, [9001])], 1)
    assert answer.refusal.reason == RefusalReason.REFUSAL_REASON_MALFORMED
    assert "certificate" in answer.refusal.detail


async def test_the_older_of_two_streams_of_one_relay_is_ended_with_a_reason(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        await activate(platform, port)
        async with platform.channel(port, "moto-1") as one, platform.channel(port, "moto-1") as two:
            older = TelemetryServiceStub(one).Relay()
            await converse(older, [frame_of("moto-1", 1, [9001])], 2)
            newer = TelemetryServiceStub(two).Relay()
            answers = await converse(newer, [frame_of("moto-1", 2, [9001])], 2)
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await asyncio.wait_for(older.read(), LIMIT_S)
    assert [answer.acknowledgement.frame_number for answer in answers] == [2, 2]
    assert failure_of(ended.value).reason == Reason.ERROR_REASON_LIMIT_EXCEEDED


async def test_a_full_log_refuses_at_once_and_says_when_to_come_back(platform, free_port):
    port = free_port()
    async with platform.ingest(port, log_max_bytes=1024 * 1024):
        await activate(platform, port)
        async with platform.channel(port, "moto-1") as channel:
            call = TelemetryServiceStub(channel).Relay()
            number, refusal = 0, None
            while refusal is None and number < 2_000:
                number += 1
                await call.write(RelayRequest(frame=frame_of("moto-1", number, [9001] * 500)))
                answer = await asyncio.wait_for(call.read(), LIMIT_S)
                if answer.HasField("refusal"):
                    refusal = answer.refusal
                else:
                    await asyncio.wait_for(call.read(), LIMIT_S)
    assert refusal is not None, "the log never filled"
    assert refusal.reason == RefusalReason.REFUSAL_REASON_LOG_FULL
    assert refusal.retry_after_ms > 0


async def test_a_log_that_cannot_be_written_ends_the_stream_once_however_many_frames_are_on_the_way(
    platform, free_port, monkeypatch
):
    port, unheard = free_port(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    async with platform.ingest(port):
        await activate(platform, port)

        all_there = asyncio.Barrier(FRAMES)

        async def unwritten(_self: LogWriter, _entry: object, kind: str, _record: object) -> int:
            if kind.startswith("fix."):
                await all_there.wait()
            raise unavailable(TimeoutError())

        monkeypatch.setattr(LogWriter, "append", unwritten)
        async with platform.channel(port, "moto-1") as channel:
            call = TelemetryServiceStub(channel).Relay()
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await converse(
                    call, [frame_of("moto-1", number, [9001]) for number in range(1, FRAMES + 1)], 1
                )
    gc.collect()
    assert failure_of(ended.value).reason == Reason.ERROR_REASON_LOG_UNAVAILABLE
    assert unheard == []


async def test_heart_rate_goes_to_the_teams_log_which_positioning_cannot_read(platform, free_port):
    from ardoise.pb.telemetry_pb2 import BiometricFrame, RelayBiometricsRequest

    port = free_port()
    frame = BiometricFrame(
        relay_id="moto-1",
        boot_id=1,
        frame_number=1,
        base_time_ms=int(time.time() * 1000),
        tracker=[9001],
        time_offset_ms=[0],
        heart_rate_bpm=[171],
        power_w=[402],
    )
    async with platform.ingest(port):
        epoch = await activate(platform, port)
        async with platform.channel(port, "moto-1") as channel:
            call = TelemetryServiceStub(channel).RelayBiometrics()
            await call.write(RelayBiometricsRequest(frame=frame))
            answer = await asyncio.wait_for(call.read(), LIMIT_S)
        bus = await platform.bus("positioning")
        reader = LogReader(bus)
        last = await reader.last_sequence(epoch)
        bodies = {(await reader.get(epoch, n)).record.WhichOneof("body") for n in range(1, last + 1)}
        streams = {info.config.name for info in await bus.js.streams_info()}
        await bus.close()
    assert answer.acknowledgement.position.sequence >= 1
    assert "frame" not in bodies
    assert "BIOMETRIC" not in streams
