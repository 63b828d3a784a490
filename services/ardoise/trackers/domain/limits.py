"""What one address and one port may send. Pure: the caller says what time it is, in seconds of a steady clock."""

from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network

MOST_CONNECTIONS = 1_024
"""Of a port: forty phones and as many hardware trackers leave much room."""
MOST_CONNECTIONS_AN_ADDRESS = 128
"""Phones of one network operator share an address."""
MESSAGES_A_SECOND = 200.0
"""Of an address, lasting."""
MOST_MESSAGES_AT_ONCE = 4_000.0
"""Of an address: several phones that come out of a valley together, with ten minutes each."""
MOST_MESSAGES_THAT_WAIT = 40_000.0
"""Of an address beyond its rate, where a broker keeps them: eleven hours of a fix a second while the gateway was away.
The broker tells no others' before them: at the rate above those come 200 s late, once."""
MESSAGES_THAT_WAIT_A_SECOND = 2.0
"""So it comes again: of somebody who floods for ever others notice one hundredth."""
MESSAGES_A_SECOND_OF_A_PORT = 2_000.0
MOST_MESSAGES_AT_ONCE_OF_A_PORT = 20_000.0
MOST_ADDRESSES = 4_096
"""Addresses whose rate is remembered; who was quiet longest is forgotten first."""
MESSAGE_LIMIT_S = 10.0
"""From a message's first byte to its last: whoever drips is ended (slow loris)."""
FIRST_MESSAGE_LIMIT_S = 15.0
"""A connection that has said nothing yet."""
SILENCE_LIMIT_S = 15 * 60.0
"""Hardware trackers say every few minutes that they live."""
MOST_REFUSED_IN_A_ROW = 32
"""Then a connection is ended: it speaks another protocol."""
MOST_UNANSWERED = 64
"""Messages of a connection whose fixes are not in the log yet: it is not read further until some are."""
ANSWER_LIMIT_S = 10.0
"""A peer that does not read what it is answered."""
ONE_NETWORK_BITS = 64
"""Whoever has one address of IPv6 has all of its network."""


@dataclass(frozen=True)
class Limits:
    """All of them, of one port."""

    connections: int = MOST_CONNECTIONS
    connections_an_address: int = MOST_CONNECTIONS_AN_ADDRESS
    messages_hz: float = MESSAGES_A_SECOND
    messages_at_once: float = MOST_MESSAGES_AT_ONCE
    waiting_at_once: float = MOST_MESSAGES_THAT_WAIT
    waiting_hz: float = MESSAGES_THAT_WAIT_A_SECOND
    messages_hz_of_a_port: float = MESSAGES_A_SECOND_OF_A_PORT
    messages_at_once_of_a_port: float = MOST_MESSAGES_AT_ONCE_OF_A_PORT
    addresses: int = MOST_ADDRESSES
    message_s: float = MESSAGE_LIMIT_S
    first_message_s: float = FIRST_MESSAGE_LIMIT_S
    silence_s: float = SILENCE_LIMIT_S
    answer_s: float = ANSWER_LIMIT_S
    refused_in_a_row: int = MOST_REFUSED_IN_A_ROW
    unanswered: int = MOST_UNANSWERED


def counted_as(address: str) -> str:
    """Whom an address is counted as: IPv4 as itself, IPv6 as its network, what is neither as it is."""
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, ONE_NETWORK_BITS), strict=False))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens that come again at a rate, up to so many."""

    rate_hz: float
    most: float
    tokens: float
    at_s: float

    @classmethod
    def full(cls, rate_hz: float, most: float, now_s: float) -> "Bucket":
        """One from which nothing was taken yet."""
        return cls(rate_hz, most, most, now_s)

    def after_one(self, now_s: float) -> "Bucket | None":
        """With one token less; None: there is none."""
        tokens = min(self.most, self.tokens + max(0.0, now_s - self.at_s) * self.rate_hz)
        return replace(self, tokens=tokens - 1, at_s=now_s) if tokens >= 1 else None


class Admission:
    """Of one port: who may connect, and how much each address (as it is counted_as) may send."""

    def __init__(self, now_s: float, limits: Limits) -> None:
        self._limits = limits
        self._connections: Counter[str] = Counter()
        self._port = Bucket.full(limits.messages_hz_of_a_port, limits.messages_at_once_of_a_port, now_s)
        self._addresses: OrderedDict[str, Bucket] = OrderedDict()
        self._waiting: OrderedDict[str, Bucket] = OrderedDict()

    def connects(self, address: str) -> bool:
        """Whether it may; it is counted then, until it `leaves`."""
        if self._connections.total() >= self._limits.connections:
            return False
        if self._connections[address] >= self._limits.connections_an_address:
            return False
        self._connections[address] += 1
        return True

    def leaves(self, address: str) -> None:
        """One of its connections has ended."""
        self._connections[address] -= 1
        if not self._connections[address]:
            del self._connections[address]

    def sends(self, address: str, now_s: float) -> bool:
        """Whether one more message of it is looked at. Its own rate comes first: it uses up nobody else's."""
        full = Bucket.full(self._limits.messages_hz, self._limits.messages_at_once, now_s)
        if not self._takes_one(self._addresses, address, full, now_s):
            return False
        port = self._port.after_one(now_s)
        self._port = port or self._port
        return port is not None

    def waits(self, address: str, now_s: float) -> bool:
        """Whether a message that it may not send now is looked at later, where somebody keeps it until then."""
        full = Bucket.full(self._limits.waiting_hz, self._limits.waiting_at_once, now_s)
        return self._takes_one(self._waiting, address, full, now_s)

    def _takes_one(self, buckets: OrderedDict[str, Bucket], address: str, full: Bucket, now_s: float) -> bool:
        mine = buckets.pop(address, None) or full
        left = mine.after_one(now_s)
        buckets[address] = left or mine
        if len(buckets) > self._limits.addresses:
            buckets.popitem(last=False)
        return left is not None
