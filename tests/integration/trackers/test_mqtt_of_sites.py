"""Phones by MQTT at the truck of three sites: what its nats-server is told by `ardoise sites up`."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from ardoise.sites.topology import SiteKind
from ardoise.trackers.domain.sources import sources_of
from ardoise.up import site as one_site
from ardoise.up.site import OneSite, reachable
from ardoise.up.three_sites import SITES, topology

from tests.support.broker import PHONE, Phone, location

HERE = "127.0.0.1"
TOPIC = f"owntracks/{PHONE}"


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
