"""What a UDP port remembers of its peers: not for ever, and nobody pushes out another's."""

import asyncio
from dataclasses import dataclass

import pytest
from ardoise.chassis.refusals import Refusals
from ardoise.trackers.decoding import Decoded, Decoder, Message, Transport, malformed
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.domain.sessions import MOST_PEERS, MOST_PEERS_AN_ADDRESS, Sessions
from ardoise.trackers.gateway import Gateway
from ardoise.trackers.listening import udp
from ardoise.trackers.listening.intake import Intake
from ardoise.trackers.listening.udp import UdpPort

LIMIT_S = 10.0
SILENCE_S = 60.0
TRACKER = ("192.0.2.1", 5023)


def flood(sessions: Sessions[str], address: str, count: int) -> None:
    for port in range(count):
        sessions.keep((address, port), "flood", 1.0)


@pytest.mark.parametrize("flooder", ["198.51.100.1", "2001:db8::1"])
def test_an_address_with_many_peers_pushes_out_its_own_oldest_alone(flooder: str):
    sessions = Sessions[str](SILENCE_S)
    sessions.keep(TRACKER, "moto-1", 0.0)
    flood(sessions, flooder, 2 * MOST_PEERS)
    assert sessions.of(TRACKER, 2.0) == "moto-1"
    left = [sessions.of((flooder, port), 2.0) for port in range(2 * MOST_PEERS)]
    assert left == [None] * (2 * MOST_PEERS - MOST_PEERS_AN_ADDRESS) + ["flood"] * MOST_PEERS_AN_ADDRESS


def test_many_addresses_with_many_peers_push_out_each_other():
    sessions = Sessions[str](SILENCE_S)
    sessions.keep(TRACKER, "moto-1", 0.0)
    addresses = [f"198.51.100.{number}" for number in range(40)]
    for address in addresses:
        flood(sessions, address, MOST_PEERS_AN_ADDRESS)
    assert sessions.of(TRACKER, 2.0) == "moto-1"
    kept = [sessions.of((each, port), 2.0) for each in addresses for port in range(MOST_PEERS_AN_ADDRESS)]
    assert sum(one is not None for one in kept) == MOST_PEERS - 1


def test_a_whole_network_of_ipv6_is_one_address():
    sessions = Sessions[str](SILENCE_S)
    for number in range(2 * MOST_PEERS_AN_ADDRESS):
        sessions.keep((f"2001:db8::{number:x}", 1, 0, 0), "flood", 0.0)
    assert sessions.of(("2001:db8::0", 1, 0, 0), 0.0) is None


def test_who_has_been_silent_is_forgotten_and_who_speaks_is_not():
    sessions = Sessions[str](SILENCE_S)
    sessions.keep(TRACKER, "moto-1", 0.0)
    assert sessions.of(TRACKER, SILENCE_S - 1) == "moto-1"
    sessions.keep(TRACKER, "moto-1", SILENCE_S - 1)
    assert sessions.of(TRACKER, 2 * SILENCE_S - 2) == "moto-1"
    assert sessions.of(TRACKER, 2 * SILENCE_S - 1) is None


@dataclass
class Clock:
    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s


def decode(message: Message, session: str | None) -> Decoded[str]:
    """`login NAME`, `here`, and `who`, which is answered."""
    if message.body.startswith(b"login "):
        return Decoded(session=message.body[6:].decode())
    if message.body == b"here":
        return Decoded()
    if message.body == b"who":
        return Decoded(reply=(session or "nobody").encode())
    raise malformed("neither")


WORDS = Decoder("words", frozenset({Transport.UDP}), decode)


class Tracker(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.put_nowait(data)


async def test_a_port_knows_a_tracker_as_long_as_it_speaks_whatever_others_do(
    monkeypatch: pytest.MonkeyPatch,
):
    clock = Clock()
    monkeypatch.setattr(udp, "time", clock, raising=False)
    intake = Intake(
        "words", WORDS, Gateway("gateway", Devices()), Refusals(None), Limits(silence_s=SILENCE_S)
    )  # type: ignore[arg-type]
    port = UdpPort("127.0.0.1:0", intake, {})
    await port.open()
    host, number = port.address.split(":")
    transport, tracker = await asyncio.get_running_loop().create_datagram_endpoint(
        Tracker, remote_addr=(host, int(number))
    )

    async def known_as() -> bytes:
        transport.sendto(b"who")
        return await asyncio.wait_for(tracker.heard.get(), LIMIT_S)

    try:
        transport.sendto(b"login moto-1")
        assert await known_as() == b"moto-1"
        for peer in range(MOST_PEERS):
            port.datagram_received(b"login flood", ("198.51.100.1", peer))
        assert await known_as() == b"moto-1"
        for _ in range(3):
            clock.now_s += SILENCE_S - 1
            transport.sendto(b"here")
            assert await known_as() == b"moto-1"
        clock.now_s += SILENCE_S
        assert await known_as() == b"nobody", "whoever has this port now is somebody else"
    finally:
        transport.close()
        await port.close()
