"""A region derives the same race from its mirror as the truck does from its log."""

import contextlib

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogReader, stream_of
from ardoise.positioning.domain import Race
from ardoise.sites.mirrors import MirrorState

from tests.support.racelog import START_MS, race_records, write_log
from tests.support.three_sites import ThreeSites, found

SEED = 20260704
SECONDS = 90


async def digests(bus: Bus, epoch: int, last: int) -> dict[int, bytes]:
    """The digest of every snapshot, derived from the log that this site holds."""
    race, digests = Race(epoch), {}
    async with contextlib.aclosing(LogReader(bus).follow(epoch, 0)) as batches:
        async for batch in batches:
            for entry in batch:
                snapshot = race.apply(entry).snapshot
                if snapshot is not None:
                    digests[snapshot.sequence] = snapshot.digest
            if batch[-1].sequence >= last:
                return digests
    raise AssertionError("the log ended")


async def test_a_mirror_gives_the_same_digests_as_its_origin(sites: ThreeSites):
    writer = await sites.truck.bus("ingest")
    records = race_records(SEED, SECONDS)
    async with sites.watchdog(sites.amsterdam) as watchdog:
        await write_log(writer, START_MS, records)
        await found(watchdog, stream_of(START_MS), MirrorState.FOLLOWING)
        truck, region = await sites.truck.bus("positioning"), await sites.amsterdam.bus("positioning")
        origin = await digests(truck, START_MS, len(records))
        mirror = await digests(region, START_MS, len(records))
        assert await LogReader(region).epochs() == [START_MS]
        await truck.close()
        await region.close()
    await writer.close()
    assert len(origin) > SECONDS
    assert mirror == origin
