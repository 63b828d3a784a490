"""What is done on a node of the bed, behind Kubernetes' back: processes stand still, connections die without a word."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from ardoise.up.network import COMMAND_LIMIT_S
from ardoise.up.programs import debian_programs

from tests.kubernetes.bed import cgroups, layout, plan, site

API_SERVER = "kube-apiserver"
PAUSE = "pause"
"""Holds a pod's namespaces; the rest of a pod is its containers."""
TURN_LIMIT_S = 10.0
TABLE = "inet dead"
FIRST = -310
"""Before anything of kube-proxy's and the kernel's own tracking sees a packet."""
ESTABLISHED, HTTPS = "01", 443
"""As /proc/net/tcp and the Service of the API server have them."""


def running(name: str, program: str) -> list[psutil.Process]:
    """Processes of a site by their program, at least one."""
    found = [one for one in _processes(name) if one.name() == program]
    assert found, f"{name} runs no {program}"
    return found


def of_pod(name: str, pod: dict[str, Any]) -> list[psutil.Process]:
    """The processes of a pod's containers; it may be gone."""
    uid = pod["metadata"]["uid"]
    return [one for one in _processes(name) if one.name() != PAUSE and uid in _group(one)]


def kill(processes: Iterable[psutil.Process]) -> None:
    """Without a word to them."""
    _signal(processes, signal.SIGKILL)


@contextmanager
def standing_still(processes: Iterable[psutil.Process]) -> Iterator[None]:
    """They neither do nor answer anything, and go on as if no time had passed."""
    held = list(processes)
    _signal(held, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(held, signal.SIGCONT)


@contextmanager
def slowed(processes: Iterable[psutil.Process], stands_s: float, goes_s: float) -> Iterator[None]:
    """They stand still and go on in turns, so long each."""
    held, over = list(processes), threading.Event()

    def turns() -> None:
        while not over.is_set():
            with standing_still(held):
                over.wait(stands_s)
            over.wait(goes_s)

    thread = threading.Thread(target=turns)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(TURN_LIMIT_S)


@contextmanager
def dead_connections(name: str, pod: dict[str, Any]) -> Iterator[Callable[[], int]]:
    """No packet of a pod's open connections to its API server arrives any more, either way; new ones are made as ever.

    Yields what tells how many packets were dropped so far.
    """
    address, ports = pod["status"]["podIP"], _ports(of_pod(name, pod))
    assert ports, f"{pod['metadata']['name']} has no connection to its API server"
    listed = ", ".join(map(str, sorted(ports)))
    rules = [
        f"table {TABLE} {{",
        f"chain there {{ type filter hook prerouting priority {FIRST};",
        f"ip saddr {address} tcp sport {{ {listed} }} counter drop; }}",
        f"chain back {{ type filter hook output priority {FIRST};",
        f"ip daddr {address} tcp dport {{ {listed} }} counter drop; }}",
        "}",
    ]
    _nft(name, "-f", "-", text="\n".join(rules))
    try:
        yield lambda: _dropped(name)
    finally:
        _nft(name, "delete", "table", *TABLE.split())


def _processes(name: str) -> Iterator[psutil.Process]:
    for pid in cgroups.processes(name):
        with suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)


def _group(process: psutil.Process) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process.pid}/cgroup").read_text()
    return ""


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(number)


def _ports(processes: Iterable[psutil.Process]) -> set[int]:
    """The pod's own, of connections to its API server's Service."""
    service = f"{layout.API_SERVICE_ADDRESS}:{HTTPS}"
    found = set()
    for one in processes:
        lines = Path(f"/proc/{one.pid}/net/tcp").read_text().splitlines()[1:]
        for _, local, remote, state, *_ in map(str.split, lines):
            if state == ESTABLISHED and _address(remote) == service:
                found.add(int(local.partition(":")[2], 16))
    return found


def _address(text: str) -> str:
    """Of the kernel's hexadecimal, whose bytes stand in the machine's order."""
    host, _, port = text.partition(":")
    return f"{'.'.join(str(byte) for byte in reversed(bytes.fromhex(host)))}:{int(port, 16)}"


def _dropped(name: str) -> int:
    listed = json.loads(_nft(name, "--json", "list", "table", *TABLE.split()))["nftables"]
    rules = (one["rule"]["expr"] for one in listed if "rule" in one)
    return sum(part["counter"]["packets"] for rule in rules for part in rule if "counter" in part)


def _nft(name: str, *arguments: str, text: str = "") -> str:
    pid = site.running(plan.Files(name).pid)
    nft = debian_programs(lambda _: None).nft
    command = ["nsenter", f"--net=/proc/{pid}/ns/net", os.fspath(nft), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout
