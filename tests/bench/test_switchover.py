"""How long nothing is written when the primary changes region: bare Patroni against ours, in the same run."""

import asyncio
import contextlib
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from ardoise.chassis.bus import Bus
from ardoise.positioning.rows import Derived
from ardoise.positioning.store import RaceStore
from ardoise.up.patroni import TTL_S
from ardoise.up.programs import Programs

from tests.support.nats import NatsServer
from tests.support.racelog import START_MS, connect, race_records, write_log
from tests.support.stretched import REGIONS, Stretched, recording

SWITCHOVERS = 5
OVER_BARE_S = 0.5
OVER_LEASE_S = 2.0
LOG_SECONDS = 3_600
WRITE_EVERY_S = 0.02


@dataclass(frozen=True)
class Write:
    """A commit that was acknowledged."""

    at_s: float
    site: str


def pause_s(writes: Sequence[Write], old: str, new: str) -> float:
    """From the last write on the old primary to the first on the new."""
    first = next(number for number, write in enumerate(writes) if write.site == new)
    assert all(write.site == new for write in writes[first:]), f"{old} wrote after {new}"
    return writes[first].at_s - writes[first - 1].at_s


async def switch(cluster: Stretched, writes: list[Write]) -> float:
    """One planned switchover, and the pause that it makes."""
    await cluster.until(cluster.both_synchronous)
    old = await cluster.primary()
    (new,) = set(REGIONS) - {old}
    # Until all of the last one is quiet.
    writes.clear()
    await written(cluster, writes, old)
    await cluster.switch(new)
    await written(cluster, writes, new)
    return pause_s(list(writes), old, new)


async def written(cluster: Stretched, writes: list[Write], site: str) -> None:
    async def yes() -> bool:
        return any(write.site == site for write in list(writes))

    await cluster.until(yes)


def insert(cluster: Stretched, writes: list[Write], stop: threading.Event) -> None:
    """What anybody's client does: both hosts in the URL, connects again at once."""
    url = cluster.url(*REGIONS) + "&target_session_attrs=read-write&connect_timeout=3"
    sites = {host: site for site, host in cluster.hosts.items()}
    while not stop.is_set():
        with contextlib.suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as session:
            session.execute("SET synchronous_commit = local")
            session.execute("CREATE TABLE IF NOT EXISTS bench (n bigserial)")
            while not stop.is_set():
                session.execute("INSERT INTO bench DEFAULT VALUES")
                writes.append(Write(time.monotonic(), sites[session.info.host]))
                time.sleep(WRITE_EVERY_S)
        time.sleep(WRITE_EVERY_S)


async def bare(directory: Path, programs: Programs) -> list[float]:
    """Patroni alone, with one client."""
    writes: list[Write] = []
    stop = threading.Event()
    async with Stretched(directory, programs) as cluster:
        client = threading.Thread(target=insert, args=(cluster, writes, stop))
        client.start()
        try:
            return [await switch(cluster, writes) for _ in range(SWITCHOVERS)]
        finally:
            stop.set()
            await asyncio.to_thread(client.join)


async def grow(bus: Bus) -> None:
    """A log that goes on."""
    for record in race_records(1, LOG_SECONDS):
        await bus.js.publish(f"log.{START_MS}.test", record)
        await asyncio.sleep(WRITE_EVERY_S)


@pytest.mark.timeout(900)
async def test_a_switchover_and_a_lost_region_pause_the_recorder_hardly_longer_than_patroni_alone(
    programs: Programs, tmp_path: Path, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
):
    bare_s = await bare(tmp_path / "bare", programs)

    writes: list[Write] = []
    write = RaceStore.write

    async def noted(
        store: RaceStore, epoch: int, after: int, batch: Sequence[Derived], *, here: bool = False
    ) -> None:
        await write(store, epoch, after, batch, here=here)
        writes.append(Write(time.monotonic(), sites[id(store)]))

    monkeypatch.setattr(RaceStore, "write", noted)
    sites: dict[int, str] = {}
    bus = await connect(nats_server.url)
    await write_log(bus, START_MS, race_records(1, 5))
    async with (
        Stretched(tmp_path / "ours", programs, dict.fromkeys(REGIONS, nats_server.url)) as cluster,
        contextlib.AsyncExitStack() as recorders,
    ):
        alive: dict[str, contextlib.AsyncExitStack] = {}
        for site in REGIONS:
            alive[site] = await recorders.enter_async_context(contextlib.AsyncExitStack())
            recorder = await alive[site].enter_async_context(recording(cluster, bus, site, START_MS))
            sites[id(recorder._store)] = site
        growing = asyncio.create_task(grow(bus))
        ours_s = [await switch(cluster, writes) for _ in range(SWITCHOVERS)]

        await cluster.until(cluster.both_synchronous)
        lost = await cluster.primary()
        (left,) = set(REGIONS) - {lost}
        writes.clear()
        await written(cluster, writes, lost)
        await asyncio.gather(cluster.kill(lost), alive[lost].aclose())
        await written(cluster, writes, left)
        lost_s = pause_s(list(writes), lost, left)
        growing.cancel()
        await asyncio.wait({growing})
    await bus.close()

    bare_median_s, ours_median_s = statistics.median(bare_s), statistics.median(ours_s)
    print(
        f"\nswitchover, last write to first: bare Patroni {bare_median_s:.2f} s {rounded(bare_s)},"
        f" ours {ours_median_s:.2f} s {rounded(ours_s)}; region lost: {lost_s:.1f} s, lease {TTL_S} s"
    )
    assert ours_median_s <= bare_median_s + OVER_BARE_S
    assert lost_s <= TTL_S + OVER_LEASE_S


def rounded(times_s: Sequence[float]) -> list[float]:
    return [round(each, 2) for each in times_s]
