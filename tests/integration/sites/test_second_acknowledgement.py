"""A frame is acknowledged when the truck has it on its disk, and once more when a region has it."""

import asyncio
import contextlib
import shutil
import time

import grpc
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogReader, stream_of
from ardoise.chassis.mirror import mirror_config
from ardoise.chassis.relay import MOST_SENT_AGAIN, RelayClient
from ardoise.ingest import regions
from ardoise.ingest.biometrics import STREAM as BIOMETRIC
from ardoise.ingest.domain.second import SecondAcknowledgements
from ardoise.pb.telemetry_pb2 import (
    DURABILITY_IN_REGION,
    DURABILITY_ON_DISK,
    BiometricFrame,
    RelayBiometricsRequest,
    RelayRequest,
)
from ardoise.pb.telemetry_pb2_grpc import TelemetryServiceStub
from ardoise.sites.app import TEAMS_IDENTITY
from ardoise.sites.mirrors import MirrorState
from nats.js.api import StreamConfig

from tests.support.platform import activate
from tests.support.stage import frame_of
from tests.support.three_sites import RELAY, ThreeSites, found, relay, until

pytestmark = pytest.mark.slow

REGIONS = "amsterdam,london"
LIMIT_S = 20
CATCH_UP_S = 60


async def on_disk(client: RelayClient, count: int) -> None:
    """Waits for so many first acknowledgements."""

    async def enough() -> bool:
        return client.tally.on_disk >= count

    await until(enough, LIMIT_S)


async def test_the_second_comes_only_after_a_region_has_the_frame(sites: ThreeSites, free_port):
    port = free_port()
    async with sites.truck.ingest(port, regions=REGIONS):
        epoch = await activate(sites.truck, port)
        async with sites.truck.channel(port, RELAY) as channel:
            call = TelemetryServiceStub(channel).Relay()
            await call.write(RelayRequest(frame=frame_of(RELAY, 1, [9001])))
            first = (await asyncio.wait_for(call.read(), LIMIT_S)).acknowledgement
            assert first.durability == DURABILITY_ON_DISK
            # Nobody has made a mirror yet: heartbeats go by, the second does not come.
            second = asyncio.create_task(call.read())
            truck = await sites.truck.bus("ingest")
            reader, beats = LogReader(truck), first.position.sequence + 8
            await until(lambda: past(reader, epoch, beats))
            assert not second.done()
            async with sites.watchdog(sites.london):
                acknowledged = (await asyncio.wait_for(second, LIMIT_S)).acknowledgement
                london = await sites.london.bus("sites")
                there = await LogReader(london).get(epoch, acknowledged.position.sequence)
                await london.close()
            await truck.close()
    assert acknowledged.durability == DURABILITY_IN_REGION
    assert (acknowledged.frame_number, acknowledged.position) == (1, first.position)
    assert there.record.frame.frame_number == 1


async def past(reader: LogReader, epoch: int, sequence: int) -> bool:
    return await reader.last_sequence(epoch) > sequence


async def test_an_isolated_truck_takes_frames_in_and_is_restarted_and_owes_nothing_when_it_is_back(
    sites: ThreeSites, free_port
):
    port = free_port()
    async with contextlib.AsyncExitStack() as stack:
        watchdogs = [
            await stack.enter_async_context(sites.watchdog(region)) for region in sites.regions.values()
        ]
        async with sites.truck.ingest(port, regions=REGIONS):
            epoch = await activate(sites.truck, port)
            client = await stack.enter_async_context(relay(sites, port))
            client.send(frame_of(RELAY, 1, [9001]))
            assert await client.drained(LIMIT_S), client.tally
            for region in sites.regions.values():
                await region.server.stop()
            for number in range(2, 12):
                client.send(frame_of(RELAY, number, [9001]))
            await on_disk(client, 11)
            assert client.unacknowledged == 10
        async with sites.truck.ingest(port, regions=REGIONS):
            await on_disk(client, 21)  # the relay has sent all ten again
            assert client.unacknowledged == 10
            await sites.amsterdam.server.start()
            assert await client.drained(CATCH_UP_S), client.tally
            await found(watchdogs[0], stream_of(epoch), MirrorState.FOLLOWING)
            numbers = await frames(sites, epoch)
            await sites.london.server.start()
    assert set(numbers) == set(range(1, 12))
    assert client.tally.in_region >= 11
    assert client.tally.given_up == 0


