"""The truck's log is lost, made again or rolled back: another epoch takes over, and what is gone is said exactly."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator

import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogReader, stream_of
from ardoise.chassis.relay import RelayClient
from ardoise.ingest.writer import LogBroken
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.log_pb2 import EpochCause, LogRecord
from ardoise.sites.mirrors import MirrorState
from nats.js.api import StreamConfig

from tests.support.platform import activate
from tests.support.stage import frame_of
from tests.support.three_sites import RELAY, ThreeSites, found, relay, until

pytestmark = pytest.mark.slow

REGIONS = "amsterdam,london"
LIMIT_S = 20
MIRROR_RESUMES_LIMIT_S = 100
"""nats-server tries a mirror again by and by; no watchdog is there to see that it stands still."""


async def start_race(sites: ThreeSites, port: int) -> int:
    epoch = await activate(sites.truck, port)
    async with sites.truck.channel(port, "director") as channel:
        await RaceControlServiceStub(channel).RecordDecision(
            control_pb2.RecordDecisionRequest(
                request_id="start",
                decision=control_pb2.Decision(reason="flag", start=control_pb2.StartRace()),
            )
        )
    return epoch


async def mirrored(sites: ThreeSites, *epochs: int) -> None:
    """Both regions have everything that the truck has by now."""
    truck = await sites.truck.bus("positioning")
    for region in sites.regions.values():
        async with sites.watchdog(region) as watchdog:
            for epoch in epochs:
                upto = await LogReader(truck).last_sequence(epoch)
                await found(watchdog, stream_of(epoch), MirrorState.FOLLOWING)
                there = await region.bus("positioning")
                await until(lambda there=there, epoch=epoch, upto=upto: reached(there, epoch, upto))
                await there.close()
    await truck.close()


async def reached(bus: Bus, epoch: int, upto: int) -> bool:
    return await LogReader(bus).last_sequence(epoch) >= upto


async def last_in(sites: ThreeSites, epoch: int) -> dict[str, int]:
    ends = {}
    for name, region in sites.regions.items():
        bus = await region.bus("positioning")
        ends[name] = await LogReader(bus).last_sequence(epoch)
        await bus.close()
    return ends


async def newest(sites: ThreeSites) -> tuple[int, list[LogRecord]]:
    """The newest epoch at the truck, and its first records."""
    bus = await sites.truck.bus("positioning")
    reader = LogReader(bus)
    epoch = max(await reader.epochs())
    records = [(await reader.get(epoch, sequence)).record for sequence in range(1, 5)]
    await bus.close()
    return epoch, records


def log_config(epoch: int, first: int) -> StreamConfig:
    return StreamConfig(
        name=stream_of(epoch),
        subjects=[f"log.{epoch}.>"],
        first_seq=first if first > 1 else None,
        deny_delete=True,
        deny_purge=True,
        allow_direct=True,
    )


@pytest.mark.parametrize("beyond", [0, 1, 1_000], ids=["from_its_beginning", "at_its_end", "beyond_its_end"])
async def test_a_log_that_is_made_again_under_a_running_ingest_gets_a_successor(
    sites: ThreeSites, free_port, beyond: int
):
    port = free_port()
    async with ingest_that_breaks(sites, port, "was made again", "counted", "is gone"):
        old = await start_race(sites, port)
        await mirrored(sites, old)
        truck = await sites.truck.bus("ingest")
        last = await LogReader(truck).last_sequence(old)
        await truck.js.delete_stream(stream_of(old))
        await truck.js.add_stream(log_config(old, last + beyond if beyond else 1))
        await truck.close()
    ends = await last_in(sites, old)
    async with sites.truck.ingest(port, regions=REGIONS):
        epoch, (opened, setup, decision, activated) = await newest(sites)
    assert epoch > old
    assert opened.epoch_opened.cause == EpochCause.EPOCH_CAUSE_LOSS
    assert opened.epoch_opened.previous.epoch == old
    assert opened.epoch_opened.previous.sequence == max(ends.values())
    assert setup.stage_setup.stage_id == "test-1"
    assert decision.decision.WhichOneof("action") == "start", "only the mirrors had it"
    assert activated.WhichOneof("body") == "epoch_activated"
    if opened.epoch_opened.HasField("lost"):
        assert opened.epoch_opened.lost.first_sequence == max(ends.values()) + 1


async def test_a_log_that_vanishes_under_a_running_ingest_ends_it(sites: ThreeSites, free_port):
    port = free_port()
    async with ingest_that_breaks(sites, port, "is gone"):
        old = await activate(sites.truck, port)
        truck = await sites.truck.bus("ingest")
        await truck.js.delete_stream(stream_of(old))
        await truck.close()


@contextlib.asynccontextmanager
async def ingest_that_breaks(sites: ThreeSites, port: int, *because: str) -> AsyncIterator[None]:
    """Ends once the log has been found to be another, for one of these reasons."""
    broken: LogBroken | None = None
    try:
        async with sites.truck.ingest(port, regions=REGIONS) as ingest:
            yield
            await asyncio.wait({ingest}, timeout=LIMIT_S)
    except LogBroken as error:
        broken = error
    assert broken is not None
    assert any(reason in str(broken) for reason in because), broken


class TurnedBack:
    """The truck's disk, kept and put back as it was: log and mark."""

    def __init__(self, sites: ThreeSites, directory) -> None:
        self._directory = directory
        self._truck = sites.truck
        self._paths = (sites.truck.server.directory / "store", sites.truck.state_dir / "ingest")

    async def keep(self) -> None:
        await self._truck.server.stop()
        for number, path in enumerate(self._paths):
            shutil.copytree(path, self._directory / str(number))
        await self._truck.server.start()

    async def turn_back(self) -> None:
        await self._truck.server.stop()
        for number, path in enumerate(self._paths):
            shutil.rmtree(path)
            shutil.move(self._directory / str(number), path)
        await self._truck.server.start()


