"""A client of an MQTT broker: a message is acknowledged to it once its fixes are in the log, and so never lost between.

The session is the broker's to keep: what comes while nobody is here waits there, and what was not acknowledged comes
again. paho-mqtt runs in a thread of its own, with a new client for each connection: nothing of one that broke, and no
acknowledgement of its numbers, can reach the next.
"""

import asyncio
import contextlib
import hashlib
import ssl
import threading
from pathlib import Path
from typing import Any

import structlog
from paho.mqtt.client import CallbackAPIVersion, Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ardoise.chassis.failpoints import failpoint
from ardoise.chassis.settings import host_and_port
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import Message, Refused, malformed
from ardoise.trackers.domain.sources import Source
from ardoise.trackers.gateway import LogAway
from ardoise.trackers.listening.intake import Intake, now_ms, too_many

AT_LEAST_ONCE = 1
KEEPALIVE_S = 30
CONNECT_LIMIT_S = 10.0
BEGIN_LIMIT_S = 5.0
"""So long the gateway's start waits for a broker: what phones send it before, nobody has asked it to keep."""
MOST_IN_FLIGHT = 1_024
"""Messages whose fixes are not in the log yet, of each kind of delivery; beyond it the broker is not read.

Of those that are to be acknowledged our nats-server sends no more itself: its connection is read, and so kept alive,
however long the log is away.
"""
UNASKED_WAIT_S = 5.0
"""So long one that nobody asks after waits for room, and is refused then: to read on is to keep the connection."""
FIRST_WAIT_S = 1.0
MOST_WAIT_S = 30.0
"""Between two attempts to connect, and to bring one message to the log: twice as long each time, up to this."""

_log = structlog.get_logger(__name__)


class MqttPort:
    """open() connects, and again whenever it has to; close() ends it."""

    def __init__(self, source: Source, intake: Intake) -> None:
        """Options: user, password_file; ca_file, of mqtts; client_id, where two gateways share a broker.

        Raises ValueError.
        """
        self._host, self._port = host_and_port(source.address)
        if not (self._host and self._port):
            raise ValueError(f"{source.address} is no broker: write its host and port, as in 127.0.0.1:1883")
        self.address = source.address
        self._source = source
        self._intake = intake
        self._begun = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._client()  # What is wrong with its files is said at the start.

    async def open(self) -> None:
        """Returns once the broker keeps what comes; one that is away is waited for afterwards too."""
        self._running = asyncio.create_task(self._run())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), BEGIN_LIMIT_S)

    async def close(self) -> None:
        """What is not in the log yet was not acknowledged, and comes again."""
        assert self._running is not None
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running

    async def _run(self) -> None:
        waits = _Waits()
        while True:
            connection = None
            try:
                connection = _Connection(self._client(), self._intake, self._source, self._begun)
                why = await connection.until_lost(self._host, self._port)
            except OSError as error:
                why = str(error)
            except Exception as error:  # Nobody waits for this task: it would end unheard.
                _log.exception("broker_failed", broker=self.address)
                why = repr(error)
            finally:
                if connection is not None:
                    await connection.close()
            if connection is not None and connection.subscribed:
                waits = _Waits()
            _log.warning("broker_lost", broker=self.address, why=why, again_in_s=waits.next_s)
            await waits.pause()

    def _client(self) -> Client:
        """Raises ValueError."""
        options, name = self._source.options, self._source.name
        try:
            file = options.get("password_file")
            password = Path(file).read_text().strip() if file else ""
            client = Client(
                CallbackAPIVersion.VERSION2,
                client_id=options.get("client_id") or _client_id(name, password),
                clean_session=False,
                reconnect_on_failure=False,
                manual_ack=True,
            )
            client.connect_timeout = CONNECT_LIMIT_S
            if "user" in options:
                client.username_pw_set(options["user"], password)
            if self._source.secure:
                client.tls_set_context(ssl.create_default_context(cafile=options.get("ca_file")))
        except (OSError, ValueError) as error:
            raise ValueError(f"{name} of {self.address}: {error}") from error
        return client


def _client_id(source: str, password: str) -> str:
    """The same at each start, and nobody else's guess: whoever says it takes the session over, with all that waits."""
    return f"ardoise-{source}-{hashlib.sha256(password.encode()).hexdigest()[:16]}"


class _Waits:
    """Pauses that grow, up to MOST_WAIT_S."""

    def __init__(self) -> None:
        self.next_s = FIRST_WAIT_S

    async def pause(self) -> None:
        await asyncio.sleep(self.next_s)
        self.next_s = min(2 * self.next_s, MOST_WAIT_S)


