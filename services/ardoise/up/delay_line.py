"""What makes a link late, as few kernels have netem: packets leave by one TUN device, wait, and arrive by another.

This file is also the program that carries them, with nothing imported but the standard library.
"""

import contextlib
import fcntl
import os
import selectors
import struct
import sys
import time
from collections import deque

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
MOST_WAITING = 50_000
"""Packets under way; those beyond are lost, as in any queue."""
READS_A_TURN = 64
PACKET_BYTES = 65_536


def open_tun(name: str) -> int:
    """A TUN device of this name in the network namespace of this thread; it goes with the last descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def command(source: int, target: int, delay_ms: int) -> list[str]:
    """The argv that carries packets between two descriptors, which it inherits."""
    return [sys.executable, "-I", "-S", __file__, str(source), str(target), str(delay_ms)]


def _carry(source: int, target: int, delay_s: float) -> None:
    waiting: deque[tuple[float, bytes]] = deque()
    with selectors.DefaultSelector() as ready:
        ready.register(source, selectors.EVENT_READ)
        while True:
            until_s = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            if ready.select(until_s):
                due_s = time.monotonic() + delay_s
                waiting.extend((due_s, packet) for packet in _packets(source, MOST_WAITING - len(waiting)))
            while waiting and waiting[0][0] <= time.monotonic():
                # A full queue, or a packet that this kernel does not take: lost, as on any link.
                with contextlib.suppress(OSError):
                    os.write(target, waiting.popleft()[1])


def _packets(source: int, room: int) -> list[bytes]:
    packets = []
    with contextlib.suppress(BlockingIOError):
        while len(packets) < READS_A_TURN:
            packets.append(os.read(source, PACKET_BYTES))
    return packets[:room]


if __name__ == "__main__":
    _carry(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) / 1000)
