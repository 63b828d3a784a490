"""Positioning is killed and restarted: what it shows is what it would have shown."""

import asyncio
import contextlib
import random

import grpc
import pytest
from ardoise.chassis.log import LogReader
from ardoise.pb import race_pb2
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.positioning.consumer import CHECKPOINT_EVERY_MS
from ardoise.positioning.domain import Race

from tests.integration.positioning.conftest import Log, Process, until

SEED = 20260704
KILLS = 3
SECONDS = 140
LIMIT_S = 20


async def write_race(log: Log, chance: random.Random, first: int, last: int) -> None:
    """Three relays that hear some of the riders, some of it late."""
    for second in range(first, last):
        where = {bib: 8 * second + 3 * bib + chance.gauss(0, 3) for bib in range(1, 5)}
        for relay in range(3):
            heard = {bib: metres for bib, metres in where.items() if chance.random() < 0.6}
            if heard:
                await log.frame(second + 0.1 * relay, heard, relay=f"moto-{relay}")
        await log.beat(second + 0.9)


async def watch(process: Process, epoch: int, seen: dict[int, bytes]) -> None:
    """Notes the digest of every snapshot that is shown, until the process dies."""
    async with process.channel() as channel:
        request = race_pb2.WatchSnapshotsRequest(after=ResumeToken(epoch=epoch))
        with contextlib.suppress(grpc.aio.AioRpcError):
            async for update in RaceServiceStub(channel).WatchSnapshots(request):
                if update.HasField("snapshot"):
                    name = update.snapshot.name.sequence
                    assert seen.setdefault(name, update.snapshot.digest) == update.snapshot.digest


async def newest(process: Process) -> race_pb2.Snapshot:
    async with process.channel() as channel:
        return (await RaceServiceStub(channel).GetSnapshot(race_pb2.GetSnapshotRequest())).snapshot


async def replayed(platform, epoch: int, last: int) -> dict[int, bytes]:
    """Digests of every snapshot, derived from the log in one go, as fast as it can be read."""
    bus = await platform.bus("positioning")
    race, digests = Race(epoch), {}
    async with contextlib.aclosing(LogReader(bus).follow(epoch, 0)) as batches:
        async for batch in batches:
            for entry in batch:
                snapshot = race.apply(entry).snapshot
                if snapshot is not None:
                    digests[snapshot.sequence] = snapshot.digest
            if batch[-1].sequence >= last:
                break
    await bus.close()
    return digests


async def test_digests_shown_by_killed_and_restarted_processes_equal_those_of_a_replay(
    platform, log, positioning
) -> None:
    print("seed", SEED)
    chance = random.Random(SEED)
    await log.start()
    seen: dict[int, bytes] = {}
    watching = asyncio.create_task(watch(positioning, log.epoch, seen))
    for step in range(KILLS + 1):
        await write_race(
            log, chance, 1 + step * SECONDS // (KILLS + 1), 1 + (step + 1) * SECONDS // (KILLS + 1)
        )
        if step < KILLS:
            if step:
                await until(lambda: asyncio.sleep(0, positioning.checkpoints))
            await positioning.kill()
            await watching
            await positioning.start(PYTHONHASHSEED=str(step + 1))
            watching = asyncio.create_task(watch(positioning, log.epoch, seen))
    await until(lambda: _reached(positioning, log.last_sequence - 1))
    watching.cancel()
    replay = await replayed(platform, log.epoch, log.last_sequence)
    assert SECONDS * 1000 > 3 * CHECKPOINT_EVERY_MS
    assert len(replay) > SECONDS
    assert len(seen) > 2 * KILLS
    assert {name: replay[name] for name in seen} == seen


async def _reached(process: Process, sequence: int) -> bool:
    return (await newest(process)).name.sequence == sequence


async def test_a_restart_beside_a_silent_truck_shows_the_last_second_again(log, positioning) -> None:
    await log.start()
    for second in range(1, 40):
        await log.frame(second, {1: 10 * second})
    await until(lambda: _reached(positioning, log.last_sequence - 1))
    before = await newest(positioning)
    await positioning.kill()
    await positioning.start()
    await until(lambda: _reached(positioning, log.last_sequence - 1))
    assert (await newest(positioning)).digest == before.digest


async def test_a_stop_drains_and_ends_with_success(log, positioning) -> None:
    await log.start()
    await log.beat(1)
    await log.beat(3)
    await until(lambda: newest(positioning))
    async with positioning.channel() as channel:
        watching = RaceServiceStub(channel).WatchSnapshots(race_pb2.WatchSnapshotsRequest())
        await asyncio.wait_for(watching.read(), LIMIT_S)
        pending = asyncio.create_task(_read_to_the_end(watching))
        assert await positioning.terminate() == 0
        with pytest.raises(grpc.aio.AioRpcError):
            await asyncio.wait_for(pending, LIMIT_S)


async def _read_to_the_end(watching: grpc.aio.UnaryStreamCall) -> None:
    """A heartbeat may come before the end. Raises what the end says."""
    while await watching.read() is not grpc.aio.EOF:
        pass
