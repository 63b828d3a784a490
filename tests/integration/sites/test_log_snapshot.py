"""A region's copy of the log, and a truck that is given it: the same messages under the same numbers."""

import json
import os
from pathlib import Path

import nats.errors
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import Role
from ardoise.chassis.log import stream_of
from ardoise.sites.log_snapshot import NotCopied, restore_log, save_logs
from ardoise.sites.mirrors import MirrorState
from nats.js.api import DiscardPolicy, StorageType, StreamConfig

from tests.support.platform import Platform
from tests.support.three_sites import ThreeSites, found

EPOCH = 1_700_000_000_001
LOG = stream_of(EPOCH)
REFUSED_S = 0.5
# More than one chunk.
RECORDS, RECORD_BYTES = 40, 50_000


async def log_of_a_race(sites: ThreeSites) -> None:
    """The truck's, mirrored to Amsterdam."""
    ingest = await sites.truck.bus("ingest")
    await ingest.js.add_stream(
        StreamConfig(
            name=LOG,
            subjects=[f"log.{EPOCH}.>"],
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_bytes=100_000_000,
            deny_delete=True,
            deny_purge=True,
            allow_direct=True,
        )
    )
    for number in range(1, RECORDS + 1):
        # What no compression makes small.
        content = os.urandom(RECORD_BYTES)
        await ingest.js.publish(f"log.{EPOCH}.frame", content, headers={"number": str(number)})
    async with sites.watchdog(sites.amsterdam) as watchdog:
        await found(watchdog, LOG, MirrorState.FOLLOWING)
    await ingest.close()


async def messages(bus: Bus) -> list[tuple]:
    """Number, subject, headers, content, time of each."""
    state = (await bus.js.stream_info(LOG)).state
    read = [await bus.js.get_msg(LOG, seq=number) for number in range(state.first_seq, state.last_seq + 1)]
    return [(one.seq, one.subject, one.headers, one.data, one.time) for one in read]


async def test_a_truck_that_lost_everything_gets_its_log_back_from_a_regions_copy(
    sites: ThreeSites, tmp_path: Path
):
    await log_of_a_race(sites)
    sites.amsterdam.identity("backup", Role.SERVICE)
    backup, reader = await sites.amsterdam.bus("backup"), await sites.amsterdam.bus("positioning")
    assert await save_logs(backup, tmp_path / "logs") == {EPOCH: RECORDS}
    before = await messages(reader)
    await backup.close()
    await reader.close()

    truck = Platform(tmp_path / "new-truck")
    await truck.server.start()
    ingest = await truck.bus("ingest")
    assert await restore_log(ingest, LOG, tmp_path / "logs") == RECORDS
    assert await messages(ingest) == before
    config = (await ingest.js.stream_info(LOG)).config
    assert (config.mirror, config.subjects) == (None, [f"log.{EPOCH}.>"])
    assert (config.deny_delete, config.deny_purge, config.discard) == (True, True, DiscardPolicy.NEW)
    # It goes on where it was.
    assert (await ingest.js.publish(f"log.{EPOCH}.frame", b"later")).seq == RECORDS + 1
    with pytest.raises(NotCopied, match="already"):
        await restore_log(ingest, LOG, tmp_path / "logs")
    await ingest.close()
    await truck.server.stop()


async def test_a_copy_that_lost_a_piece_is_refused(sites: ThreeSites, tmp_path: Path):
    await log_of_a_race(sites)
    sites.amsterdam.identity("backup", Role.SERVICE)
    backup = await sites.amsterdam.bus("backup")
    await save_logs(backup, tmp_path / "logs")
    await backup.close()
    file = tmp_path / "logs" / f"{LOG}.snapshot"
    file.write_bytes(file.read_bytes()[: 3 * file.stat().st_size // 4])

    truck = Platform(tmp_path / "new-truck")
    await truck.server.start()
    ingest = await truck.bus("ingest")
    with pytest.raises(NotCopied):
        await restore_log(ingest, LOG, tmp_path / "logs")
    await ingest.close()
    await truck.server.stop()


async def test_who_copies_can_neither_write_nor_read_single_messages(sites: ThreeSites):
    await log_of_a_race(sites)
    sites.amsterdam.identity("backup", Role.SERVICE)
    backup = await sites.amsterdam.bus("backup")
    for subject, content in (
        (f"$JS.API.STREAM.MSG.GET.{LOG}", {"seq": 1}),
        (f"$JS.API.STREAM.DELETE.{LOG}", {}),
        ("$JS.API.STREAM.CREATE.MINE", {"name": "MINE", "subjects": ["mine"]}),
        (f"$JS.API.STREAM.RESTORE.{LOG}", {"config": {"name": LOG}}),
    ):
        with pytest.raises(nats.errors.Error):
            await backup.nc.request(subject, json.dumps(content).encode(), timeout=REFUSED_S)
    await backup.close()
