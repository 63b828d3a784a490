"""Mirrors come by themselves; what goes wrong with one is found, said, and repaired where nothing is lost by it."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Mapping

import nats.errors
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.log import stream_of
from ardoise.sites import watchdog
from ardoise.sites.app import TEAMS_IDENTITY
from ardoise.sites.mirrors import MirrorState
from ardoise.sites.stagger import Elsewhere
from ardoise.sites.watchdog import Watchdog
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from tests.support.platform import activate
from tests.support.three_sites import ThreeSites, found, until

EPOCH = 1_700_000_000_001
LOG = stream_of(EPOCH)
REPAIRED_S = 10
"""Half a minute before nats-server would have come to it by itself."""
REFUSED_S = 0.5
FOUND_S = 30
"""What is promised: a mirror that is wrong is found within this time."""


async def make_log(bus: Bus, first: int = 1) -> None:
    await bus.js.add_stream(
        StreamConfig(
            name=LOG,
            subjects=[f"log.{EPOCH}.>"],
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_bytes=1_000_000,
            first_seq=first if first > 1 else None,
            deny_delete=True,
            deny_purge=True,
            allow_direct=True,
        )
    )


async def write(bus: Bus, *contents: str) -> None:
    for content in contents:
        await bus.js.publish(f"log.{EPOCH}.beat", content.encode())


def numbered(first: int, last: int, word: str = "record") -> list[str]:
    return [f"{word} {number}" for number in range(first, last + 1)]


async def contents(bus: Bus, stream: str = LOG) -> list[str]:
    state = (await bus.js.stream_info(stream)).state
    found = []
    for sequence in range(state.first_seq, state.last_seq + 1):
        found.append((await bus.js.get_msg(stream, seq=sequence)).data.decode())
    return found


@contextlib.asynccontextmanager
async def mirrored(sites: ThreeSites, count: int = 10):
    """A log of so many records, mirrored in Amsterdam: (the truck's connection, Amsterdam's, its watchdog)."""
    truck, region = await sites.truck.bus("ingest"), await sites.amsterdam.bus("sites")
    await make_log(truck)
    await write(truck, *numbered(1, count))
    async with sites.watchdog(sites.amsterdam) as watchdog:
        await level(watchdog, count)
        yield truck, region, watchdog
    await truck.close()
    await region.close()


async def level(watchdog, last: int, within_s: float = FOUND_S) -> None:
    async def there() -> bool:
        return (await found(watchdog, LOG, MirrorState.FOLLOWING)).mirror_last == last

    async with asyncio.timeout(within_s):
        await until(there, within_s)


async def test_every_log_has_its_mirror_in_both_regions_within_seconds(sites: ThreeSites, free_port):
    port = free_port()
    async with sites.truck.ingest(port), contextlib.AsyncExitStack() as stack:
        watchdogs = [
            await stack.enter_async_context(sites.watchdog(region)) for region in sites.regions.values()
        ]
        for watchdog in watchdogs:
            await found(watchdog, "REFUSED", MirrorState.FOLLOWING)
        epoch = await activate(sites.truck, port)
        began = time.monotonic()
        for watchdog in watchdogs:
            await found(watchdog, stream_of(epoch), MirrorState.FOLLOWING)
        assert time.monotonic() - began < 10
        for watchdog in watchdogs:
            assert set(watchdog.newest.value.findings) == {stream_of(epoch), "REFUSED", "BIOMETRIC"}
            await found(watchdog, "BIOMETRIC", MirrorState.FOLLOWING)
        truck, region = await sites.truck.bus("ingest"), await sites.london.bus("sites")
        origin = (await truck.js.stream_info(stream_of(epoch))).config
        mirror = (await region.js.stream_info(stream_of(epoch))).config
        await truck.close()
        await region.close()
    assert not mirror.subjects
    for bound in ("max_bytes", "discard", "storage", "deny_delete", "deny_purge", "allow_direct"):
        assert getattr(mirror, bound) == getattr(origin, bound), bound


async def test_the_watchdog_sees_how_far_the_teams_log_goes_and_cannot_read_it(sites: ThreeSites):
    truck, region = await sites.truck.bus("biometrics"), await sites.london.bus(TEAMS_IDENTITY)
    await truck.js.add_stream(StreamConfig(name="BIOMETRIC", subjects=["bio.>"]))
    await truck.js.publish("bio.1.moto-1", b"171 beats a minute")
    async with sites.watchdog(sites.london) as watchdog:
        assert (await found(watchdog, "BIOMETRIC", MirrorState.FOLLOWING)).mirror_last == 1
        for context in (region.js, region.nc.jetstream(domain="truck"), region.nc.jetstream(domain="london")):
            with pytest.raises((nats.errors.Error, TimeoutError)):
                await asyncio.wait_for(context.get_msg("BIOMETRIC", seq=1), REFUSED_S)
    await truck.close()
    await region.close()


async def test_a_deleted_mirror_is_filled_again(sites: ThreeSites):
    async with mirrored(sites) as (_, region, watchdog):
        await region.js.delete_stream(LOG)
        await found(watchdog, LOG, MirrorState.REFILLING)
        await level(watchdog, 10)
        assert await contents(region) == numbered(1, 10)


@pytest.mark.slow
async def test_with_the_truck_away_nothing_is_said_to_be_level(sites: ThreeSites):
    async with mirrored(sites) as (truck, _, watchdog):
        await sites.truck.server.stop()
        finding = await found(watchdog, LOG, MirrorState.UNKNOWN)
        assert (finding.behind, finding.origin_last, finding.mirror_last) == (None, None, 10)
        await sites.truck.server.start()
        await until(lambda: wrote(truck, "record 11"))
        await level(watchdog, 11)


async def wrote(bus: Bus, content: str) -> bool:
    await write(bus, content)
    return True


@pytest.mark.slow
async def test_a_mirror_that_stands_still_is_found_and_repaired(sites: ThreeSites):
    """A region's nats-server asks for its mirror before the leaf is there, and then not again for 40 s (2.15)."""
    async with mirrored(sites) as (truck, region, watchdog):
        await sites.amsterdam.server.stop()
        await write(truck, *numbered(11, 20))
        await sites.amsterdam.server.start()
        back = time.monotonic()
        finding = await found(watchdog, LOG, MirrorState.STUCK)
        assert time.monotonic() - back < FOUND_S
        assert "10 behind" in finding.reason
        await level(watchdog, 20, within_s=REPAIRED_S)
        assert await contents(region) == numbered(1, 20)


