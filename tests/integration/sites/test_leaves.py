"""What crosses between the truck and its regions, and who may make it cross."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable

import nats.errors
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.mirror import mirror_config
from ardoise.chassis.nats_config import RACE, Leaves
from ardoise.chassis.nats_server import NatsServer
from ardoise.chassis.settings import CommonSettings
from ardoise.positioning.oddities import Oddities
from nats.js.api import StreamConfig

from tests.support.three_sites import ThreeSites, until

LIMIT_S = 20
REFUSED_S = 0.4
LOG = StreamConfig(name="LOG_1", subjects=["log.1.>"], deny_delete=True, deny_purge=True)


async def joined(bus: Bus, other: str) -> None:
    """Until the other site's API answers over the leaf."""
    await until(lambda: answers(bus, other))


async def answers(bus: Bus, other: str) -> bool:
    await bus.nc.jetstream(domain=other, timeout=1).streams_info_iterator()
    return True


@contextlib.asynccontextmanager
async def buses(sites: ThreeSites, name: str):
    """One connection as this holder at each site."""
    opened = [await site.bus(name) for site in (sites.truck, sites.amsterdam, sites.london)]
    yield opened
    for bus in opened:
        await bus.close()


async def write_log(bus: Bus, count: int) -> None:
    for number in range(count):
        await bus.js.publish("log.1.beat", b"%d" % number)


async def count(bus: Bus, stream: str) -> int:
    return (await bus.js.stream_info(stream)).state.messages


async def test_a_subject_bound_at_all_sites_is_stored_only_where_it_was_said(sites: ThreeSites):
    async with buses(sites, "positioning") as opened, buses(sites, "sites") as watchers:
        await joined(watchers[1], "truck")
        await joined(watchers[2], "truck")
        for bus in opened:
            await Oddities(bus).prepare()
        for number, bus in enumerate(opened):
            for _ in range(number + 1):
                await bus.js.publish("oddity.teleport", b"")
        # What had crossed would be there before the answer to a later question over the same leaf.
        for watcher in watchers[1:]:
            await answers(watcher, "truck")
        assert [await count(bus, "ODDITIES") for bus in opened] == [1, 2, 3]


async def test_nothing_passes_from_one_region_to_the_other(sites: ThreeSites):
    async with buses(sites, "sites") as (_, amsterdam, london):
        await joined(amsterdam, "truck")
        await joined(london, "truck")
        heard = []

        async def listen(message) -> None:
            heard.append(message.subject)

        await london.nc.subscribe("_INBOX_sites.>", cb=listen)
        await london.nc.flush()
        await answers(london, "truck")
        await amsterdam.nc.publish("_INBOX_sites.greeting", b"")
        with pytest.raises((nats.errors.Error, nats.js.errors.APIError, TimeoutError)):
            await answers(amsterdam, "london")
        await answers(london, "truck")
        assert not [subject for subject in heard if "greeting" in subject]


async def test_a_region_cannot_write_the_trucks_log_nor_delete_it(sites: ThreeSites, tmp_path, free_port):
    """Even with a server of its own making, which lets it say whatever it likes."""
    port = free_port()
    wicked = reconfigured(
        NatsServer(
            tmp_path / "wicked",
            site="wicked",
            identity=sites.truck.identity("nats", Role.SERVICE),
            leaves=Leaves(listen=f"127.0.0.1:{port}"),
        ),
        # No accounts, no permissions: everybody may say everything.
        lambda text: text[: text.index("accounts ")].replace("verify_and_map", "verify"),
    )
    await wicked.start()
    truck = NatsServer(
        tmp_path / "victim",
        identity=sites.truck.identity("nats", Role.SERVICE),
        leaves=Leaves(
            regions=(f"127.0.0.1:{port}",), identities={RACE: sites.truck.identity("leaf", Role.SERVICE)}
        ),
    )
    await truck.start()
    inside = await Bus.connect(settings(sites, truck.url), "ingest")
    await inside.js.add_stream(LOG)
    await write_log(inside, 3)
    region = await nats.connect(wicked.url, tls=sites.truck.identity("nats", Role.SERVICE).client_context())
    far = region.jetstream(domain="truck", timeout=1)
    await until(lambda: far.stream_info("LOG_1"))
    await region.publish("log.1.beat", b"forged")
    for verb in ("DELETE", "PURGE", "UPDATE"):
        with pytest.raises((nats.errors.Error, TimeoutError)):
            await region.request(f"$JS.truck.API.STREAM.{verb}.LOG_1", b"{}", timeout=REFUSED_S)
    assert (await far.stream_info("LOG_1")).state.last_seq == 3
    await region.close()
    await inside.close()
    await truck.stop()
    await wicked.stop()