async def ridden(sites: ThreeSites, port: int, disk: TurnedBack) -> int:
    """A race whose newest ten frames are in both regions, and at the truck not any more."""
    async with sites.truck.ingest(port, regions=REGIONS):
        old = await start_race(sites, port)
    await disk.keep()
    async with sites.truck.ingest(port, regions=REGIONS), relay(sites, port) as client:
        for number in range(1, 11):
            client.send(frame_of(RELAY, number, [9001]))
        await mirrored(sites, old)
        assert await client.drained(LIMIT_S)
    await mirrored(sites, old)
    await disk.turn_back()
    return old


async def test_a_log_that_was_rolled_back_is_not_written_again(sites: ThreeSites, free_port, tmp_path):
    port, disk = free_port(), TurnedBack(sites, tmp_path / "kept")
    old = await ridden(sites, port, disk)
    ends = await last_in(sites, old)
    truck = await sites.truck.bus("positioning")
    rolled_back = await LogReader(truck).last_sequence(old)
    assert rolled_back < min(ends.values())
    async with sites.truck.ingest(port, regions=REGIONS):
        epoch, (opened, *_) = await newest(sites)
        assert await LogReader(truck).last_sequence(old) == rolled_back
    async with sites.truck.ingest(port, regions=REGIONS):
        again, _ = await newest(sites)
    await truck.close()
    assert epoch > old
    assert again == epoch, "what has a successor is not succeeded again: it would take the race's place"
    lost = opened.epoch_opened.lost
    assert (lost.epoch, lost.first_sequence) == (old, max(ends.values()) + 1)
    assert lost.last_sequence == 0, "the mark went back too: how far was acknowledged is not known"


async def test_sequences_used_again_while_no_region_answered_are_found_and_never_confirmed(
    sites: ThreeSites, free_port, tmp_path
):
    port, disk = free_port(), TurnedBack(sites, tmp_path / "kept")
    old = await ridden(sites, port, disk)
    ends = await last_in(sites, old)
    for region in sites.regions.values():
        await region.server.stop()
    async with relay(sites, port) as client:
        async with ingest_that_breaks(sites, port, "is another in"):
            for number in range(11, 31):
                client.send(frame_of(RELAY, number, [9001]))
            await until(lambda: on_disk(client, 20))
            # By numbers alone the mirrors are only behind.
            truck = await sites.truck.bus("positioning")
            await until(lambda: reached(truck, old, max(ends.values()) + 1))
            await truck.close()
            for region in sites.regions.values():
                await region.server.start()
        assert client.tally.in_region == 0
    async with sites.truck.ingest(port, regions=REGIONS), relay(sites, port) as client:
        epoch, _ = await newest(sites)
        for number in range(11, 31):
            client.send(frame_of(RELAY, number, [9001]))
        await mirrored(sites, epoch)
        assert await client.drained(LIMIT_S)
    assert epoch > old


async def on_disk(client: RelayClient, count: int) -> bool:
    return client.tally.on_disk >= count


@pytest.mark.timeout(240)
async def test_sequences_used_again_are_found_where_the_mirrors_have_gone_on_behind_their_old_tail(
    sites: ThreeSites, free_port, tmp_path
):
    port, disk = free_port(), TurnedBack(sites, tmp_path / "kept")
    old = await ridden(sites, port, disk)
    ends = await last_in(sites, old)
    for region in sites.regions.values():
        await region.server.stop()
    truck = await sites.truck.bus("positioning")
    async with sites.truck.ingest(port, regions=REGIONS), relay(sites, port) as client:
        for number in range(11, 41):
            client.send(frame_of(RELAY, number, [9001]))
        await until(lambda: on_disk(client, 30))
        await until(lambda: reached(truck, old, max(ends.values()) + 5))
    upto = await LogReader(truck).last_sequence(old)
    for region in sites.regions.values():
        await region.server.start()
    for region in sites.regions.values():
        there = await region.bus("positioning")
        await until(lambda there=there: reached(there, old, upto), MIRROR_RESUMES_LIMIT_S)
        await there.close()
    # The first and the newest message are the same everywhere now; what lies between is not.
    async with sites.truck.ingest(port, regions=REGIONS):
        epoch, _ = await newest(sites)
        assert await LogReader(truck).last_sequence(old) == upto
    await truck.close()
    assert epoch > old