@pytest.mark.slow
async def test_a_message_that_a_mirror_counts_and_cannot_read_is_found_and_filled_again(
    sites: ThreeSites, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watchdog, "QUIET_SAMPLE_EVERY_S", 0.0)
    async with mirrored(sites) as (_, region, watching):
        # It writes down what it holds as it stops, and does not read it again as it starts.
        await sites.amsterdam.server.stop()
        block = next(sites.amsterdam.server.directory.rglob(f"{LOG}/msgs/1.blk"))
        content = block.read_bytes()
        block.write_bytes(content.replace(b"record 5", b"recorD 5"))
        await sites.amsterdam.server.start()
        assert (await until(lambda: region.js.stream_info(LOG))).state.messages == 10
        with pytest.raises(NotFoundError):
            await region.js.get_msg(LOG, seq=5)

        async def whole() -> bool:
            return await contents(region) == numbered(1, 10)

        await until(whole, FOUND_S)
        await level(watching, 10)


@pytest.mark.slow
async def test_two_regions_whose_mirrors_stand_still_fill_them_again_one_after_the_other(sites: ThreeSites):
    """Both at once, and for that moment the truck would have the only copy."""
    truck = await sites.truck.bus("ingest")
    await make_log(truck)
    await write(truck, *numbered(1, 10))
    watchdogs: dict[str, Watchdog] = {}

    def from_outside(name: str, stream: str) -> Mapping[str, Elsewhere | None]:
        """What the other region's watchdog says."""
        (other,) = sites.regions.keys() - {name}
        newest = watchdogs[other].newest.value if other in watchdogs else None
        said = newest.findings.get(stream) if newest else None
        known = said is not None and said.mirror_last is not None
        return {other: Elsewhere(said.state, 1, said.mirror_last) if known else None}

    async with contextlib.AsyncExitStack() as stack:
        for name, region in sites.regions.items():
            others = functools.partial(from_outside, name)
            watchdogs[name] = await stack.enter_async_context(sites.watchdog(region, others=others))
        for watchdog in watchdogs.values():
            await level(watchdog, 10)
        for region in sites.regions.values():
            await region.server.stop()
        await write(truck, *numbered(11, 20))
        for region in sites.regions.values():
            await region.server.start()
        buses = [await region.bus("sites") for region in sites.regions.values()]
        fewest, ends = 10, [0, 0]
        async with asyncio.timeout(2 * FOUND_S):
            while min(ends) < 20:
                with contextlib.suppress(nats.errors.Error, TimeoutError):
                    ends = [await last_of(bus) for bus in buses]
                    fewest = min(fewest, max(ends))
        for bus in buses:
            await bus.close()
    await truck.close()
    assert fewest == 10, "at every moment a region had what both had before"


