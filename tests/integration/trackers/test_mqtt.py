"""Phones that come by MQTT to the truck's own nats-server, and trackers at a broker of somebody else's."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from ardoise.chassis import phones as phones_of_nats
from ardoise.chassis.failpoints import VARIABLE
from ardoise.chassis.nats_server import NatsServer
from ardoise.chassis.phones import SOURCE, Phones, passwords_of
from ardoise.chassis.settings import host_and_port
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.pb.trackers_pb2 import ListDevicesRequest, ListSourcesRequest
from ardoise.pb.trackers_pb2_grpc import TrackerServiceStub
from ardoise.trackers.app import RELAY_ID
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.domain.numbers import tracker_of
from ardoise.trackers.domain.sources import sources_of
from ardoise.trackers.listening import mqtt
from ardoise.trackers.ports import port_of
from nacl.secret import SecretBox

from tests.support.broker import PHONE, POLL_S, STAGE, WAIT_S, Broker, Phone, location
from tests.support.platform import activate, serving
from tests.support.stage import stage_with

TOPIC = f"owntracks/{PHONE}"
ANNE, BEN = (tracker_of(SOURCE, device) for device in (PHONE, "ben/phone"))
EXIT_LIMIT_S = 40.0
PLACES = 4
KEEPALIVE_S = 4


async def test_a_phones_fix_comes_to_the_log_and_is_acknowledged(broker: Broker, race, free_port):
    port, epoch = race
    sent = location()
    async with broker.gateway(free_port, port, broker.source()), broker.phone() as phone:
        await phone.publish(TOPIC, sent)
        await phone.publish(TOPIC, b'{"_type":"lwt","tst":1}', retain=True)
        assert await broker.fixes(epoch, 1) == [(ANNE, json.loads(sent)["tst"] * 1000)]
        await phone.publish(TOPIC, location(1))
        assert len(await broker.fixes(epoch, 2)) == 2
        await broker.acknowledged()


async def test_the_gateway_is_ready_once_the_broker_keeps_what_comes(broker: Broker, free_port):
    (source,) = sources_of(broker.source())
    host, broker_port = host_and_port(source.address)
    reached, let_through = asyncio.Event(), asyncio.Event()

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await let_through.wait()
        there, back = await asyncio.open_connection(host, broker_port)
        await asyncio.gather(_copy(reader, back), _copy(there, writer), return_exceptions=True)

    async with await asyncio.start_server(held, "127.0.0.1", 0) as narrow:
        address = f"127.0.0.1:{narrow.sockets[0].getsockname()[1]}"
        port = port_of(replace(source, address=address), None, None, Limits())
        opening = asyncio.create_task(port.open())
        await asyncio.wait_for(reached.wait(), WAIT_S)
        for _ in range(3):
            await asyncio.sleep(0)
        assert not opening.done()
        let_through.set()
        await asyncio.wait_for(opening, WAIT_S)
        await port.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer):  # Where the other side resets the connection too.
        while chunk := await reader.read(4096):
            writer.write(chunk)


async def test_what_a_phone_retained_before_the_gateway_ever_came_is_taken(broker: Broker, race, free_port):
    port, epoch = race
    async with broker.phone() as phone:
        await phone.publish(TOPIC, location(), retain=True)
    async with broker.gateway(free_port, port, broker.source()):
        assert [tracker for tracker, _ in await broker.fixes(epoch, 1)] == [ANNE]


async def test_a_phone_may_write_as_itself_and_read_nothing(broker: Broker, race, free_port):
    port, epoch = race
    async with broker.gateway(free_port, port, broker.source()), broker.phone() as anne:
        async with broker.phone(password="guessed") as wrong, broker.phone("") as nobody:
            assert (wrong.refused, nobody.refused) == ("Not authorized", "Not authorized")
        assert not await anne.subscribe("owntracks/+/+")
        assert not await anne.subscribe("owntracks/anne/phone/cmd")
        assert not await anne.subscribe("#")
        for foreign in ("owntracks/ben/phone", f"log/{epoch}/fix/{RELAY_ID}", "$JS/API/STREAM/DELETE/LOG_1"):
            await anne.publish(foreign, location())
        await anne.publish(TOPIC, location(1))
        assert [tracker for tracker, _ in await broker.fixes(epoch, 1)] == [ANNE]
    assert anne.read == []


async def test_what_came_while_the_gateway_was_away_is_in_the_log_once_it_is_back(
    broker: Broker, race, free_port
):
    port, epoch = race
    async with broker.phone() as phone:
        async with broker.gateway(free_port, port, broker.source()):
            await phone.publish(TOPIC, location())
            await broker.fixes(epoch, 1)
        for second in range(1, 4):
            await phone.publish(TOPIC, location(second))
        async with broker.gateway(free_port, port, broker.source()):
            assert len(set(await broker.fixes(epoch, 4))) == 4


@pytest.mark.slow
async def test_a_gateway_killed_with_a_fix_that_is_not_in_the_log_has_not_acknowledged_it(
    broker: Broker, free_port
):
    ingest_port, port = free_port(), free_port()
    settings = broker.gateway_settings(port, ingest_port, broker.source())
    told = {f"ARDOISE_{name}".upper(): str(value) for name, value in settings.model_dump().items() if value}
    environment = {**os.environ, **told, VARIABLE: "mqtt_log_away"}
    # Ingest is away: the gateway has the message, waits for the log, and dies when it gives up for the first time.
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ardoise", "trackers", env=environment
    )
    try:
        async with broker.phone() as phone, broker.platform.channel(port, "director") as channel:
            await asyncio.wait_for(serving(port, channel), EXIT_LIMIT_S)
            await phone.publish(TOPIC, location())
            async with asyncio.timeout(EXIT_LIMIT_S):
                assert await gateway.wait() == -signal.SIGKILL
    finally:
        with contextlib.suppress(ProcessLookupError):
            gateway.kill()
        await gateway.wait()
    async with broker.platform.ingest(ingest_port):
        epoch = await activate(broker.platform, ingest_port, STAGE)
        async with broker.gateway(free_port, ingest_port, broker.source()):
            assert [tracker for tracker, _ in await broker.fixes(epoch, 1)] == [ANNE]


async def test_what_is_refused_is_counted_and_acknowledged(broker: Broker, race, free_port):
    port, _ = race
    async with broker.gateway(free_port, port, broker.source()), broker.phone() as phone:
        for body in (b"\xff{", location(lat=95), b"x" * 70_000):
            await phone.publish(TOPIC, body)
        found = await broker.refused(3)
        await broker.acknowledged()
    assert sorted((record.reason, record.count) for record in found) == [
        (RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION, 1),
        (RefusalReason.REFUSAL_REASON_MALFORMED, 1),
        (RefusalReason.REFUSAL_REASON_TOO_LARGE, 1),
    ]
    assert {record.peer for record in found} == {f"{broker.phones.listen}/owntracks/anne"}


async def test_more_than_a_phones_rate_that_waited_for_the_gateway_is_all_in_the_log(
    broker: Broker, race, free_port
):
    port, epoch = race
    limits = Limits(messages_hz=20.0, messages_at_once=20.0)
    async with broker.phone() as phone:
        async with broker.gateway(free_port, port, broker.source()):
            await phone.publish(TOPIC, location())
            await broker.fixes(epoch, 1)
        for second in range(1, 61):
            await phone.publish(TOPIC, location(second))
        async with broker.gateway(free_port, port, broker.source(), limits):
            assert len(set(await broker.fixes(epoch, 61))) == 61
            await broker.acknowledged()
    assert await broker.refusals() == []


async def test_a_phone_that_floods_costs_no_other_its_rate(broker: Broker, race, free_port):
    port, epoch = race
    limits = Limits(messages_hz=0.001, messages_at_once=20.0, waiting_hz=0.001, waiting_at_once=10.0)
    async with (
        broker.gateway(free_port, port, broker.source(), limits),
        broker.phone() as anne,
        broker.phone("ben") as ben,
    ):
        for number in range(30):
            await anne.publish(TOPIC, location(number))
            await anne.publish(f"owntracks/anne/invented-{number}", b'{"_type":"status"}')
        await ben.publish("owntracks/ben/phone", location())
        taken = [tracker for tracker, _ in await broker.fixes(epoch, 11)]
        assert sorted(taken) == sorted([ANNE] * 10 + [BEN])
        found = await broker.refused(30)
    assert {(record.reason, record.peer) for record in found} == {
        (RefusalReason.REFUSAL_REASON_TOO_MANY, f"{broker.phones.listen}/owntracks/anne")
    }


async def test_the_gateway_comes_back_to_a_broker_that_was_away(broker: Broker, race, free_port):
    port, epoch = race
    async with broker.gateway(free_port, port, broker.source()):
        async with broker.phone() as phone:
            await phone.publish(TOPIC, location())
            await broker.fixes(epoch, 1)
        await broker.platform.server.stop()
        await broker.platform.server.start()
        async with broker.phone() as phone:
            await phone.publish(TOPIC, location(1))
        assert len(set(await broker.fixes(epoch, 2))) == 2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few places, and connections that nats-server ends when nothing was heard of them for 6 s."""
    monkeypatch.setattr(phones_of_nats, "MOST_UNACKNOWLEDGED", PLACES)
    monkeypatch.setattr(phones_of_nats, "ACKNOWLEDGE_LIMIT_S", 1)
    monkeypatch.setattr(mqtt, "MOST_IN_FLIGHT", PLACES)
    monkeypatch.setattr(mqtt, "UNASKED_WAIT_S", mqtt.UNASKED_WAIT_S * KEEPALIVE_S / mqtt.KEEPALIVE_S)
    monkeypatch.setattr(mqtt, "KEEPALIVE_S", KEEPALIVE_S)