class _Connection:
    """One connection, and the messages that came by it. Methods named on_... run in paho's thread."""

    def __init__(self, client: Client, intake: Intake, source: Source, begun: asyncio.Event) -> None:
        self._client = client
        self._begun = begun
        self._intake = intake
        self._broker = source.address
        self._session = intake.decoder.begin(source.options)
        self._loop = asyncio.get_running_loop()
        self._lost: asyncio.Future[str] = self._loop.create_future()
        self._room = threading.BoundedSemaphore(MOST_IN_FLIGHT)
        self._unasked_room = threading.BoundedSemaphore(MOST_IN_FLIGHT)
        self._asked: set[int] = set()
        """Numbers by which the broker knows messages that it was not acknowledged yet."""
        self._taking: dict[asyncio.Task[None], int] = {}
        """By each task such a number; 0: the broker does not ask."""
        self._closed = False
        self._refused = ""
        self.subscribed = False
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    async def until_lost(self, host: str, port: int) -> str:
        """Says why it ended. Raises OSError where it did not begin."""
        await asyncio.to_thread(self._client.connect, host, port, KEEPALIVE_S)
        self._client.loop_start()
        return await self._lost

    async def close(self) -> None:
        """Leaves the broker; nothing is acknowledged any more."""
        self._closed = True
        for task in self._taking:
            task.cancel()
        await asyncio.gather(*self._taking, return_exceptions=True)
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = f"it does not let the user in: {reason}"
            return
        client.subscribe([(topic, AT_LEAST_ONCE) for topic in self._intake.decoder.topics])

    def _on_subscribe(
        self, client: Client, _: Any, number: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refused = f"it does not let the user read {', '.join(self._intake.decoder.topics)}"
            client.disconnect()
            return
        self.subscribed = True
        self._loop.call_soon_threadsafe(self._begun.set)
        _log.info("broker_subscribed", broker=self._broker, topics=self._intake.decoder.topics)

    def _on_disconnect(
        self,
        client: Client,
        _: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended, self._refused or str(reason))

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        if message.qos:
            # A broker that waits for an acknowledgement sends again meanwhile, under the same number.
            if message.mid in self._asked:
                return
            # Waits for room: what is not read from the socket stays with the broker, whatever it thinks of limits.
            self._room.acquire()
            self._asked.add(message.mid)
        elif not self._unasked_room.acquire(timeout=UNASKED_WAIT_S):
            self._loop.call_soon_threadsafe(
                self._intake.refuse, too_many("messages"), self._broker, message.payload
            )
            return
        self._loop.call_soon_threadsafe(self._heard, message)

    def _ended(self, why: str) -> None:
        if not self._lost.done():
            self._lost.set_result(why)

    def _heard(self, message: MQTTMessage) -> None:
        number = message.mid if message.qos else 0
        if self._closed:
            self._leave(number)
            return
        task = asyncio.create_task(self._take(message))
        self._taking[task] = number
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        number = self._taking.pop(task)
        if not task.cancelled():
            if error := task.exception():
                self._ended(repr(error))
            elif number:
                self._client.ack(number, AT_LEAST_ONCE)
        self._leave(number)

    def _leave(self, number: int) -> None:
        self._asked.discard(number)
        (self._room if number else self._unasked_room).release()

    async def _take(self, message: MQTTMessage) -> None:
        """Returns once it is in the log, or refused and counted: either way the broker may forget it."""
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._intake.refuse(malformed("a topic is UTF-8"), self._broker, message.payload)
            return
        decoder = self._intake.decoder
        # The device is part of the address: one that floods costs no other its rate.
        address = f"{self._broker}/{decoder.sent_by(topic)}"
        if not await self._intake.admits_in_turn(address, message.payload):
            return
        try:
            if len(message.payload) > decoder.most_message_bytes:
                raise _too_large(self._intake, address, decoder.most_message_bytes)
            received_ms = now_ms()
            said = Message(message.payload, topic, received_ms=received_ms)
            decoded = self._intake.decoded(said, self._session, address)
            waits = _Waits()
            while True:
                try:
                    await self._intake.take(decoded, address, received_ms)
                    return
                except LogAway:
                    failpoint("mqtt_log_away")
                await waits.pause()
        except Refused:
            return


def _too_large(intake: Intake, address: str, most_bytes: int) -> Refused:
    refused = Refused(RefusalReason.REFUSAL_REASON_TOO_LARGE, f"a message has at most {most_bytes} bytes")
    intake.refuse(refused, address)
    return refused