async def test_strangers_are_refused_at_the_leaf_port(sites: ThreeSites, tmp_path):
    stranger = ensure_development_identity(tmp_path / "elsewhere", "leaf", Role.SERVICE)
    service = sites.truck.identity("positioning", Role.SERVICE)
    port = sites.leaf_ports["amsterdam"]
    for known in (ssl.create_default_context(), stranger.client_context()):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await join(port, known)
    with pytest.raises(ConnectionError, match="Authorization"):
        await join(port, service.client_context())
    assert b"PING" in await join(port, sites.truck.identity("leaf", Role.SERVICE).client_context())


async def test_a_leafs_certificate_is_no_clients(sites: ThreeSites):
    for site in (sites.truck, sites.amsterdam):
        with pytest.raises(nats.errors.Error):
            await nats.connect(
                site.server.url,
                tls=site.identity("leaf", Role.SERVICE).client_context(),
                allow_reconnect=False,
                connect_timeout=LIMIT_S,
            )


async def test_a_leafs_certificate_writes_no_log_at_a_region(sites: ThreeSites, tmp_path):
    """A log of the region's own would be the worst case: mirrors bind no subject at all."""
    leaves = Leaves(
        regions=(f"127.0.0.1:{sites.leaf_ports['amsterdam']}",),
        identities={RACE: sites.truck.identity("leaf", Role.SERVICE)},
    )
    identity = sites.truck.identity("nats", Role.SERVICE)
    rogue = reconfigured(
        NatsServer(tmp_path / "rogue", site="rogue", identity=identity, leaves=leaves),
        lambda text: re.sub(r", deny_imports: \[.*?\]", "", text),
    )
    await rogue.start()
    watcher = await sites.amsterdam.bus("sites")
    await watcher.js.add_stream(LOG)
    ingest = await Bus.connect(settings(sites, rogue.url), "ingest")
    far = ingest.nc.jetstream(domain="amsterdam", timeout=1)
    await until(lambda: far.stream_info("LOG_1"))
    await ingest.nc.publish("log.1.beat", b"forged")
    for verb in ("DELETE", "PURGE", "UPDATE", "CREATE"):
        with pytest.raises((nats.errors.Error, TimeoutError)):
            await ingest.nc.request(f"$JS.amsterdam.API.STREAM.{verb}.LOG_1", b"{}", timeout=REFUSED_S)
    assert (await far.stream_info("LOG_1")).state.last_seq == 0
    await ingest.close()
    await watcher.close()
    await rogue.stop()


async def test_plaintext_sites_mirror_too(tmp_path, free_port):
    port = free_port()
    region = NatsServer(tmp_path / "region", site="london", leaves=Leaves(listen=f"127.0.0.1:{port}"))
    truck = NatsServer(tmp_path / "truck", leaves=Leaves(regions=(f"127.0.0.1:{port}",)))
    await region.start()
    await truck.start()
    plain = [CommonSettings(plaintext=True, nats_url=server.url) for server in (truck, region)]
    origin, mirror = [await Bus.connect(settings, "ingest") for settings in plain]
    await origin.js.add_stream(LOG)
    await write_log(origin, 5)
    await mirror.js.add_stream(mirror_config(await origin.js.stream_info("LOG_1"), "truck"))

    async def all_there() -> bool:
        return await count(mirror, "LOG_1") == 5

    await until(all_there, 60)
    await origin.close()
    await mirror.close()
    await truck.stop()
    await region.stop()


def reconfigured(server: NatsServer, change: Callable[[str], str]) -> NatsServer:
    """The server with another configuration than ours."""
    command, config = server.command(), server.directory / "nats-server.conf"
    text = config.read_text()
    assert change(text) != text
    config.write_text(change(text))
    server.command = lambda: command
    return server


def settings(sites: ThreeSites, url: str) -> CommonSettings:
    return CommonSettings(identity_dir=sites.truck.identity_dir, nats_url=url)


async def join(port: int, known: ssl.SSLContext) -> bytes:
    """Says what a leaf says first; what the region answered. Raises ConnectionError with its refusal."""
    known.check_hostname, known.verify_mode = False, ssl.CERT_NONE
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            assert (await reader.readline()).startswith(b"INFO")
            await writer.start_tls(known)
            writer.write(b'CONNECT {"server_id":"X","name":"X","proto":1,"jetstream":true}\r\nPING\r\n')
            said = b""
            while b"PING" not in said:
                if not (line := await reader.readline()):
                    raise ConnectionError(f"closed: {said.decode()}")
                said += line
                if line.startswith(b"-ERR"):
                    raise ConnectionError(line.decode())
            return said
        finally:
            writer.close()
            with contextlib.suppress(Exception):
                await writer.wait_closed()