@pytest.mark.slow
async def test_no_session_lapses_while_the_log_is_away_and_every_place_is_taken(
    impatient, broker: Broker, free_port
):
    ingest_port = free_port()
    async with (
        broker.gateway(free_port, ingest_port, broker.source()),
        broker.phone(keepalive_s=KEEPALIVE_S) as phone,
    ):
        for second in range(2 * PLACES):
            await phone.publish(TOPIC, location(second))
        for second in range(2 * PLACES):
            phone.post(TOPIC, location(100 + second))
        before = await broker.connected_s()
        async with asyncio.timeout(WAIT_S + 3 * KEEPALIVE_S):
            while min((now := await broker.connected_s()).values()) < 3 * KEEPALIVE_S:
                assert now.keys() == before.keys(), "somebody had to come back"
                await asyncio.sleep(POLL_S)
        async with broker.platform.ingest(ingest_port):
            epoch = await activate(broker.platform, ingest_port, STAGE)
            assert len(set(await broker.fixes(epoch, 2 * PLACES))) >= 2 * PLACES
            await broker.acknowledged()
        assert (await broker.connected_s()).keys() == before.keys()


async def test_an_encrypted_fix_comes_to_the_log(broker: Broker, race, free_port, tmp_path: Path):
    port, epoch = race
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({PHONE: "mysecreTpass01"}))
    box = SecretBox(b"mysecreTpass01".ljust(32, b"\0"))
    sealed = {"_type": "encrypted", "data": base64.b64encode(box.encrypt(location())).decode()}
    async with broker.gateway(free_port, port, broker.source(f"key_file={file}")), broker.phone() as phone:
        await phone.publish(TOPIC, location(7))
        await phone.publish(TOPIC, json.dumps(sealed).encode())
        assert [tracker for tracker, _ in await broker.fixes(epoch, 1)] == [ANNE]
        (record,) = await broker.refused(1)
        assert "does not use it" in record.detail


