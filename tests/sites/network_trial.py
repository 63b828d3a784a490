"""A program: makes a network of three sites and says what a connection over it sees. Run by test_network."""

import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from ardoise.chassis import child
from ardoise.up.network import Condition, Network, NetworkTools, NetworkUnavailable
from ardoise.up.programs import debian_programs

ANSWERER = """
import contextlib, socket
with socket.create_server((%r, 7)) as server:
    print("listening", flush=True)
    while True:
        connection, _ = server.accept()
        # One whose answer was cut off is reset once the link is whole: the next one is answered all the same.
        with connection, contextlib.suppress(ConnectionError):
            while size := connection.recv(8, socket.MSG_WAITALL):
                left = int.from_bytes(size)
                while left:
                    left -= len(connection.recv(min(left, 65536)))
                connection.sendall(b"!")
"""
TRIES = """
import json, socket, sys, time
where, seconds, size, times = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
took = []
try:
    with socket.create_connection((where, 7), timeout=seconds) as connection:
        for _ in range(times):
            began = time.monotonic()
            connection.sendall(size.to_bytes(8) + bytes(size))
            connection.recv(1)
            took.append(time.monotonic() - began)
except TimeoutError:
    pass
print(json.dumps(took))
"""
TRY_LIMIT_S = 30


class Trial:
    """Amsterdam answers; others try."""

    def __init__(self) -> None:
        programs = debian_programs(lambda step: print(step, file=sys.stderr))
        tools = NetworkTools(programs.ip, programs.tc, programs.nft)
        self.network = Network(("truck", "amsterdam", "london"), tools)
        argv = [sys.executable, "-c", ANSWERER % self.network.addresses["amsterdam"]]
        command = child.bound(self.network.inside("amsterdam", argv), signal.SIGKILL)
        self._answerer = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._answerer.stdout.readline()

    def seconds(
        self,
        site: str = "truck",
        *,
        within_s: float = 5.0,
        size_bytes: int = 1,
        times: int = 5,
        pick: Callable = statistics.median,
    ) -> float | None:
        """Time to Amsterdam and back, of so many times the picked one; None: no answer within so many seconds."""
        where = self.network.addresses["amsterdam"]
        argv = [sys.executable, "-c", TRIES, where, str(within_s), str(size_bytes), str(times)]
        command = self.network.inside(site, argv)
        done = subprocess.run(command, capture_output=True, text=True, timeout=TRY_LIMIT_S)
        took = json.loads(done.stdout)
        return pick(took) if took else None

    def close(self) -> None:
        self._answerer.kill()
        self._answerer.wait()
        self.network.close()


def main() -> None:
    try:
        trial = Trial()
    except NetworkUnavailable as error:
        print(json.dumps({"unavailable": str(error)}))
        return
    set_condition, seen = trial.network.set_condition, {}
    seen["whole"] = trial.seconds()
    set_condition("truck", "amsterdam", Condition(delay_ms=200))
    seen["late_200_ms"] = trial.seconds()
    seen["late_elsewhere"] = trial.seconds("london")
    set_condition("truck", "amsterdam", Condition(rate_kbit=2_000))
    seen["slow_2_mbit_500_kb"] = trial.seconds(size_bytes=500_000, within_s=20, times=1)
    set_condition("truck", "amsterdam", Condition(loss_percent=30))
    seen["lossy_slowest_of_60"] = trial.seconds(within_s=20, times=60, pick=max)
    set_condition("truck", "amsterdam", Condition())
    set_condition("amsterdam", "truck", Condition(cut=True))
    seen["answers_cut"] = trial.seconds(within_s=1)
    seen["cut_elsewhere"] = trial.seconds("london")
    set_condition("amsterdam", "truck", Condition())
    began = time.monotonic()
    seen["whole_again"] = trial.seconds()
    seen["healed_within"] = time.monotonic() - began
    seen["left"] = len(trial.network.conditions)
    trial.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
