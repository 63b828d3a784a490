"""The links between sites: a bridge in a namespace of its own, where each direction between two sites can be broken.

The same Condition as of `ardoise sites link`, but for delay. What is decided here stands in a file, so that any process
can change it, and is text for nft and tc until apply() hands it to them.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from ardoise.up.network import COMMAND_LIMIT_S, Condition, NetworkTools, NetworkUnavailable
from ardoise.up.programs import Programs

from tests.kubernetes.bed import layout

FILE = layout.RUN_DIR / "links.json"
HOST = "host"
BRIDGE = "wan"
HOST_DEVICE = "ardoise-wan"
NODE_DEVICE = "eth0"
# As in ardoise.up.network: room for a burst of one segmented packet, and how long a packet may wait for its turn.
BURST_BYTES, QUEUE_S = 65536, 0.4

Conditions = Mapping[tuple[str, str], Condition]


def tools_of(programs: Programs) -> NetworkTools:
    """Debian's, which are the same on every machine."""
    return NetworkTools(ip=programs.ip, tc=programs.tc, nft=programs.nft)


def filter_rules(conditions: Conditions) -> str:
    """nftables' rules of the bridge. They replace the rules before them at once.

    A packet that is to be slowed is marked with the class of its receiver's queue that is its sender's.
    """
    rules = [f'oifname "{HOST}" ip daddr != {layout.HOST_ADDRESS} drop']
    for (sender, receiver), condition in conditions.items():
        devices = f'iifname "{sender}" oifname "{receiver}"'
        if condition.cut:
            rules.append(f"{devices} drop")
            continue
        if condition.loss_percent:
            rules.append(f"{devices} numgen random mod 100 < {condition.loss_percent} drop")
        if condition.rate_kbit:
            rules.append(f"{devices} meta priority set 1:{_class(sender)}")
    chain = ["chain passing {", "type filter hook forward priority 0", *rules, "}"]
    table = ["table bridge links {", "}", "delete table bridge links", "table bridge links {", *chain, "}"]
    return "\n".join([*table, ""])


def queues(receiver: str, conditions: Conditions) -> Iterator[Sequence[str]]:
    """tc's arguments for what leaves the bridge towards a site, one command after another; empty: nothing is slowed."""
    slowed = {
        sender: condition.rate_kbit
        for (sender, to), condition in conditions.items()
        if to == receiver and condition.rate_kbit and not condition.cut
    }
    if not slowed:
        return
    device = ("dev", receiver)
    yield ("qdisc", "replace", *device, "root", "handle", "1:", "htb")
    for sender, rate_kbit in slowed.items():
        one = _class(sender)
        room = max(BURST_BYTES, int(rate_kbit * 1000 / 8 * QUEUE_S))
        rate = ("rate", f"{rate_kbit}kbit", "burst", str(BURST_BYTES), "cburst", str(BURST_BYTES))
        yield ("class", "replace", *device, "parent", "1:", "classid", f"1:{one}", "htb", *rate)
        yield (
            "qdisc",
            "replace",
            *device,
            "parent",
            f"1:{one}",
            "handle",
            f"{one}0:",
            "bfifo",
            "limit",
            str(room),
        )


def _class(sender: str) -> str:
    return str(layout.number(sender))


def read() -> dict[tuple[str, str], Condition]:
    """By (from, to); what is not there is as good as the machine."""
    if not FILE.exists():
        return {}
    return {
        (one["sender"], one["receiver"]): Condition(**one["condition"])
        for one in json.loads(FILE.read_text())
    }


def write(conditions: Conditions) -> None:
    """Keeps them for the next change."""
    listed = [
        {"sender": sender, "receiver": receiver, "condition": asdict(condition)}
        for (sender, receiver), condition in conditions.items()
    ]
    part = FILE.with_suffix(".part")
    part.write_text(json.dumps(listed))
    part.replace(FILE)