async def last_of(bus: Bus) -> int:
    try:
        return (await bus.js.stream_info(LOG)).state.last_seq
    except NotFoundError:
        return 0


@pytest.mark.slow
@pytest.mark.parametrize("same", [0, 6], ids=["from_its_beginning", "sequences_used_again"])
async def test_another_log_under_the_same_name_is_found_and_the_old_one_kept(sites: ThreeSites, same: int):
    """By its own word the mirror has lag 0 and no error; made anew, it would take what was acknowledged away."""
    async with mirrored(sites) as (truck, region, watchdog):
        await truck.js.delete_stream(LOG)
        await make_log(truck)
        await write(truck, *numbered(1, same), *numbered(same + 1, 12, "other"))
        again = time.monotonic()
        finding = await found(watchdog, LOG, MirrorState.DIVERGED)
        assert time.monotonic() - again < FOUND_S
        assert "not the truck's" in finding.reason
        await asyncio.wait_for(watchdog.newest.next(watchdog.newest.version, 5), 6)
        assert (await contents(region))[:10] == numbered(1, 10)


@pytest.mark.slow
async def test_a_stream_without_epochs_that_was_made_again_is_kept_aside_and_filled_anew(sites: ThreeSites):
    truck, region = await sites.truck.bus("ingest"), await sites.amsterdam.bus("sites")
    refused = StreamConfig(name="REFUSED", subjects=["refused.>"], max_bytes=1_000_000)
    async with sites.watchdog(sites.amsterdam) as watchdog:
        for word in ("old", "new"):
            await truck.js.add_stream(refused)
            for number in range(3):
                await truck.js.publish("refused.moto-1", f"{word} {number}".encode())
            await until(lambda word=word: begins(region, f"{word} 0"))
            if word == "old":
                await truck.js.delete_stream("REFUSED")
        await found(watchdog, "REFUSED", MirrorState.FOLLOWING)
        assert await contents(region, "ASIDE_REFUSED_1") == ["old 0", "old 1", "old 2"]
        assert (await region.js.stream_info("ASIDE_REFUSED_1")).config.mirror is None
    await truck.close()
    await region.close()


async def begins(region: Bus, content: str) -> bool:
    return (await contents(region, "REFUSED"))[:1] == [content]


@pytest.mark.slow
async def test_an_origin_that_lost_its_end_leaves_the_mirror_the_only_copy(sites: ThreeSites):
    async with mirrored(sites) as (truck, region, watchdog):
        await truck.js.delete_stream(LOG)
        await make_log(truck)
        await write(truck, *numbered(1, 4))
        finding = await found(watchdog, LOG, MirrorState.ORIGIN_SHRANK)
        assert (finding.origin_last, finding.mirror_last) == (4, 10)
        assert await contents(region) == numbered(1, 10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "state", "missing"),
    [(11, MirrorState.ORIGIN_RECREATED, None), (15, MirrorState.HOLE, (11, 14))],
    ids=["where_it_stopped", "beyond_it"],
)
async def test_an_origin_made_again_further_on_is_said_with_what_is_missing(
    sites: ThreeSites, first: int, state: MirrorState, missing: tuple[int, int] | None
):
    async with mirrored(sites) as (truck, region, watchdog):
        await truck.js.delete_stream(LOG)
        await make_log(truck, first)
        await write(truck, *numbered(first, first + 3))
        finding = await found(watchdog, LOG, state)
        assert finding.missing == missing
        assert [(await region.js.get_msg(LOG, seq=n)).data.decode() for n in (1, 10)] == [
            "record 1",
            "record 10",
        ]


async def test_a_log_that_is_gone_at_the_truck_is_kept_in_the_region(sites: ThreeSites):
    async with mirrored(sites) as (truck, region, watchdog):
        await truck.js.delete_stream(LOG)
        await found(watchdog, LOG, MirrorState.ORIGIN_GONE)
        await asyncio.wait_for(watchdog.newest.next(watchdog.newest.version, 5), 6)
        assert await contents(region) == numbered(1, 10)
