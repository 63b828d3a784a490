"""The simulated relays' client against a real ingest, over mutual TLS, through ingest's end and return."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from ardoise.chassis.log import LogReader
from ardoise.chassis.relay import RelayClient
from ardoise.pb import control_pb2, control_pb2_grpc
from ardoise.pb.telemetry_pb2 import (
    REFUSAL_REASON_MALFORMED,
    REFUSAL_REASON_UNKNOWN_TRACKER,
    RelayResponse,
)

from tests.support.platform import Platform
from tests.support.stage import frame_of, small_stage

RELAY = "moto-1"
LIMIT_S = 20


async def activate(platform: Platform, port: int) -> int:
    async with platform.channel(port, "director") as channel:
        control = control_pb2_grpc.RaceControlServiceStub(channel)
        loaded = await control.LoadStage(control_pb2.LoadStageRequest(request_id="load", setup=small_stage()))
        await control.ActivateStage(control_pb2.ActivateStageRequest(request_id="go", epoch=loaded.epoch))
    return loaded.epoch


@contextlib.asynccontextmanager
async def relay(platform: Platform, port: int, **options: object) -> AsyncIterator[RelayClient]:
    """A client that runs until the block ends."""
    async with platform.channel(port, RELAY) as channel:
        client = RelayClient(RELAY, channel, **options)
        task = asyncio.create_task(client.run())
        yield client
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def frames_in_log(platform: Platform, epoch: int, until: int) -> list[int]:
    """Numbers of the frames in the log, in its order, up to the frame `until`."""
    bus = await platform.bus("positioning")
    numbers: list[int] = []
    async with asyncio.timeout(LIMIT_S):
        async for batch in LogReader(bus).follow(epoch, 0):
            found = [one.record.frame for one in batch if one.record.WhichOneof("body") == "frame"]
            numbers += [frame.frame_number for frame in found]
            if until in numbers:
                break
    await bus.close()
    return numbers


async def test_frames_sent_while_ingest_is_away_are_in_the_log_when_it_is_back(platform: Platform, free_port):
    port = free_port()
    async with contextlib.AsyncExitStack() as stack:
        async with platform.ingest(port):
            epoch = await activate(platform, port)
            client = await stack.enter_async_context(relay(platform, port))
            for number in range(1, 11):
                client.send(frame_of(RELAY, number, [9001, 9002]))
            assert await client.drained(LIMIT_S), client.tally
        for number in range(11, 21):
            client.send(frame_of(RELAY, number, [9001]))
        assert client.unacknowledged == 10
        async with platform.ingest(port):
            assert await client.drained(LIMIT_S), client.tally
            numbers = await frames_in_log(platform, epoch, until=20)
            await stack.aclose()  # before ingest: it gives the streams of relays seconds to end by themselves

    assert sorted(set(numbers)) == list(range(1, 21))
    assert client.tally.in_region == 20
    assert client.tally.connections >= 2


async def test_what_is_refused_for_good_is_counted_and_not_sent_again(platform: Platform, free_port):
    port, answered = free_port(), []

    def note(response: RelayResponse, after_s: float) -> None:
        answered.append((response.WhichOneof("outcome"), after_s))

    torn = frame_of(RELAY, 2, [9001, 9002])
    del torn.latitude_e7[1:]
    async with platform.ingest(port):
        await activate(platform, port)
        async with relay(platform, port, on_answer=note) as client:
            client.send(frame_of(RELAY, 1, [9001, 424_242]))
            client.send(torn)
            client.send(frame_of(RELAY, 3, [9001]))
            assert await client.drained(LIMIT_S), client.tally

    assert client.tally.sent == 3
    assert client.tally.refused_fixes == {REFUSAL_REASON_UNKNOWN_TRACKER: 1}
    assert client.tally.refused_frames == {REFUSAL_REASON_MALFORMED: 1}
    assert [outcome for outcome, _ in answered] == ["acknowledgement", "refusal", "acknowledgement"]
    assert all(0 < after_s < LIMIT_S for _, after_s in answered)


async def test_a_full_buffer_gives_up_the_oldest_frame_and_counts_it(platform: Platform, free_port):
    async with relay(platform, free_port(), most_kept=5) as client:
        for number in range(1, 9):
            client.send(frame_of(RELAY, number, [9001]))

        assert client.unacknowledged == 5
        assert client.tally.given_up == 3


async def test_a_relay_waits_for_an_ingest_that_is_not_there_yet(platform: Platform, free_port):
    port = free_port()
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(relay(platform, port))
        client.send(frame_of(RELAY, 1, [9001]))
        assert not await client.drained(0.3)
        async with platform.ingest(port):
            await activate(platform, port)
            assert await client.drained(LIMIT_S), client.tally
            await stack.aclose()