class Wires:
    """What is done to the bridge and to sites' devices, by the pids of the processes that hold the namespaces."""

    def __init__(self, tools: NetworkTools, bridge_pid: int) -> None:
        self._tools, self._bridge = tools, bridge_pid

    def make_bridge(self) -> None:
        """And this machine's own device on it. Raises NetworkUnavailable, as all here."""
        ip = self._tools.ip
        self._run(self._bridge, ip, "link", "add", BRIDGE, "type", "bridge")
        self._run(self._bridge, ip, "link", "set", BRIDGE, "up")
        peer = ("peer", "name", HOST, "netns", str(self._bridge))
        self._run(None, ip, "link", "add", HOST_DEVICE, "address", _hardware(0), "type", "veth", *peer)
        self._plug(HOST)
        address = f"{layout.HOST_ADDRESS}/{layout.PREFIX_BITS}"
        self._run(None, ip, "address", "add", address, "dev", HOST_DEVICE)
        self._run(None, ip, "link", "set", HOST_DEVICE, "up")
        self.apply({})

    def connect(self, site: str, pid: int) -> None:
        """Gives a site its device and its routes: to the other sites and to services, nowhere else."""
        ip, address = self._tools.ip, layout.address(site)
        peer = ("peer", "name", site, "netns", str(self._bridge))
        mac = _hardware(layout.number(site))
        self._run(pid, ip, "link", "add", NODE_DEVICE, "address", mac, "type", "veth", *peer)
        self._plug(site)
        self._run(pid, ip, "link", "set", "lo", "up")
        self._run(pid, ip, "address", "add", f"{address}/{layout.PREFIX_BITS}", "dev", NODE_DEVICE)
        self._run(pid, ip, "link", "set", NODE_DEVICE, "up")
        self._run(pid, ip, "route", "add", layout.SERVICE_RANGE, "dev", NODE_DEVICE)
        self._run(pid, ip, "route", "add", "unreachable", "default")
        neighbours = {layout.HOST_ADDRESS: _hardware(0)} | {
            layout.address(other): _hardware(layout.number(other)) for other in layout.SITES if other != site
        }
        # Known for good: a site that is gone is silent, as one far away, not "no route to host" of the next cable.
        for neighbour, at in neighbours.items():
            known = ("lladdr", at, "dev", NODE_DEVICE, "nud", "permanent")
            self._run(pid, ip, "neighbour", "replace", neighbour, *known)
        here = ("lladdr", mac, "dev", HOST_DEVICE, "nud", "permanent")
        self._run(None, ip, "neighbour", "replace", address, *here)

    def disconnect(self, site: str) -> None:
        """Takes its device away, which may outlive all its processes: the kernel clears namespaces away when it can."""
        self._try(self._tools.ip, "link", "del", site)

    def apply(self, conditions: Conditions, receivers: Sequence[str] = ()) -> None:
        """Makes every direction so; `receivers`: sites that are there, whose queues may change."""
        for receiver in receivers:
            self._try(self._tools.tc, "qdisc", "del", "dev", receiver, "root")
            for arguments in queues(receiver, conditions):
                self._run(self._bridge, self._tools.tc, *arguments)
        self._run(self._bridge, self._tools.nft, "-f", "-", text=filter_rules(conditions))

    def _plug(self, device: str) -> None:
        self._run(self._bridge, self._tools.ip, "link", "set", device, "master", BRIDGE, "up")

    def _try(self, *argv: str | Path) -> None:
        """On the bridge; what is to go may not be there."""
        subprocess.run(self._argv(self._bridge, *argv), capture_output=True, timeout=COMMAND_LIMIT_S)

    def _argv(self, pid: int | None, *argv: str | Path) -> list[str]:
        inside = [] if pid is None else ["nsenter", f"--net=/proc/{pid}/ns/net"]
        return [*inside, *map(str, argv)]

    def _run(self, pid: int | None, *argv: str | Path, text: str = "") -> None:
        command = self._argv(pid, *argv)
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
        if done.returncode != 0:
            raise NetworkUnavailable(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")


def _hardware(number: int) -> str:
    """A device's own number, locally administered."""
    return f"02:00:0a:c8:00:{number:02x}"
