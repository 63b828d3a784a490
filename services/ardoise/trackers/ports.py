"""A source of the settings as a port that is open."""

from typing import Protocol

from ardoise.chassis.refusals import Refusals
from ardoise.trackers.decoding import Transport
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.domain.sources import Source
from ardoise.trackers.gateway import Gateway
from ardoise.trackers.listening.http import HttpConversation
from ardoise.trackers.listening.intake import Intake
from ardoise.trackers.listening.serial import SerialPort
from ardoise.trackers.listening.stream import Conversation
from ardoise.trackers.listening.tcp import TcpPort
from ardoise.trackers.listening.udp import UdpPort
from ardoise.trackers.registry import decoder


class Port(Protocol):
    """One way in."""

    address: str
    """Where it listens, for people; once it is open with the port's number."""

    async def open(self) -> None:
        """Raises OSError."""

    async def close(self) -> None:
        """Nothing comes in any more."""


def port_of(source: Source, gateway: Gateway, refusals: Refusals, limits: Limits) -> Port:
    """Raises ValueError that says what is wrong with the source."""
    found = decoder(source.decoder)
    if source.transport not in found.transports:
        able = ", ".join(sorted(found.transports))
        raise ValueError(f"{found.name} is not spoken over {source.transport}, but over {able}")
    found.begin(source.options)
    intake = Intake(source.name, found, gateway, refusals, limits)
    if source.transport is Transport.HTTP:
        return TcpPort(source.address, intake, HttpConversation(intake, source.options))
    if source.transport is Transport.TCP:
        return TcpPort(source.address, intake, Conversation(intake, source.options))
    if source.transport is Transport.UDP:
        return UdpPort(source.address, intake, source.options)
    if source.transport is Transport.SERIAL:
        return SerialPort(source.address, intake, source.options)
    # Its library takes 6 MiB, and few trucks hear phones by a broker.
    from ardoise.trackers.listening.mqtt import MqttPort

    return MqttPort(source, intake)