async def test_of_many_frames_in_the_log_a_relay_that_comes_again_sends_only_the_newest(
    sites: ThreeSites, free_port
):
    """An hour of the race sent again at once would drown the race of now."""
    port, many = free_port(), 3 * MOST_SENT_AGAIN
    async with contextlib.AsyncExitStack() as stack:
        async with sites.truck.ingest(port, regions=REGIONS):
            await activate(sites.truck, port)
            client = await stack.enter_async_context(relay(sites, port))
            for number in range(1, many + 1):
                client.send(frame_of(RELAY, number, [9001]))
            await on_disk(client, many)
        async with sites.truck.ingest(port, regions=REGIONS):
            client.send(frame_of(RELAY, many + 1, [9001]))
            await on_disk(client, many + MOST_SENT_AGAIN + 1)
            assert client.unacknowledged == many + 1
            await stack.enter_async_context(sites.watchdog(sites.london))
            assert await client.drained(CATCH_UP_S), client.tally
    assert client.tally.on_disk == many + MOST_SENT_AGAIN + 1
    assert client.tally.in_region == many + 1


async def test_where_the_truck_has_another_log_a_relay_sends_everything_again(sites: ThreeSites, free_port):
    port, many = free_port(), 3 * MOST_SENT_AGAIN
    async with sites.truck.ingest(port, regions=REGIONS):
        await activate(sites.truck, port)
        async with sites.truck.channel(port, RELAY) as channel:
            client = RelayClient(RELAY, channel)
            for number in range(1, many + 1):
                client.send(frame_of(RELAY, number, [9001]))
            for enough in (many, 2 * many):
                running = asyncio.create_task(client.run())
                await on_disk(client, enough)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await activate(sites.truck, port)
    assert client.unacknowledged == many


async def frames(sites: ThreeSites, epoch: int) -> list[int]:
    """Numbers of the frames that Amsterdam has."""
    bus = await sites.amsterdam.bus("sites")
    reader = LogReader(bus)
    last = await reader.last_sequence(epoch)
    records = [(await reader.get(epoch, sequence)).record for sequence in range(1, last + 1)]
    await bus.close()
    return [record.frame.frame_number for record in records if record.HasField("frame")]


async def test_one_region_is_enough(sites: ThreeSites, free_port):
    port = free_port()
    async with sites.truck.ingest(port, regions=REGIONS), sites.watchdog(sites.london):
        await activate(sites.truck, port)
        await sites.amsterdam.server.stop()
        async with relay(sites, port) as client:
            for number in range(1, 6):
                client.send(frame_of(RELAY, number, [9001]))
            assert await client.drained(LIMIT_S), client.tally


async def test_what_belongs_to_the_teams_is_acknowledged_twice_too(sites: ThreeSites, free_port):
    port = free_port()
    frame = BiometricFrame(
        relay_id=RELAY,
        boot_id=1,
        frame_number=1,
        base_time_ms=int(time.time() * 1000),
        tracker=[9001],
        time_offset_ms=[0],
        heart_rate_bpm=[171],
    )
    async with sites.truck.ingest(port, regions=REGIONS):
        await activate(sites.truck, port)
        async with sites.truck.channel(port, RELAY) as channel:
            call = TelemetryServiceStub(channel).RelayBiometrics()
            await call.write(RelayBiometricsRequest(frame=frame))
            first = (await asyncio.wait_for(call.read(), LIMIT_S)).acknowledgement
            second = asyncio.create_task(call.read())
            async with sites.watchdog(sites.amsterdam):
                acknowledged = (await asyncio.wait_for(second, LIMIT_S)).acknowledgement
                teams = await sites.amsterdam.bus(TEAMS_IDENTITY)
                stored = {info.config.name: info.state.last_seq for info in await teams.js.streams_info()}
                await teams.close()
    assert (first.durability, acknowledged.durability) == (DURABILITY_ON_DISK, DURABILITY_IN_REGION)
    assert stored == {BIOMETRIC: acknowledged.position.sequence} == {BIOMETRIC: 1}


