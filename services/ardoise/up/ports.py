"""Ports on loopback for one platform: the usual ones, or others where somebody has those."""

import random
import socket

MAX_ATTEMPTS = 100
# Below the range of outgoing connections: until the service opens its port, one of those could be given it.
OTHERS = range(20_000, 32_000)


class Ports:
    """Numbers by name, reserved against other platforms on this machine until close().

    A service opens its port seconds after it was chosen; without the reservation two demos that start together
    would choose the same. A reservation is an abstract Unix socket: it goes with its process, however that ends, and
    is seen by whoever sees the port, whatever their user or temporary directory.
    """

    def __init__(self, wanted: dict[str, int]) -> None:
        """`wanted`: numbers by name; 0: any."""
        self._reservations: list[socket.socket] = []
        self.numbers = {name: self._reserve(number) for name, number in wanted.items()}

    def at(self, name: str) -> str:
        """host:port."""
        return f"127.0.0.1:{self.numbers[name]}"

    def close(self) -> None:
        """Ends the reservations."""
        for reservation in self._reservations:
            reservation.close()

    def _reserve(self, wanted: int) -> int:
        candidates = [wanted, *random.sample(OTHERS, MAX_ATTEMPTS)]
        for number in filter(None, candidates):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", number))
                except OSError:
                    continue
            if self._lock(number):
                return number
        raise RuntimeError(f"no free port on 127.0.0.1 after {MAX_ATTEMPTS} attempts")

    def _lock(self, number: int) -> bool:
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0ardoise-port-{number}")
        except OSError:
            reservation.close()
            return False
        self._reservations.append(reservation)
        return True
