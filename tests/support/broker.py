"""Phones before a real broker: a client of MQTT that says what it was told, and the gateway behind."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from ardoise.chassis.log import LogReader
from ardoise.chassis.phones import ACCOUNT, SOURCE, Phones, source_of
from ardoise.chassis.refusals import STREAM
from ardoise.pb.log_pb2 import RefusalRecord
from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.trackers.app import RELAY_ID
from ardoise.trackers.app import run as run_trackers
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.settings import TrackersSettings
from paho.mqtt.client import CallbackAPIVersion, Client

from tests.support.platform import Platform, running
from tests.support.stage import stage_with

WAIT_S = 20.0
POLL_S = 0.05
PHONE = "anne/phone"
JSZ = "/jsz?accounts=true&consumers=true"
"""At nats-server's health port."""
STAGE = stage_with((SOURCE, PHONE), (SOURCE, "ben/phone"), ("owntracks", PHONE))
"""Phones by MQTT, and one by HTTP."""


def location(second: int = 0, **changes: object) -> bytes:
    """What OwnTracks publishes; each second another one."""
    at_s = int(time.time()) + second
    said = {"_type": "location", "lat": 45.0, "lon": 5.01, "tst": at_s, "acc": 4, "vel": 36, "batt": 87}
    return json.dumps({**said, **changes}).encode()


def unacknowledged_of(told: Mapping[str, Any]) -> int | None:
    """Messages of phones that the gateway has not acknowledged, as nats-server says at JSZ. None: it was told none."""
    (account,) = (each for each in told["account_details"] if each["name"] == ACCOUNT)
    consumers = [one for stream in account["stream_detail"] for one in stream.get("consumer_detail", ())]
    if not any(one["delivered"]["stream_seq"] for one in consumers):
        return None
    return sum(one["num_ack_pending"] + one["num_pending"] for one in consumers)


