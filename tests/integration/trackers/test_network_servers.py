"""LoRaWAN trackers, from the broker of somebody else's network server to the log."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.domain.numbers import tracker_of

from tests.support.broker import Broker, Phone
from tests.support.nats import NatsServer as PlainServer
from tests.support.platform import activate
from tests.support.stage import stage_with

DEVICE = "0101010101010101"
FIRST_S = 1_783_252_800
UNDECODED = "qgG2BA=="
"""A payload, in base64, of a device whose codec nobody has set."""


def time_of(second: int) -> str:
    return datetime.fromtimestamp(FIRST_S + second, UTC).isoformat()


def chirpstack(second: int, latitude: float | None = 45.0) -> tuple[str, dict]:
    """Topic and body of an uplink, as ChirpStack 4 publishes it. None: without a codec."""
    said = {"object": {"latitude": latitude, "longitude": 5.01}} if latitude else {}
    body = {"time": time_of(second), "deviceInfo": {"devEui": DEVICE}, "data": UNDECODED, **said}
    return f"application/17c8/device/{DEVICE}/event/up", body


def things_stack(second: int, latitude: float | None = 45.0) -> tuple[str, dict]:
    """The same of The Things Stack, its codec CayenneLPP."""
    place = {"gps_1": {"latitude": latitude, "longitude": 5.01, "altitude": 200}}
    said = {"decoded_payload": place} if latitude else {}
    body = {
        "end_device_ids": {"device_id": "bike-7", "dev_eui": DEVICE},
        "uplink_message": {"received_at": time_of(second), "frm_payload": UNDECODED, **said},
    }
    return "v3/bikes@race/devices/bike-7/up", body


@pytest.fixture
def server(tmp_path: Path, free_port) -> Iterator[tuple[PlainServer, str]]:
    """The network server's broker, and where it listens."""
    listen = f"127.0.0.1:{free_port()}"
    server = PlainServer(tmp_path / "lora", f'server_name: lora\nmqtt {{ listen: "{listen}" }}')
    server.start()
    yield server, listen
    server.stop()


@pytest.mark.parametrize(("decoder", "uplink"), [("chirpstack", chirpstack), ("ttn", things_stack)])
async def test_an_uplink_comes_to_the_log_one_that_says_nothing_is_counted_and_a_killed_broker_is_come_back_to(
    broker: Broker,
    free_port,
    server: tuple[PlainServer, str],
    decoder: str,
    uplink: Callable[..., tuple[str, dict]],
):
    network_server, listen = server
    ingest_port = free_port()

    async def says(second: int, *latitude: float | None) -> None:
        topic, body = uplink(second, *latitude)
        async with Phone(listen, "", "", "network-server") as network:
            await network.publish(topic, json.dumps(body).encode())

    async with broker.platform.ingest(ingest_port):
        epoch = await activate(broker.platform, ingest_port, stage_with((decoder, DEVICE)))
        async with broker.gateway(free_port, ingest_port, f"{decoder}=mqtt://{listen}"):
            await says(0)
            tracker = tracker_of(decoder, DEVICE)
            assert await broker.fixes(epoch, 1) == [(tracker, FIRST_S * 1000)]
            await says(1, None)
            await says(2, 95.0)
            refused = await broker.refused(2)
            assert {(record.reason, record.count) for record in refused} == {
                (RefusalReason.REFUSAL_REASON_MALFORMED, 1),
                (RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION, 1),
            }
            assert {record.source for record in refused} == {f"tracker-{decoder}"}
            network_server.kill()
            network_server.start()
            await says(3)
            assert (await broker.fixes(epoch, 2))[1:] == [(tracker, (FIRST_S + 3) * 1000)]
