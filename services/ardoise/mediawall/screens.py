"""The screens that are connected."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ardoise.chassis.steady_clock import now_ms
from ardoise.chassis.telemetry import counter, gauge
from ardoise.pb import wall_pb2

_screens = gauge("mediawall.screens", "1", "Screens connected now.")
_skipped = counter("mediawall.skipped", "1", "States that screens did not get because they read slowly.")


@dataclass
class Screen:
    """One connected screen."""

    screen_id: str
    peer: str
    connected_ms: int
    sent: str = ""
    """Id of the newest state that it was sent, "epoch-sequence"."""
    skipped: int = 0

    def message(self) -> wall_pb2.Screen:
        """As the contract has it."""
        screen = wall_pb2.Screen(
            screen_id=self.screen_id, peer=self.peer, connected_ms=self.connected_ms, skipped=self.skipped
        )
        if self.sent:
            epoch, _, sequence = self.sent.partition("-")
            screen.sent.epoch, screen.sent.sequence = int(epoch), int(sequence)
        return screen

    def skip(self, states: int) -> None:
        """Counts states that it was not sent."""
        self.skipped += states
        _skipped.add(states)


class Screens:
    """Who is connected, longest first; never more than `limit`, nor more than `address_limit` of one address."""

    def __init__(self, limit: int, address_limit: int) -> None:
        self._limit = limit
        self._address_limit = address_limit
        self._of_address: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._connected: dict[str, Screen] = {}

    def __iter__(self) -> Iterator[Screen]:
        return iter(list(self._connected.values()))

    def __len__(self) -> int:
        return len(self._connected)

    def connect(self, peer: str) -> Screen | None:
        """A new screen; None where there are as many as may be. `peer`: host:port."""
        address = _address(peer)
        if len(self._connected) >= self._limit or self._of_address[address] >= self._address_limit:
            return None
        self._of_address[address] += 1
        screen = Screen(f"screen-{next(self._numbers)}", peer, now_ms())
        self._connected[screen.screen_id] = screen
        _screens.set(len(self._connected))
        return screen

    def disconnect(self, screen: Screen) -> None:
        """The screen has gone."""
        if self._connected.pop(screen.screen_id, None) is None:
            return
        address = _address(screen.peer)
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]
        _screens.set(len(self._connected))


def _address(peer: str) -> str:
    return peer.rpartition(":")[0]
