"""Datagrams at a steady rate for so long, from a process of its own; prints how many were sent.

Run as: python -m tests.support.flood HOST PORT HZ SECONDS
"""

import contextlib
import socket
import sys
import time

STEP_S = 0.002
NONSENSE = b"\xffnonsense, as somebody sends who found the port\n"


def flood(host: str, port: int, rate_hz: int, seconds: float) -> int:
    """Sends rate_hz * seconds datagrams, no faster than that. What the machine's buffers refuse was sent too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect((host, port))
        begin, sent = time.monotonic(), 0
        most = round(rate_hz * seconds)
        while sent < most:
            due = min(most, round((time.monotonic() - begin) * rate_hz))
            for _ in range(due - sent):
                with contextlib.suppress(OSError):
                    out.send(NONSENSE)
            sent = max(sent, due)
            time.sleep(STEP_S)
            if time.monotonic() > begin + 2 * seconds:
                break
    return sent


if __name__ == "__main__":
    print(flood(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])), flush=True)