@dataclass
class Broker:
    """Where phones come in, and how."""

    platform: Platform
    phones: Phones
    directory: Path
    health_port: int

    @property
    def ca(self) -> Path:
        return self.platform.identity_dir / "ca.pem"

    def source(self, *more: str) -> str:
        """For ARDOISE_SOURCES."""
        return "&".join((source_of(self.phones, self.directory.parent, self.ca), *more))

    def phone(self, user: str = "anne", keepalive_s: int = 60, **login: str) -> "Phone":
        """Not connected yet."""
        password = login.get("password", self.phones.passwords.get(user, ""))
        client_id = login.get("client_id", f"otx-{user}")
        return Phone(self.phones.listen, user, password, client_id, self.ca, keepalive_s)

    def gateway_settings(self, grpc_port: int, ingest_port: int, sources: str) -> TrackersSettings:
        return self.platform.settings(
            TrackersSettings,
            grpc_listen=f"127.0.0.1:{grpc_port}",
            ingest_target=f"127.0.0.1:{ingest_port}",
            sources=sources,
        )

    @contextlib.asynccontextmanager
    async def gateway(
        self, free_port, ingest_port: int, sources: str, limits: Limits | None = None
    ) -> AsyncIterator[int]:
        """The gateway until the block ends; its gRPC port."""
        port = free_port()
        settings = self.gateway_settings(port, ingest_port, sources)
        async with running(run_trackers(settings, limits), port, self.platform):
            yield port

    async def frames(self, epoch: int) -> list[TelemetryFrame]:
        """What the log has of the gateway now."""
        bus = await self.platform.bus("positioning")
        found = await LogReader(bus).by_subject(epoch, f"log.{epoch}.fix.{RELAY_ID}")
        await bus.close()
        return [entry.record.frame for entry in found if entry.record]

    async def acknowledged(self) -> None:
        """Returns once nothing waits at the broker that it has told the gateway."""
        async with asyncio.timeout(WAIT_S), httpx.AsyncClient(trust_env=False) as http:
            while True:
                if not await self._unacknowledged(http):
                    return
                await asyncio.sleep(POLL_S)

    async def _unacknowledged(self, http: httpx.AsyncClient) -> int:
        unacknowledged = unacknowledged_of(
            (await http.get(f"http://127.0.0.1:{self.health_port}{JSZ}")).json()
        )
        assert unacknowledged is not None, "nothing was told yet"
        return unacknowledged

    async def refusals(self) -> list[RefusalRecord]:
        """What security can read of refusals now."""
        bus = await self.platform.bus("security")
        state = (await bus.js.stream_info(STREAM)).state
        found = [
            RefusalRecord.FromString((await bus.js.get_msg(STREAM, number)).data)
            for number in range(state.first_seq, state.last_seq + 1)
            if state.messages
        ]
        await bus.close()
        return found

    async def refused(self, count: int) -> list[RefusalRecord]:
        """The same, once they stand for so many."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found = await self.refusals()
                if sum(record.count for record in found) >= count:
                    return found
                await asyncio.sleep(POLL_S)

    async def connected_s(self) -> dict[int, float]:
        """Who is connected to nats-server by MQTT, and for how long, by its number of the connection."""
        async with httpx.AsyncClient(trust_env=False) as http:
            told = (await http.get(f"http://127.0.0.1:{self.health_port}/connz")).json()
        now = datetime.fromisoformat(told["now"])
        return {
            one["cid"]: (now - datetime.fromisoformat(one["start"])).total_seconds()
            for one in told["connections"]
            if "mqtt_client" in one
        }

    async def fixes(self, epoch: int, count: int) -> list[tuple[int, int]]:
        """Tracker and device time of so many fixes, once the log has them."""
        async with asyncio.timeout(WAIT_S):
            while True:
                frames = await self.frames(epoch)
                found = [
                    (tracker, frame.base_time_ms + offset_ms)
                    for frame in frames
                    for tracker, offset_ms in zip(frame.tracker, frame.time_offset_ms, strict=True)
                ]
                if len(found) >= count:
                    return found
                await asyncio.sleep(POLL_S)


class Phone:
    """One client. What came of what it did is in the lists."""

    def __init__(
        self,
        broker: str,
        user: str,
        password: str,
        client_id: str,
        ca: Path | None = None,
        keepalive_s: int = 60,
    ) -> None:
        self._keepalive_s = keepalive_s
        self._host, _, port = broker.rpartition(":")
        self._port = int(port)
        self.refused = ""
        self.read: list[tuple[str, bytes]] = []
        self._said = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            reconnect_on_failure=False,
        )
        if user:
            self._client.username_pw_set(user, password)
        if ca is not None:
            self._client.tls_set(ca_certs=str(ca))
        self._client.on_connect = lambda client, _, flags, reason, properties: self._say("connected", reason)
        self._client.on_publish = lambda client, _, number, reason, properties: self._say(number, reason)
        self._client.on_subscribe = lambda client, _, number, reasons, properties: self._say(number, *reasons)
        self._client.on_message = lambda client, _, message: self.read.append(
            (message.topic, message.payload)
        )

    def _say(self, *what: object) -> None:
        self._loop.call_soon_threadsafe(self._said.put_nowait, what)

    async def _hears(self, what: object) -> object:
        async with asyncio.timeout(WAIT_S):
            while True:
                said, reason = await self._said.get()
                if said == what:
                    return reason

    async def __aenter__(self) -> "Phone":
        """Connected, or `refused`."""
        await asyncio.to_thread(self._client.connect, self._host, self._port, self._keepalive_s)
        self._client.loop_start()
        reason = await self._hears("connected")
        self.refused = str(reason) if reason.is_failure else ""
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    async def publish(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        """At least once: returns when the broker has said that it has it."""
        await self._hears(self._client.publish(topic, body, qos=1, retain=retain).mid)

    async def told(self) -> tuple[str, bytes]:
        """Topic and body of the first message that it may read."""
        async with asyncio.timeout(WAIT_S):
            while True:
                if self.read:
                    return self.read[0]
                await asyncio.sleep(POLL_S)

    def post(self, topic: str, body: bytes) -> None:
        """At most once: nobody says anything."""
        self._client.publish(topic, body, qos=0)

    async def subscribe(self, topic: str) -> bool:
        """Whether it may."""
        _, number = self._client.subscribe(topic, 1)
        return not (await self._hears(number)).is_failure
