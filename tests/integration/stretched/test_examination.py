"""What the hook finds out before it decides, from a real database, a real mirror and a real truck behind a leaf."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import Role
from ardoise.chassis.log import stream_of
from ardoise.chassis.postgres import DATABASE, USER, EmbeddedPostgres
from ardoise.chassis.settings import CommonSettings
from ardoise.sites.before_promotion import examine
from ardoise.sites.guard import Verdict
from ardoise.sites.hook_settings import HookSettings
from ardoise.sites.stream_list import StreamLists
from ardoise.up.programs import Programs
from nats.js.api import StreamConfig

from tests.support.databases import SETTINGS
from tests.support.nats import NatsServer
from tests.support.racelog import connect
from tests.support.site import Site
from tests.support.stretched import hold_log

EPOCH = 1_783_000_000_000
RECORDED = 10


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres", **SETTINGS)
    server.start()
    with psycopg.connect(server.url, autocommit=True) as session:
        session.execute("CREATE TABLE watermark (epoch bigint PRIMARY KEY, sequence bigint)")
        session.execute("INSERT INTO watermark VALUES (%s, %s)", [EPOCH, RECORDED])
    yield server
    server.stop()


@pytest.fixture
async def london_and_truck(
    tmp_path: Path, free_port: Callable[[], int]
) -> AsyncIterator[tuple[Bus, Bus, NatsServer]]:
    """The region, the truck as a leaf of it, and the truck's server."""
    leaves = free_port()
    london = NatsServer(tmp_path / "london", server("london", tmp_path, f"listen: 127.0.0.1:{leaves}"))
    remote = f'remotes: [{{ url: "nats-leaf://127.0.0.1:{leaves}" }}]'
    truck = NatsServer(tmp_path / "truck", server("truck", tmp_path, remote))
    london.start()
    truck.start()
    buses = await connect(london.url), await connect(truck.url)
    yield *buses, truck
    for bus in buses:
        await bus.nc.close()  # the truck's may have no server any more
    truck.stop()
    london.stop()


def server(name: str, directory: Path, leaves: str) -> str:
    jetstream = f'jetstream {{ store_dir: "{directory / name / "store"}", domain: {name} }}'
    return f"server_name: {name}\n{jetstream}\nleafnodes {{ {leaves} }}"


@pytest.fixture
def settings(postgres: EmbeddedPostgres, programs: Programs, london_and_truck) -> HookSettings:
    return HookSettings(
        site="london",
        truck="truck",
        nats_url=london_and_truck[0].nc.connected_url.geturl(),
        identity_dir="",
        state_dir="",
        postgres_bin=str(programs.postgres_bin),
        data="",
        sockets=str(postgres.directory / "socket"),
        database=DATABASE,
        superuser=USER,
        rewinder="",
    )


async def test_a_mirror_that_goes_on_from_the_watermark_is_enough(settings: HookSettings, london_and_truck):
    london, _, truck = london_and_truck
    await hold_log(london, EPOCH, 1, RECORDED)
    truck.stop()
    began = time.monotonic()
    assert (await asyncio.to_thread(examine, settings)).verdict is Verdict.LOSS_FREE
    assert time.monotonic() - began < 1.0, "the truck was asked"


async def test_a_mirror_that_is_behind_is_made_up_for_by_the_truck(settings: HookSettings, london_and_truck):
    london, truck, server = london_and_truck
    await hold_log(london, EPOCH, 1, RECORDED - 5)
    await hold_log(truck, EPOCH, RECORDED + 1, RECORDED + 20)
    assert (await asyncio.to_thread(examine, settings)).verdict is Verdict.LOSS_FREE
    server.stop()
    promotion = await asyncio.to_thread(examine, settings)
    assert promotion.verdict is Verdict.UNKNOWN
    assert promotion.reasons == [
        f"epoch {EPOCH}: the mirror ends at {RECORDED - 5}, before the watermark {RECORDED},"
        " and the truck cannot be asked"
    ]


async def test_an_epoch_that_the_database_has_not_begun_counts_from_its_first_message(
    settings: HookSettings, london_and_truck
):
    london, truck, _ = london_and_truck
    await hold_log(london, EPOCH, 1, RECORDED)
    await hold_log(london, EPOCH + 1, 3, 4)
    await hold_log(truck, EPOCH + 1, 2, 4)
    promotion = await asyncio.to_thread(examine, settings)
    assert promotion.epochs[EPOCH].verdict is Verdict.LOSS_FREE
    assert promotion.epochs[EPOCH + 1].verdict is Verdict.LOSS


async def test_without_an_answer_of_the_database_or_of_nats_all_is_unknown(
    settings: HookSettings, london_and_truck, postgres: EmbeddedPostgres
):
    await hold_log(london_and_truck[0], EPOCH, 1, RECORDED)
    nowhere = replace(settings, nats_url="nats://127.0.0.1:1")
    assert (await asyncio.to_thread(examine, nowhere)).verdict is Verdict.UNKNOWN
    postgres.stop()
    assert (await asyncio.to_thread(examine, settings)).verdict is Verdict.UNKNOWN


async def test_logs_are_listed_with_a_certificate_and_within_its_holders_rights(site: Site):
    recorder = site.identity("recorder", Role.SERVICE)
    bus = await Bus.connect(site.settings(CommonSettings), "ingest")
    for epoch in range(300):  # more than a page
        config = StreamConfig(name=stream_of(EPOCH + epoch), subjects=[f"log.{epoch}"])
        await bus.js.add_stream(config)
    await bus.js.publish("log.0", b"")
    await bus.close()

    def ask() -> Mapping[int, tuple[int, int]]:
        with StreamLists(site.server.url, recorder.client_context(), "_INBOX_recorder", 5.0) as lists:
            return lists.logs("$JS.API")

    found = await asyncio.to_thread(ask)
    assert len(found) == 300
    assert (found[EPOCH], found[EPOCH + 299]) == ((1, 1), (1, 0))
