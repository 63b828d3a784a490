"""Phones by MQTT at the truck of three sites: what its nats-server is told by `ardoise sites up`, and in a pod."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.nats_server import NatsServer
from ardoise.chassis.phones import Phones, passwords_of
from ardoise.sites.topology import SiteKind
from ardoise.trackers.domain.sources import sources_of
from ardoise.up import site as one_site
from ardoise.up.site import OneSite, reachable
from ardoise.up.three_sites import SITES, topology
from cryptography import x509

from tests.support.broker import PHONE, Phone, location

HERE = "127.0.0.1"
TOPIC = f"owntracks/{PHONE}"
PUBLIC = "phones.example.org"


def truck(tmp_path: Path, phones: str) -> OneSite:
    """The truck of three sites, all of whose servers are away but the one that is started."""
    network = SimpleNamespace(addresses=dict(zip(SITES, (HERE, "127.0.0.2", "127.0.0.3"), strict=True)))
    all_sites = topology(network.addresses)
    return OneSite(all_sites.edge, all_sites, tmp_path / "sites.yaml", tmp_path, network, None, None, phones)


async def test_the_phones_that_are_named_come_to_the_truck_of_sites_up_and_its_gateway_reads_them(
    tmp_path: Path, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("ARDOISE_SOURCES", raising=False)
    for server in ("nats", "mqtt"):
        monkeypatch.setitem(one_site.PORTS, server, free_port())
    monkeypatch.setitem(one_site.HEALTH_PORTS, "nats", free_port())
    site = truck(tmp_path, "anne,ben")
    (nats,) = site._nats()
    *_, source = sources_of(site._environment("trackers")["ARDOISE_SOURCES"])
    passwords = {
        name: (tmp_path / "truck" / "disk" / "nats" / "phones" / f"{name}.password").read_text().strip()
        for name in ("anne", "ben")
    }
    of_gateway, ca = (
        Path(source.options["password_file"]).read_text().strip(),
        Path(source.options["ca_file"]),
    )
    server = await asyncio.create_subprocess_exec(*nats.command(), stderr=asyncio.subprocess.DEVNULL)
    try:
        await nats.ready()
        async with (
            Phone(source.address, source.options["user"], of_gateway, "gateway", ca) as gateway,
            Phone(source.address, "anne", passwords["anne"], "otx-anne", ca) as anne,
            Phone(source.address, "ben", passwords["anne"], "otx-ben", ca) as stranger,
        ):
            assert (gateway.refused, anne.refused, stranger.refused) == ("", "", "Not authorized")
            assert await gateway.subscribe("owntracks/+/+")
            sent = location()
            await anne.publish(TOPIC, sent)
            assert await gateway.told() == (TOPIC, sent)
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.terminate()
        await server.wait()


async def test_nobody_comes_by_mqtt_to_sites_up_unless_phones_are_named(tmp_path: Path):
    site = truck(tmp_path, "")
    assert "mqtts" not in site._environment("trackers")["ARDOISE_SOURCES"]
    (nats,) = site._nats()
    nats.command()
    assert "mqtt {" not in (tmp_path / "truck" / "disk" / "nats" / "nats-server.conf").read_text()
    for kind in SiteKind:
        assert "mqtt" not in reachable(kind, "")
        assert ("mqtt" in reachable(kind, "anne")) == (kind is SiteKind.EDGE)


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """A certificate of another CA, for the name that phones call."""
    made = ensure_development_identity(tmp_path / "public", "page", Role.SERVICE, hosts=[PUBLIC])
    directory = tmp_path / "shown"
    directory.mkdir()
    (directory / "tls.crt").write_bytes(made.certificate.read_bytes())
    (directory / "tls.key").write_bytes(made.key.read_bytes())
    return directory


async def test_phones_are_shown_their_certificate_and_the_gateway_nats_servers_own(
    tmp_path: Path, shown: Path, free_port: Callable[[], int]
):
    own = ensure_development_identity(tmp_path / "own", "nats", Role.SERVICE, hosts=["ardoise-phones"])
    phones = Phones(f"{HERE}:{free_port()}", passwords_of(tmp_path / "phones", ("anne",)), shown)
    server = NatsServer(tmp_path / "nats", identity=own, phones=phones)
    await server.start()
    try:
        by_name = {
            name: await certificate_at(phones.listen, name) for name in (PUBLIC, "ardoise-phones", None)
        }
        public, mine = (file.read_bytes() for file in (shown / "tls.crt", own.certificate))
        expected = {PUBLIC: public, "ardoise-phones": mine, None: public}
        assert by_name == {name: x509.load_pem_x509_certificate(pem) for name, pem in expected.items()}
    finally:
        await server.stop()


async def certificate_at(listen: str, name: str | None) -> x509.Certificate:
    """What is shown to whoever calls by a name; None: by an address."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, _, port = listen.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname=name or host)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der)