async def test_a_stream_that_mirrors_something_else_is_not_believed(sites: ThreeSites, free_port):
    port = free_port()
    async with sites.truck.ingest(port, regions=REGIONS):
        epoch = await activate(sites.truck, port)
        truck, region = await sites.truck.bus("ingest"), await sites.amsterdam.bus("sites")
        config = mirror_config(await truck.js.stream_info(stream_of(epoch)), "truck")
        config.metadata = {"ardoise.origin-created": "2026-01-01T00:00:00+00:00"}
        await region.js.add_stream(config)
        async with sites.truck.channel(port, RELAY) as channel:
            call = TelemetryServiceStub(channel).Relay()
            await call.write(RelayRequest(frame=frame_of(RELAY, 1, [9001])))
            first = (await asyncio.wait_for(call.read(), LIMIT_S)).acknowledgement
            second = asyncio.create_task(call.read())
            mirror = LogReader(region)
            await until(lambda: past(mirror, epoch, first.position.sequence + 8))
            assert not second.done()
            call.cancel()
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
                await second
        await truck.close()
        await region.close()


async def test_a_relay_that_is_owed_too_much_is_told_to_come_again_and_loses_nothing(
    sites: ThreeSites, free_port, monkeypatch
):
    monkeypatch.setattr(regions, "SecondAcknowledgements", lambda: SecondAcknowledgements(most=5))
    port = free_port()
    async with sites.truck.ingest(port, regions=REGIONS):
        await activate(sites.truck, port)
        async with relay(sites, port) as client:
            for number in range(1, 13):
                client.send(frame_of(RELAY, number, [9001]))
            await on_disk(client, 12)
            assert client.unacknowledged == 12
            async with sites.watchdog(sites.amsterdam):
                assert await client.drained(LIMIT_S), client.tally

                async def came_again() -> bool:
                    return client.tally.connections > 1

                await until(came_again, LIMIT_S)
            assert client.tally.given_up == 0


async def test_a_mirror_of_sequences_that_were_used_again_is_not_believed_any_more(
    sites: ThreeSites, tmp_path
):
    """The truck's disk comes back as it was: the mirror has other messages under the same numbers."""
    store, kept = sites.truck.server.directory / "store", tmp_path / "kept"
    truck, region = await sites.truck.bus("ingest"), await sites.amsterdam.bus("sites")
    await truck.js.add_stream(StreamConfig(name="S", subjects=["s"]))
    await publish(truck, 3)
    await region.js.add_stream(mirror_config(await truck.js.stream_info("S"), "truck"))
    await sites.truck.server.stop()
    shutil.copytree(store, kept)
    await sites.truck.server.start()
    await until(lambda: publish(truck, 3))
    believed = regions.Regions(truck, "truck", ("amsterdam",))
    await until(lambda: has(believed, 6), CATCH_UP_S)
    await sites.truck.server.stop()
    shutil.rmtree(store)
    shutil.move(kept, store)
    await sites.truck.server.start()
    # As an ingest that was restarted with it sees it.
    wary = regions.Regions(truck, "truck", ("amsterdam",))
    await until(lambda: publish(truck, 1))
    await until(lambda: answered(wary))
    await publish(truck, 9)
    assert await has(regions.Regions(truck, "truck", ("amsterdam",)), 6), "nothing shows it any more"
    assert not await has(wary, 1)
    await truck.close()
    await region.close()


async def has(waits: regions.Regions, sequence: int) -> bool:
    await waits.ask("amsterdam", "S")
    return waits.has("S", sequence)


async def answered(waits: regions.Regions) -> bool:
    await waits.ask("amsterdam", "S")
    return True


async def publish(bus: Bus, count: int) -> bool:
    for _ in range(count):
        await bus.js.publish("s", b"")
    return True