async def test_a_phone_in_http_mode_is_answered_once_its_fixes_are_in_the_log(
    broker: Broker, race, free_port
):
    port, epoch = race
    async with broker.gateway(free_port, port, "owntracks=http://127.0.0.1:0") as grpc_port:
        async with broker.platform.channel(grpc_port, "director") as channel:
            (source,) = (await TrackerServiceStub(channel).ListSources(ListSourcesRequest())).sources
        headers = {"X-Limit-U": "anne", "X-Limit-D": "phone", "Content-Type": "application/json"}
        async with httpx.AsyncClient(base_url=f"http://{source.address}", headers=headers) as http:
            answer = await http.post("/pub", content=location())
            assert (answer.status_code, answer.json()) == (200, []), answer.text
            assert answer.headers["content-type"] == "application/json"
            assert len(await broker.frames(epoch)) == 1, "in the log when it is answered"
            waited = b"[" + b",".join(location(second) for second in range(1, 4)) + b"]"
            assert (await http.post("/pub", content=waited)).json() == []
            assert len(await broker.fixes(epoch, 4)) == 4
            assert (await http.post("/pub", content=location(lat=95))).status_code == 400


async def test_at_a_port_that_asks_for_no_password_nobody_rides_as_a_phone_that_has_one(
    broker: Broker, free_port
):
    """Both by OwnTracks, and both called anne/phone."""
    port = free_port()
    sources = f"{broker.source()},owntracks=http://127.0.0.1:0"
    async with broker.platform.ingest(port):
        epoch = await activate(broker.platform, port, stage_with((SOURCE, PHONE)))
        async with (
            broker.gateway(free_port, port, sources) as grpc_port,
            broker.phone() as anne,
            broker.platform.channel(grpc_port, "director") as channel,
        ):
            asked = TrackerServiceStub(channel)
            listed = {one.name: one for one in (await asked.ListSources(ListSourcesRequest())).sources}
            assert {name: one.secure for name, one in listed.items()} == {SOURCE: True, "owntracks": False}
            await anne.publish(TOPIC, location())
            await broker.fixes(epoch, 1)
            headers = {"X-Limit-U": "anne", "X-Limit-D": "phone"}
            async with httpx.AsyncClient(base_url=f"http://{listed['owntracks'].address}") as stranger:
                answer = await stranger.post("/pub", content=location(1), headers=headers)
            assert answer.status_code == 200, "as anybody's who knocks"
            await anne.publish(TOPIC, location(2))
            assert {tracker for tracker, _ in await broker.fixes(epoch, 2)} == {ANNE}
            devices = (await asked.ListDevices(ListDevicesRequest())).devices
            assert {(one.source, one.name, one.known) for one in devices} == {
                (SOURCE, PHONE, True),
                ("owntracks", PHONE, False),
            }


async def test_without_tls_too_nobody_comes_in_without_a_password(tmp_path: Path, free_port):
    phones = Phones(f"127.0.0.1:{free_port()}", passwords_of(tmp_path / "phones", ("anne",)))
    server = NatsServer(tmp_path / "nats", phones=phones)
    await server.start()
    try:
        async with Phone(phones.listen, "", "", "otx") as nobody:
            assert nobody.refused == "Not authorized"
        async with Phone(phones.listen, "plaintext", "plaintext", "otx") as race:
            assert race.refused == "Not authorized"
        async with Phone(phones.listen, "anne", phones.passwords["anne"], "otx") as anne:
            assert not anne.refused
    finally:
        await server.stop()
